"""The examples of client/examples and docs/client.md as somebody would run them, against a centre that serves."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.center.street import AGENT, NOW_MS
from tests.center.whole import PASSWORD, PLACE, Whole
from tests.client.conftest import ANALYST
from tests.support.waiting import LONG_S
from wayside_client import Center
from wayside_client.api.cases import add_sought, approve_case, create_case, request_case
from wayside_client.models import CaseTerms, Decision, MachineClass, NewCase, SoughtMachine

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client"
BLOCKS = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs" / "client.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)
CASE = "A-2026-17"
HOUR_MS = 3_600_000


@pytest.fixture
def environment(whole: Whole, token_file: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(CLIENT), "WAYSIDE_URL": whole.url, "WAYSIDE_TOKEN_FILE": str(token_file)}


def started(name: str, environment: dict[str, str], *args: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(CLIENT / "examples" / f"{name}.py"), *map(str, args)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(name: str, environment: dict[str, str], *args: object) -> str:
    done = started(name, environment, *args)
    printed, wrong = done.communicate(timeout=LONG_S)
    assert done.returncode == 0, wrong
    return printed


def test_observations_of_a_camera_in_an_hour(whole: Whole, environment: dict[str, str]) -> None:
    printed = run("observations_of_a_camera", environment, "cam-1", NOW_MS - HOUR_MS + 1)
    there = [row.snapshot.row_key for row in whole.archive.rows if row.snapshot.camera_id == "cam-1"]
    assert [line.split()[1] for line in printed.splitlines()] == there != []


def test_alarms_are_followed(environment: dict[str, str]) -> None:
    with started("follow_alarms", environment, 0) as following:
        assert following.stdout is not None
        line = following.stdout.readline()
        following.kill()
    assert line.split() == ["1", "raised", "1", PLACE]


def test_evidence_is_exported_and_fetched(whole: Whole, environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "evidence.zip"
    printed = run("download_evidence", environment, "J2026-118", "a theft", "the desk", file, *whole.row_keys[:2])
    assert printed.startswith(f"{file}: SHA-256 ")
    assert file.read_bytes()[:2] == b"PK"


def test_what_looks_alike_is_found_within_an_approved_case_alone(
    whole: Whole, environment: dict[str, str], tmp_path: Path
) -> None:
    machines = [machine for row in whole.archive.rows for machine in row.machines]
    whole.archive.looks.update({(machine.row_key, machine.index): 0.5 for machine in machines})
    sought = machines[0]
    alike = [each for each in machines if each.cls.is_two_wheeler is sought.cls.is_two_wheeler and each != sought]
    terms = CaseTerms(
        purpose="theft of a machine",
        cameras=[f"{AGENT}/cam-1", f"{AGENT}/cam-2"],
        from_ms=NOW_MS - 24 * HOUR_MS,
        to_ms=NOW_MS + 1,
        expires_at_ms=NOW_MS + 48 * HOUR_MS,
        cls=MachineClass(sought.cls),
    )
    with Center(whole.url) as ana, Center(whole.url) as sue:
        ana.login(ANALYST, PASSWORD)
        sue.login("sue", PASSWORD)
        create_case.sync(ana, body=NewCase(number=CASE, terms=terms))
        add_sought.sync(ana, CASE, body=SoughtMachine(index=sought.index, row_key=sought.row_key))
        early = started("lookalikes_in_a_case", environment, CASE, tmp_path)
        assert CASE in early.communicate(timeout=LONG_S)[1]
        assert early.returncode == 1
        request_case.sync(ana, CASE, body=Decision(version=1))
        approve_case.sync(sue, CASE, body=Decision(version=1))
    printed = run("lookalikes_in_a_case", environment, CASE, tmp_path).splitlines()
    assert len(printed) == min(len(alike), 20) > 0
    assert len(list(tmp_path.glob("*.jpg"))) == len(printed)


def test_the_manual_runs_from_top_to_bottom(
    whole: Whole, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("WAYSIDE_URL", "WAYSIDE_TOKEN_FILE"):
        monkeypatch.setenv(name, environment[name])
    told: dict[str, Any] = {}
    for block in BLOCKS:
        exec(compile(block, "docs/client.md", "exec"), told)
    told["center"].close()
    printed = capsys.readouterr().out.splitlines()
    assert f"{AGENT} cam-1 online" in printed
    bicycles = [row.snapshot.row_key for row in whole.archive.rows if "bicycle" in map(str, row.snapshot.classes)]
    assert [line.split()[1] for line in printed if line.partition(" ")[2] in bicycles] == bicycles
    assert any(line.startswith("unknown_camera Camera none has not been reported") for line in printed)
    assert re.fullmatch(r"1 \w+", printed[-1])
