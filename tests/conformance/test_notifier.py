"""What every notification channel must do at the seam where alarms are handed over; today one that keeps them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from center.alarms.handover import Notice, Notifier
from center.alarms.rule import Severity
from center.alarms.states import State
from center.alarms.views import AlarmView, FindingView, TimesView
from provisioning.contracts.messages import MachineClass
from tests.center.alarms.conftest import Held


class Told(Protocol):
    """A notifier, and what it made of what it took over."""

    notifier: Notifier

    def ids(self) -> list[int]:
        """Notices that somebody is told of, each once."""


class Keeping:
    """The one in memory."""

    def __init__(self) -> None:
        self.held = Held()
        self.notifier: Notifier = self.held

    def ids(self) -> list[int]:
        return list(self.held.notices)


@pytest.fixture(params=[lambda _folder: Keeping()], ids=["in memory"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Told:
    made: Callable[[Path], Told] = request.param
    return made(tmp_path)


NOTICE = Notice(
    id=1,
    level=0,
    alarm=AlarmView(
        id=7,
        rule_id=1,
        rule_version=2,
        rule_name="<script>'; DROP TABLE alarms; --",
        kind="zone_entry",
        severity=Severity.CRITICAL,
        state=State.OPEN,
        level=0,
        quiet=False,
        agent_id="cabinet-7",
        camera_id="cam-1",
        row_key=None,
        finding=FindingView(where="北口", cls=MachineClass.CAR),
        repeats=0,
        last_at_ms=1,
        escalates_at_ms=None,
        times=TimesView(
            clock="arrival",
            captured_at_ms=1,
            published_at_ms=None,
            received_at_ms=None,
            committed_at_ms=None,
            heard_at_ms=1,
            decided_at_ms=1,
            sent_at_ms=None,
        ),
    ),
)


def test_a_notice_is_taken_over(told: Told) -> None:
    told.notifier.notify(NOTICE)
    assert told.ids() == [1]


def test_a_notice_that_comes_again_is_told_once(told: Told) -> None:
    for _ in range(3):
        told.notifier.notify(NOTICE)
    assert told.ids() == [1]


def test_each_level_of_an_alarm_is_a_notice_of_its_own(told: Told) -> None:
    told.notifier.notify(NOTICE)
    told.notifier.notify(replace(NOTICE, id=2, level=1))
    assert told.ids() == [1, 2]


def test_an_alarm_of_no_camera_can_be_told(told: Told) -> None:
    nowhere = NOTICE.alarm.model_copy(update={"agent_id": "", "camera_id": "", "finding": FindingView(code="query")})
    told.notifier.notify(replace(NOTICE, alarm=nowhere))
    assert told.ids() == [1]
