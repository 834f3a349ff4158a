import subprocess
import sys
from pathlib import Path

import pytest

from tests.quick import PACKAGES, Chosen, Project, changed_files, choose

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(ROOT, PACKAGES)


def test_a_test_is_as_near_as_it_takes_imports_to_what_has_changed(project: Project) -> None:
    reached = project.distances(["edge_agent/scheduling/fair_queue.py"])
    assert reached["tests/edge_agent/scheduling/test_fair_queue.py"] == 1
    assert max(reached.values()) > 1
    assert not any(file.startswith("tests/center/") for file in reached), "nothing there is made of it"


def test_a_contract_reaches_tests_of_agent_cluster_and_centre(project: Project) -> None:
    reached = project.distances(["provisioning/contracts/wire/messages.py"])
    folders = {Path(file).parts[1] for file in reached}
    assert folders >= {"edge_agent", "ray_cluster", "center", "provisioning", "contracts", "scenarios"}


def test_a_conftest_reaches_every_test_of_its_folder(project: Project) -> None:
    reached = project.distances(["tests/engines/conftest.py"])
    there = {str(file.relative_to(ROOT)) for file in (ROOT / "tests/engines").rglob("test_*.py")}
    assert reached.keys() >= there


def test_a_test_that_has_changed_itself_comes_first(project: Project) -> None:
    assert project.distances(["tests/docs/test_pages.py"])["tests/docs/test_pages.py"] == 0


@pytest.mark.parametrize(
    ("changed", "test"),
    [
        ("docs/redaction.md", "tests/docs/test_pages.py"),
        ("deploy/prometheus/edge.yml", "tests/deploy/test_monitoring.py"),
        ("center/console/locale/zh_CN/LC_MESSAGES/wayside.po", "tests/center/console/test_language.py"),
        ("changes/+words.fixed.md", "tests/docs/test_changes.py"),
        ("Makefile", "tests/docs/test_changes.py"),
        ("client/wayside_client/paging.py", "tests/client/test_client.py"),
    ],
)
def test_what_is_no_python_reaches_those_who_name_it_and_the_folder_that_mirrors_its_own(
    changed: str, test: str, project: Project
) -> None:
    assert (ROOT / test).exists()
    assert test in project.distances([changed])


def test_what_is_gone_or_unknown_reaches_nothing_and_stops_nothing(project: Project) -> None:
    assert project.distances(["edge_agent/no_such_module_there.py"]) == {}


def test_the_nearest_run_while_there_is_time_and_the_others_are_told() -> None:
    distances = {"own": 0, "next": 1, "long": 1, "far": 2, "further": 3, "unknown": 3}
    took_s = {"own": 50.0, "next": 3.0, "long": 90.0, "far": 5.0, "further": 5.0}
    assert choose(distances, took_s, 60) == Chosen(["own", "next", "far"], 58.0, ["long", "unknown", "further"], 99.0)
    assert choose(distances, took_s, 1).files == ["own"]
    assert choose({"tests/b.py": 1, "tests/a.py": 1}, {}, 9).files == ["tests/b.py", "tests/a.py"], "in the order given"


def test_a_change_is_what_differs_from_the_merge_base_committed_or_not(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.test", *words], cwd=tmp_path, check=True)

    def write(*names: str) -> None:
        for name in names:
            (tmp_path / name).write_text(f"{name} ", encoding="utf-8")

    git("init", "-q", "-b", "main")
    write("old", "edited")
    git("add", ".")
    git("commit", "-qm", "a beginning")
    git("checkout", "-qb", "work")
    write("committed")
    git("add", ".")
    git("commit", "-qm", "some work")
    write("untracked")
    (tmp_path / "edited").write_text("differently", encoding="utf-8")
    assert changed_files(tmp_path)[1] == ["committed", "edited", "untracked"]
    assert changed_files(tmp_path, "HEAD") == ("HEAD", ["edited", "untracked"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_no_test_begins_once_the_time_is_over_and_what_is_left_is_told(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "test_three.py"
    file.write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('number', range(3))\n"
        "def test_it(number, request):\n"
        "    if number == 1:\n"
        "        request.config.option.until = 0  # the time is over when this test ends\n",
        encoding="utf-8",
    )
    own = ["-o", f"cache_dir={tmp_path / 'cache'}", f"--basetemp={tmp_path / 'tmp'}", "--dist=loadfile"]
    command = [sys.executable, "-m", "pytest", f"-n{workers}", "-p", "tests.support.records", *own]
    late = [*command, "--randomly-dont-reorganize", "--until=1e12", str(file)]
    done = subprocess.run(late, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert f"the time was over before these began: {file.name} 1" in done.stdout
