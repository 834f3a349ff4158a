"""One event, one line, whatever text comes from outside; under systemd with the priority that its journal reads."""

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.logging_setup import Prioritized, log_to_stderr, prioritized


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], level = before
    root.setLevel(level)


def test_line_breaks_cannot_forge_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr()
    logging.getLogger("edge_agent.test").warning(
        "camera lost camera=%s: %s", "gate", "x\n2030-01-01T00:00:00Z ready\r\n"
    )
    logging.getLogger("edge_agent.test").debug("not shown")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING camera lost camera=gate: x ", lines[0])


WRITER = r"""
import logging
from provisioning.logging_setup import log_to_stderr
log_to_stderr(logging.DEBUG)
for level in (50, 40, 30, 20, 10):
    logging.getLogger("edge_agent.test").log(level, "event camera=%s", "gate\n<0>forged")
"""


def written(file: Path, stream: str | None) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    with file.open("w") as errors:
        found = os.fstat(errors.fileno())
        if stream is not None:
            environment["JOURNAL_STREAM"] = stream.format(device=found.st_dev, inode=found.st_ino)
        subprocess.run([sys.executable, "-c", WRITER], stderr=errors, env=environment, check=True)
    return file.read_text().splitlines()


def test_under_systemd_a_line_begins_with_its_priority_and_nobody_can_forge_one(tmp_path: Path) -> None:
    lines = written(tmp_path / "errors", "{device}:{inode}")
    assert lines == [f"<{priority}>event camera=gate <0>forged" for priority in (2, 3, 4, 6, 7)]


@pytest.mark.parametrize("stream", [None, "", "1:1", "{device}:1", "nonsense"])
def test_elsewhere_a_line_has_its_time_and_level(stream: str | None, tmp_path: Path) -> None:
    lines = written(tmp_path / "errors", stream)
    assert [re.sub(r"^[-0-9T:.]+Z", "", line) for line in lines] == [
        f" {level} event camera=gate <0>forged" for level in ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
    ]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("2026-11-28T14:00:00: Error: Unable to open log file.", "<3>Unable to open log file."),
        ("2026-11-28T14:00:00: Warning: Mosquitto should not be run as root", "<4>Mosquitto should not be run as root"),
        ("2026-11-28T14:00:00: New client connected from 10.0.0.1", "<6>New client connected from 10.0.0.1"),
        (
            "\x1b[36m(ServeReplica:wayside:intake pid=41)\x1b[0m 2026-11-28T14:00:00.123Z ERROR group stuck",
            "<3>(ServeReplica:wayside:intake pid=41) group stuck",
        ),
        ("2026-11-28 14:00:00,123\tWARNING worker.py:1 -- slow", "<4>worker.py:1 -- slow"),
        ("(pid=9) Traceback (most recent call last):", "<3>(pid=9) Traceback (most recent call last):"),
        ("<2>said already", "<2>said already"),
        ("Errors of nobody: information is plain", "<6>Errors of nobody: information is plain"),
        ("", "<6>"),
    ],
)
def test_a_line_of_another_program_gets_its_priority_and_loses_its_time(line: str, wanted: str) -> None:
    assert prioritized(line) == wanted


def test_what_is_printed_in_pieces_is_a_line_once_it_has_an_end() -> None:
    out = io.StringIO()
    stream = Prioritized(out)
    print("(pid=1)", "ERROR", "one\ntwo", end="", file=stream)
    assert out.getvalue() == "<3>(pid=1) ERROR one\n".replace("ERROR ", "")
    print(file=stream)
    assert out.getvalue().splitlines()[1] == "<6>two"


@given(st.text(max_size=200))
def test_any_line_has_one_priority_and_its_words(line: str) -> None:
    shown = prioritized(line)
    assert re.match(r"<[0-7]>", shown)
    assert prioritized(shown) == shown
