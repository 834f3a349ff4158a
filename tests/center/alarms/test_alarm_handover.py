"""What is to be told is handed over at least once, in order, also after a crash in between."""

from pathlib import Path

import pytest

from center.alarms.lifecycle import AlarmEvent
from center.alarms.notices import PREFIX, Notice, NoticeHandover, NoticeReader, NoticeSender
from center.errors import StoreUnavailableError
from center.notify.channels.base import Parcel
from center.notify.fallback import FallbackDelivery, NoticeStatus
from center.notify.service import Notifier
from center.retention import Retention
from provisioning.contracts.config.notify import Notify
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, hint, machine, seen
from tests.support import notify_world
from tests.support.notify_desk import TAKEN

pytestmark = pytest.mark.anyio
ZONE = {"kind": "zone_entry", "polygon": LEFT_HALF}


class Busy:
    """Takes the first `room` notices over, and no more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken: list[int] = []

    def notify(self, notice: Notice) -> None:
        if len(self.taken) == self.room:
            raise StoreUnavailableError(cause="full")
        self.taken.append(notice.id)


async def test_a_notice_stays_due_until_somebody_has_taken_it_over(station: Station) -> None:
    await station.enforce(ZONE, window_s=1)
    for number in range(3):
        station.clock.now_ms += 2000
        station.room.observed(hint(seen(machine(), at_ms=station.clock.now_ms, key=str(number))))
    busy = Busy(room=2)
    handover = NoticeHandover(station.store, busy, station.clock)
    with pytest.raises(StoreUnavailableError):
        handover.run_once()
    station.again().room.hand_over()
    assert busy.taken == [1, 2]
    assert list(station.held.notices) == [3]
    assert handover.run_once() == 0


async def test_an_escalation_is_told_with_its_level(station: Station) -> None:
    await station.enforce(ZONE)
    station.room.observed(hint(seen(machine())))
    station.room.care.act(1, AlarmEvent.ESCALATED, actor="operator")
    station.room.hand_over()
    assert [(notice.level, notice.alarm.level) for notice in station.held.notices.values()] == [(0, 1), (1, 1)]


async def test_the_status_of_an_alarm_is_that_of_its_newest_notice(station: Station, tmp_path: Path) -> None:
    hook = notify_world.webhook(tmp_path, "https://desk.example/hook", id="desk")
    retention = Retention(tmp_path, station.clocks, newest_ms=lambda: None)
    notifier = Notifier(
        Notify(webhooks=(hook,)),
        station.store,
        station.audit,
        data_dir=tmp_path,
        retention=retention,
        now_ms=station.clock,
    )
    delivery = FallbackDelivery(notifier, station.store, station.audit, station.clock, levels=[["desk"]], prefix=PREFIX)
    reader = NoticeReader(station.store, delivery)
    handover = NoticeHandover(station.store, NoticeSender(delivery, station.devices, [["desk"]]), station.clock)
    await station.enforce(ZONE)
    station.room.observed(hint(seen(machine())))
    assert reader.read([1, 2]) == ({}, {1: NoticeStatus.PENDING}), "due, and not yet in the outbox"
    handover.run_once()
    parcel = notifier.outbox.claim(notifier.channels["desk"])
    assert isinstance(parcel, Parcel)
    notifier.outbox.settle(notifier.channels["desk"], parcel.parcel_id, TAKEN)
    assert reader.read([1]) == ({}, {1: NoticeStatus.SENT})
    station.room.care.act(1, AlarmEvent.ESCALATED, actor="operator")
    assert reader.read([1]) == ({}, {1: NoticeStatus.PENDING})
