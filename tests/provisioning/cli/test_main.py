"""`wayside-provision` as a technician and a program meet it: what it says, and that it says it twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from provisioning.cli.main import app
from provisioning.home.home import Home
from tests.support.office import Box, Technician, enrol
from tests.support.waiting import LONG_S

ROOT = Path(__file__).resolve().parents[3]
run = CliRunner().invoke


def commands() -> list[list[str]]:
    """Every command there is, as words."""
    found: list[list[str]] = []

    def walk(command: object, words: list[str]) -> None:
        children = getattr(command, "commands", None)
        if children is None:
            found.append(words)
        for name, child in (children or {}).items():
            walk(child, [*words, name])

    walk(get_command(app), [])
    return found


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    return Technician(tmp_path / "home")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom provisioning.cli.main import app\n"
        f"for command in {[[], *commands()]!r}:\n"
        "    result = CliRunner().invoke(app, [*command, '--help'])\n"
        "    assert result.exit_code == 0, result.output\n"
        "heavy = {'av', 'cryptography', 'PIL', 'numpy', 'ray', 'lancedb', 'nicegui', 'onnx', 'openpyxl', 'aiohttp'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_gives_an_example_that_it_takes(command: list[str]) -> None:
    shown = run(app, [*command, "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}).stdout
    example = f"Example: wayside-provision {' '.join(command)}"
    assert example in shown
    if command != ["demo"]:
        homeless = (["discover"], ["inventory"], ["accept", "contract"], ["cluster", "check"])
        assert "--home" in shown or command in homeless, (
            "what looks for cameras or at a server, or copies what is shipped, needs no home"
        )
        assert "--json" in shown


def test_a_site_from_nothing_to_a_bundle_and_each_step_twice(technician: Technician, tmp_path: Path) -> None:
    bundle = tmp_path / "cabinet-7.bundle"
    steps: list[list[str | Path]] = [
        ["init", "--host", "10.0.0.5", "--name", "county"],
        ["site", "add", "north", "--name", "北门", "--latitude", "31.3", "--longitude", "120.6"],
        ["agent", "new", "cabinet-7", "--site", "north"],
        ["bundle", "cabinet-7", "-o", bundle],
        ["authority", "csr", "-o", tmp_path / "requests"],
        ["revoke", "cabinet-7", "--reason", "stolen", "--yes"],
    ]
    for step in steps:
        assert technician.asks(*step)["changed"] is True, step
        assert technician.asks(*step)["changed"] is False, step
    assert technician.asks("site", "list")["sites"][0]["name"] == "北门"
    assert technician.asks("agent", "list")["agents"][0]["membership"] == "revoked"


def test_init_takes_what_was_given_before_and_nothing_else(technician: Technician) -> None:
    first = technician.asks("init", "--host", "gate.example", "--agents-port", "9883")
    assert technician.asks("init", "--host", "gate.example") == first | {"changed": False}
    assert "host gate.example and not other.example" in technician.refused("init", "--host", "other.example")
    assert "agents_port 9883" in technician.refused("init", "--host", "gate.example", "--agents-port", "1")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--host", "a b", "--host must be a host name"),
        ("--host", "https://gate", "--host must be a host name"),
        ("--listen", "0.0.0.0\nlistener 1", "--listen must be"),
        ("--agents-port", "0", "--agents-port must be a port"),
        ("--account", "root\nuser x", "--account must be a user name"),
        ("--name", "County", "--name must be"),
    ],
)
def test_init_says_what_a_value_must_be(technician: Technician, option: str, value: str, said: str) -> None:
    assert said in technician.refused("init", "--host", "gate", option, value)
    assert not technician.directory.exists()


def test_where_there_is_no_home_every_command_says_how_to_make_one(technician: Technician, tmp_path: Path) -> None:
    for words in (["status"], ["site", "list"], ["bundle", "a"], ["cameras", "list", "a"], ["authority", "csr"]):
        assert "wayside-provision init" in technician.refused(*words)
    assert not technician.directory.exists()


def test_a_home_that_was_interrupted_while_it_was_made_is_named(technician: Technician) -> None:
    technician.asks("init", "--host", "gate")
    (technician.directory / "home.toml").unlink()
    assert "home.toml is missing" in technician.refused("status")
    assert "remove what a home that was interrupted" in technician.refused("init", "--host", "gate")


@pytest.mark.parametrize(("path", "mode"), [(".", 0o750), ("seal/seal.key", 0o640), ("seal/vault.key", 0o604)])
def test_a_home_that_others_can_read_is_not_opened(technician: Technician, path: str, mode: int) -> None:
    technician.asks("init", "--host", "gate")
    (technician.directory / path).chmod(mode)
    assert "run: chmod" in technician.refused("status")


def test_an_unknown_id_is_answered_with_the_known_ones(technician: Technician, tmp_path: Path) -> None:
    technician.sets_up("cabinet-7", "cabinet-8")
    (tmp_path / "list.csv").write_text("id,url\n")
    for words in (
        ["bundle", "cabinet-9"],
        ["revoke", "cabinet-9", "--reason", "x", "--yes"],
        ["cameras", "import", "cabinet-9", tmp_path / "list.csv"],
        ["cameras", "list", "cabinet-9"],
        ["cameras", "remove", "cabinet-9", "c"],
    ):
        assert "agents are: cabinet-7, cabinet-8" in technician.refused(*words)
    assert "sites are: north" in technician.refused("agent", "new", "cabinet-9", "--site", "south")
    assert "services are cluster, center, provisioning, broker, enrolment, evidence, timestamp" in technician.refused(
        "service", "replace", "../seal/seal"
    )


@pytest.mark.parametrize("name", ["", "Cabinet", "a/b", "../x", "a b", "-a", "a" * 64, "a\n", "cluster", "enrolment"])
def test_what_is_no_id_is_not_registered(technician: Technician, name: str) -> None:
    technician.sets_up()
    # `--` keeps a leading dash from being read as an option.
    done = technician.types(
        "agent", "new", "--site", "north", "--json", "--home", technician.directory, "--", name, home=False
    )
    assert done.exit_code == 2
    assert technician.asks("agent", "list") == {"agents": []}


def test_a_revoked_agent_comes_back_only_when_that_is_said(technician: Technician) -> None:
    technician.sets_up("cabinet-7")
    serial = enrol(Home.open(technician.directory), "cabinet-7").serial
    revoked = technician.asks("revoke", "cabinet-7", "--reason", "stolen", "--yes")
    assert revoked["serials"] == [serial]
    assert technician.asks("revoke", "cabinet-7", "--reason", "again", "--yes")["changed"] is False
    assert "was revoked at 20" in technician.refused("bundle", "cabinet-7")
    assert "--again" in technician.refused("agent", "new", "cabinet-7", "--site", "north")
    again = technician.asks("agent", "new", "cabinet-7", "--site", "north", "--again")
    assert again["membership"] == "pending"
    assert again["was_revoked_at_ms"] == revoked["revoked_at_ms"]
    assert technician.asks("bundle", "cabinet-7")["bundle"].startswith("WAYSIDE1.")


def test_revoking_asks_a_person_and_refuses_where_there_is_none(technician: Technician) -> None:
    technician.sets_up("cabinet-7")
    assert "--yes" in technician.refused("revoke", "cabinet-7", "--reason", "stolen")
    assert technician.asks("agent", "list")["agents"][0]["membership"] == "pending"


def test_revoking_writes_the_list_and_the_roster(technician: Technician) -> None:
    technician.sets_up("cabinet-7")
    home = Home.open(technician.directory)
    serial = enrol(home, "cabinet-7", Box()).serial
    technician.asks("revoke", "cabinet-7", "--reason", "stolen", "--yes")
    assert [each.serial for each in home.identities.agents.revocations()] == [int(serial)]
    newest = home.plans.newest_document("center")
    assert newest is not None
    assert "revoked" in newest.sealed


def test_replacing_a_service_revokes_what_it_had(technician: Technician) -> None:
    technician.sets_up()
    home = Home.open(technician.directory)
    identity = home.identities.identity("cluster")
    before = (identity.key_file.read_bytes(), home.identities.certificate("cluster").serial_number)
    done = technician.asks("service", "replace", "cluster")
    assert done["revoked_serial"] == str(before[1])
    assert identity.key_file.read_bytes() != before[0]
    technician.asks("service", "replace", "cluster")
    revoked = {each.serial for each in home.identities.services.revocations()}
    assert len(revoked) == 2
    assert before[1] in revoked
    assert home.identities.certificate("cluster").serial_number not in revoked


def test_without_the_authoritys_key_a_service_keeps_its_own(technician: Technician) -> None:
    technician.sets_up()
    home = Home.open(technician.directory)
    home.identities.services.key_file.rename(technician.directory.parent / "safe")
    before = home.identities.identity("cluster").key_file.read_bytes()
    assert "bring it from where it is kept" in technician.refused("service", "replace", "cluster")
    assert home.identities.identity("cluster").key_file.read_bytes() == before


def test_for_people_everything_is_lines_and_tables(technician: Technician) -> None:
    technician.sets_up("cabinet-7")
    for words in (["status"], ["site", "list"], ["agent", "list"], ["cameras", "list", "cabinet-7"], ["secrets"]):
        done = technician.types(*words)
        assert done.exit_code == 0, done.output
        assert not done.stdout.startswith("{")
        assert done.stderr == ""


def test_the_program_itself_speaks_json_and_nothing_else(technician: Technician) -> None:
    technician.sets_up()
    command = [sys.executable, "-c", "from provisioning.cli.main import app; app()", "status", "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=LONG_S,
        env=os.environ | {"WAYSIDE_HOME": str(technician.directory), "LC_ALL": "C"},
    )  # fmt: skip
    assert json.loads(done.stdout)["home"] == str(technician.directory)
    assert done.stderr == ""


def test_a_report_needs_an_end(tmp_path: Path) -> None:
    result = run(app, ["demo", "--report", str(tmp_path)])
    assert result.exit_code == 2
    assert "--report needs --for" in result.stderr


def test_a_report_that_cannot_be_written_stops_the_demo_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run(
        app, ["demo", "--for", "5", "--report", str(tmp_path / "file" / "out"), "--state", str(tmp_path / "s")]
    )
    assert result.exit_code == 2
    assert "give another with --report" in result.stderr
    assert not (tmp_path / "s").exists()
