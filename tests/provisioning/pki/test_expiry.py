"""What ends is said once when its day is near, and once when it is past."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from provisioning.pki.expiry import NEAR, ExpiryLog, left

START = datetime(2026, 5, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def test_every_change_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    now = START
    ends = ExpiryLog(lambda: now)
    ends.set("list", START + NEAR + DAY)
    lines = []
    for _ in range(10):
        for _ in range(3):
            ends.log_changes()
        lines.append([(each.levelno, each.getMessage()) for each in caplog.records])
        caplog.clear()
        now += DAY
    assert [len(each) for each in lines] == [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    assert lines[1] == [(logging.WARNING, "list: 7 days left; make it anew")]
    assert lines[8] == [
        (logging.ERROR, "list: ended 2026-05-12 00:00 UTC, so every connection is refused; make it anew")
    ]


def test_what_was_made_anew_may_come_near_its_end_again(caplog: pytest.LogCaptureFixture) -> None:
    now = START
    ends = ExpiryLog(lambda: now)
    for _ in range(2):
        ends.set("list", now + DAY)
        ends.log_changes()
        ends.set("list", now + 30 * DAY)
        ends.log_changes()
    assert [each.getMessage() for each in caplog.records] == ["list: 1 days left; make it anew"] * 2


def test_the_last_day_counts_as_none() -> None:
    assert left(START + DAY / 2, START) == "0 days left"
