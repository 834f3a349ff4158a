"""`wayside-edge enrol` as a technician runs it: clear lines, exit codes, and the code in none of them."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.__main__ import app
from edge_agent.cli import enrolling
from provisioning.contracts.config.processes import EdgeConfig, load
from tests.edge_agent.enrolment_service import AGENT, CODE, SITE, EnrolmentService

LINES = {
    "server": "--server", "pin": "--pin", "site": "--site", "agent": "--agent",
}  # fmt: skip


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EnrolmentService]:
    with EnrolmentService(tmp_path) as started:
        yield started


@pytest.fixture
def bundle(service: EnrolmentService, tmp_path: Path) -> Path:
    path = tmp_path / "cabinet-7.bundle"
    path.write_text(service.bundle() + "\n")
    return path


def invoke(*arguments: object, stdin: str | bytes = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["enrol", *map(str, arguments)], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    for code in (CODE, CODE.replace("-", "")):
        assert code not in result.output
    return result.exit_code, result.stdout, result.stderr


def refused(*arguments: object, stdin: str | bytes = "") -> str:
    code, out, err = invoke(*arguments, stdin=stdin)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error ")
    return err


def typed(service: EnrolmentService, **changes: str) -> list[str]:
    told = {"server": f"127.0.0.1:{service.port}", "pin": service.pin, "site": SITE, "agent": AGENT} | changes
    return [part for name, value in told.items() for part in (LINES[name], value)]


def test_with_a_bundle_and_then_once_more(service: EnrolmentService, bundle: Path, tmp_path: Path) -> None:
    code, out, err = invoke(bundle, "--into", tmp_path / "agent")
    assert (code, err) == (0, "")
    assert out.startswith(f"enrolled: agent {AGENT} of site {SITE}, certificate until ")
    assert service.seal_key.seal.key[:16] in out
    assert "of no more use" in out
    assert f"wayside-edge check --config {tmp_path}/agent/agent.toml" in out
    assert bundle.exists()
    code, out, _ = invoke(bundle, "--into", tmp_path / "agent")
    assert code == 0
    assert out.startswith("enrolled already: ")
    assert "no code was spent" in out
    assert len(service.asked) == 2


@pytest.mark.parametrize("way", ["file", "stdin", "typed"])
def test_for_programs(service: EnrolmentService, bundle: Path, tmp_path: Path, way: str) -> None:
    into = ["--into", str(tmp_path / "agent"), "--models", str(tmp_path), "--json"]
    ways: dict[str, tuple[list[str], str]] = {
        "file": ([str(bundle)], ""),
        "stdin": (["-"], bundle.read_text()),
        "typed": (typed(service), f"  {CODE.lower().replace('-', ' ')}\n"),
    }
    arguments, stdin = ways[way]
    first, second = (invoke(*arguments, *into, stdin=stdin) for _ in range(2))
    assert first[:2] == second[:2]
    shown = json.loads(first[1])
    assert shown.keys() == {"agent_id", "site_id", "config", "certificate_ends"}
    assert (shown["agent_id"], shown["site_id"]) == (AGENT, SITE)
    assert load(EdgeConfig, Path(shown["config"])).agent_id == AGENT
    left = datetime.fromisoformat(shown["certificate_ends"]) - datetime.now(UTC)
    assert timedelta(days=89) < left < timedelta(days=90)


def test_a_typed_code_is_asked_for_until_it_looks_like_one(service: EnrolmentService, tmp_path: Path) -> None:
    into = ["--into", tmp_path / "agent"]
    code, out, err = invoke(*typed(service), *into, stdin="7K2M\n\n" + CODE.replace("0", "O").replace("1", "l") + "\n")
    assert code == 0, err
    assert err.count("One-time code") == 3
    assert f"This service's seal is {service.seal_key.seal.key[:16]}" in err
    assert "enrolled: " in out


@pytest.mark.parametrize("stdin", ["", "7K2M\n", "x\n" * 5, "x" * 10_000])
def test_no_code_no_enrolment(service: EnrolmentService, tmp_path: Path, stdin: str) -> None:
    code, out, err = invoke(*typed(service), "--into", tmp_path / "agent", stdin=stdin)
    assert (code, out) == (2, "")
    assert "no code was given" in err.splitlines()[-1]
    assert service.paths == ["/v1/hello"]


def test_bundles_that_are_none(service: EnrolmentService, bundle: Path, tmp_path: Path) -> None:
    into = ["--into", tmp_path / "agent"]
    line = bundle.read_text().strip()
    assert "cannot be read (No such file" in refused(tmp_path / "nowhere", *into)
    assert "cannot be read (Is a directory" in refused(tmp_path, *into)
    for data, says in (
        (b"", "is empty"),
        (b"x" * 10_000_000, "too large"),
        (bytes(range(256)), "no bundle"),
        (line[:300].encode(), "damaged"),
        (line.replace("WAYSIDE1", "WAYSIDE2").encode(), "no bundle"),
    ):
        bundle.write_bytes(data)
        assert says in refused(bundle, *into)
        assert says in refused("-", *into, stdin=data)
    assert service.asked == []
    assert not (tmp_path / "agent").exists()


def test_the_bundles_line_is_no_argument(service: EnrolmentService, bundle: Path, tmp_path: Path) -> None:
    line = bundle.read_text().strip()
    err = refused(line, "--into", tmp_path / "agent")
    assert "everybody on this machine can read" in err
    assert line[9:40] not in err
    assert service.asked == []


def test_options_that_do_not_go_together(service: EnrolmentService, bundle: Path, tmp_path: Path) -> None:
    into = ["--into", tmp_path / "agent"]
    assert "or else --server" in refused(*into)
    assert "or else --server" in refused(bundle, "--agent", AGENT, *into)
    assert "--pin, --site, --agent: " in refused("--server", "127.0.0.1", *into)
    assert "--pin: " in refused(*typed(service, pin="12"), *into)
    assert "--expect" in refused(bundle, "--expect", "12", *into)
    assert "somebody else" in refused(bundle, "--expect", "ab" * 8, *into)
    assert invoke(bundle)[0] == 2
    assert service.asked == []


def test_what_the_service_says_is_shown(service: EnrolmentService, bundle: Path, tmp_path: Path) -> None:
    service.codes.clear()
    assert "this code is not known: have a new bundle made" in refused(bundle, "--into", tmp_path / "agent")


def test_a_pin_of_somebody_else(service: EnrolmentService, tmp_path: Path) -> None:
    path = tmp_path / "other.bundle"
    path.write_text(service.bundle(pin="ab" * 32))
    assert "not the service of the bundle" in refused(path, "--into", tmp_path / "agent")
    assert service.asked == []


def test_help_names_every_option_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from edge_agent.__main__ import app\n"
        "try: app(['enrol', '--help'], prog_name='wayside-edge')\n"
        "except SystemExit: pass\n"
        "print(sorted({'av', 'cv2', 'numpy', 'cryptography', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for option in ("BUNDLE_FILE", "--into", "--models", "--expect", "--again", "--json", *LINES.values()):
        assert option in done.stdout


def test_a_terminal_is_asked_for_one_line(
    service: EnrolmentService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    keyboard = io.BytesIO((service.bundle() + "\nwhat comes after is not read\n").encode())
    monkeypatch.setattr(sys, "stdin", Terminal(keyboard))
    done = enrolling.enrol(
        tmp_path / "agent", bundle="-", typed=None, models_dir=None, expect=None, again=False, wait_s=0, as_json=True
    )
    assert done == 0
