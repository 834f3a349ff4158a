"""One event, one line, whatever text comes from outside; under systemd with the priority that its journal reads."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.journal import log_to_stderr


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], level = before
    root.setLevel(level)


def test_line_breaks_cannot_forge_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr(verbose=False)
    logging.getLogger("edge_agent.test").warning(
        "camera lost camera=%s: %s", "gate", "x\n2030-01-01T00:00:00Z ready\r\n"
    )
    logging.getLogger("edge_agent.test").debug("not shown")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING camera lost camera=gate: x ", lines[0])


WRITER = r"""
import logging
from edge_agent.journal import log_to_stderr
log_to_stderr(verbose=True)
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
