"""House rules that a linter does not know."""

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.house import House

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.splitlines()
PYTHON = [file for file in TRACKED if file.endswith(".py") and (ROOT / file).exists()]

# What each extra must not drag in. Names are import names.
FOREIGN = {
    "wayside-edge": ("edge_agent.__main__", {"ray", "lancedb", "pyarrow", "nicegui", "fastapi", "sqlalchemy"}),
    "wayside-center": ("center.__main__", {"ray", "lancedb", "av", "cv2", "onnxruntime", "engines"}),
    "wayside-cluster": ("ray_cluster.__main__", {"av", "nicegui", "sqlalchemy", "cryptography", "edge_agent"}),
    "wayside-engines": ("engines.cli.main", {"ray", "lancedb", "av", "nicegui", "fastapi", "sqlalchemy"}),
    "wayside-provision": ("provisioning.cli.main", {"ray", "lancedb", "av", "nicegui", "fastapi", "onnxruntime"}),
}  # fmt: skip


def test_git_lists_this_tree() -> None:
    assert len(PYTHON) > 50


def test_one_noun_a_file_of_six_hundred_lines_at_most() -> None:
    long = {f: n for f in PYTHON if (n := len((ROOT / f).read_text(encoding="utf-8").splitlines())) > 600}
    long.pop("client/wayside_client/models/__init__.py", None)  # generated: it names every model of the API
    assert long == {}


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


def test_a_folder_holds_twenty_modules_at_most(house: House) -> None:
    folders = house.modules_by_folder()
    del folders["center/database/migrations/versions"]  # a chain: each change of the tables adds a link
    assert {folder: n for folder, n in folders.items() if n > 20} == {}


def test_a_public_class_has_no_namesake_in_its_package(house: House) -> None:
    assert house.class_names_twice() == {}


def test_a_docstring_begins_with_what_it_says_of_whom(house: House) -> None:
    assert [f"{each.file}: {each.first_line}" for each in house.docstrings() if each.has_no_subject] == []


def test_a_docstring_says_more_than_a_name(house: House) -> None:
    assert [f"{each.file}: {each.text}" for each in house.docstrings() if each.is_filler] == []


def test_no_file_is_called_utils() -> None:
    assert [f for f in PYTHON if Path(f).stem in {"utils", "util", "helpers", "helper", "common", "misc"}] == []


def test_no_registry_host_and_no_path_of_a_machine_is_named() -> None:
    hosts = re.compile(
        "|".join(("py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "deb.debian" + ".org", "/wo" + "rk/"))
    )
    text_files = [f for f in TRACKED if Path(f).suffix in {".py", ".md", ".toml", ".lock", ".txt", ".sh", ".yml", ""}]
    named = [
        f
        for f in text_files
        if (ROOT / f).is_file() and hosts.search((ROOT / f).read_text(encoding="utf-8", errors="replace"))
    ]
    assert named == []


def test_running_processes_may_import_contracts_and_the_seal_of_provisioning_alone() -> None:
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter")
    forbidden = set(parser["importlinter:contract:authority"]["forbidden_modules"].split())
    parts = {
        path.stem
        for path in (ROOT / "provisioning").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    shared = {
        "__init__", "contracts", "files", "logging_setup", "manscdp", "net", "program_version", "retention", "signing",
        "sip",
    }  # fmt: skip
    assert {f"provisioning.{part}" for part in parts - shared} == forbidden


def test_provisioning_init_stays_empty() -> None:
    assert (ROOT / "provisioning/__init__.py").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("command", sorted(FOREIGN))
def test_the_command_line_imports_nothing_of_the_others(command: str) -> None:
    module, foreign = FOREIGN[command]
    code = f"import sys, {module}; print(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) & foreign == set()


@pytest.mark.parametrize("commands", ["devices", "enrolling", "records"])
def test_a_command_of_the_agent_that_opens_no_camera_loads_nothing_that_decodes(commands: str) -> None:
    """On a box `wayside-edge ledger` runs beside the agent: it takes a third of a second of processor, not 1.5."""
    code = f"import sys, edge_agent.cli.{commands}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) & {"aiohttp", "av", "cv2", "numpy", "onnxruntime", "paho"} == set()


def test_every_console_script_is_covered_above() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert {name: target.split(":")[0] for name, target in scripts.items()} == {n: m for n, (m, _) in FOREIGN.items()}
