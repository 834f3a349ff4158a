"""One event, one line, whatever text comes from outside."""

import logging
import re
from collections.abc import Iterator

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
