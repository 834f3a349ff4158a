"""What must hold at the seam where alarms are handed over: of one that keeps notices, and of the real channels."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from center.alarms.lifecycle import AlarmState
from center.alarms.notices import PREFIX, Notice, NoticeSender, NoticeTaker
from center.alarms.rules.rule import Severity
from center.alarms.views import AlarmView, RuleFindingView, TimesView
from center.audit.log import Audit
from center.clock import now_ms
from center.fleet.devices import Devices
from center.fleet.roster import Roster
from center.notify.fallback import FallbackDelivery
from center.notify.service import Notifier as NotifyNotifier
from center.retention import Retention, machine_clocks
from provisioning.contracts.config.notify import Notify
from provisioning.contracts.wire.messages import MachineClass
from tests.center.alarms.conftest import Held
from tests.support.fresh_store import fresh_store
from tests.support.notify_world import webhook


class Told(Protocol):
    """A notifier, and what it made of what it took over."""

    notifier: NoticeTaker

    def ids(self) -> list[int]:
        """Notices that somebody is told of, each once."""


class Keeping:
    """The one in memory."""

    def __init__(self) -> None:
        self.held = Held()
        self.notifier: NoticeTaker = self.held

    def ids(self) -> list[int]:
        return list(self.held.notices)


class Channels:
    """The real ones: two webhooks, of which the second is told from the first escalation on."""

    def __init__(self, folder: Path) -> None:
        store = fresh_store(folder / "center.sqlite3")
        audit = Audit(store, now_ms)
        config = Notify(webhooks=tuple(webhook(folder, "http://127.0.0.1:9/", id=name) for name in ("duty", "chief")))
        retention = Retention(folder, machine_clocks(now_ms), newest_ms=lambda: None)
        self.outbox = NotifyNotifier(config, store, audit, data_dir=folder, retention=retention, now_ms=now_ms)
        devices = Devices(store, Roster(store, audit, None, now_ms), now_ms)
        levels = (("duty",), ("duty", "chief"))
        delivery = FallbackDelivery(self.outbox, store, audit, now_ms, levels=levels, prefix=PREFIX)
        self.notifier: NoticeTaker = NoticeSender(delivery, devices, levels)

    def ids(self) -> list[int]:
        entries = self.outbox.outbox_page(channel="duty", state=None, before=None, limit=50).entries
        return sorted(int(entry.message.id.rpartition("-")[2]) for entry in entries if entry.message is not None)


@pytest.fixture(params=[lambda _folder: Keeping(), Channels], ids=["in memory", "channels"])
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
        state=AlarmState.OPEN,
        level=0,
        quiet=False,
        agent_id="cabinet-7",
        camera_id="cam-1",
        row_key=None,
        finding=RuleFindingView(where="北口", cls=MachineClass.CAR),
        repeats=0,
        last_at_ms=1,
        escalates_at_ms=None,
        times=TimesView(
            clock="arrival",
            captured_at_ms=1,
            selected_at_ms=None,
            redacted_at_ms=None,
            spooled_at_ms=None,
            published_at_ms=None,
            received_at_ms=None,
            parsed_at_ms=None,
            committed_at_ms=None,
            heard_at_ms=1,
            decided_at_ms=1,
            stored_at_ms=None,
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
    nowhere = NOTICE.alarm.model_copy(
        update={"agent_id": "", "camera_id": "", "finding": RuleFindingView(code="query")}
    )
    told.notifier.notify(replace(NOTICE, alarm=nowhere))
    assert told.ids() == [1]


def test_an_escalation_tells_more_people_and_what_may_not_be_said_is_left_out(tmp_path: Path) -> None:
    told = Channels(tmp_path)
    alarm = NOTICE.alarm.model_copy(update={"rule_name": "京A12345 again", "agent_id": "", "camera_id": ""})
    told.notifier.notify(replace(NOTICE, alarm=alarm))
    told.notifier.notify(replace(NOTICE, id=2, level=5, alarm=alarm))
    entries = told.outbox.outbox_page(channel=None, state=None, before=None, limit=50).entries
    messages = [(entry.message, entry.channel) for entry in entries if entry.message is not None]
    assert sorted((message.id, channel) for message, channel in messages) == [
        ("alarm-7-1", "duty"),
        ("alarm-7-2", "chief"),
        ("alarm-7-2", "duty"),
    ]
    assert {(message.rule, message.camera_id) for message, _ in messages} == {("rule 1", "centre")}
