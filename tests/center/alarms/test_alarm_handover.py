"""What is to be told is handed over at least once, in order, also after a crash in between."""

import pytest

from center.alarms.lifecycle import AlarmEvent
from center.alarms.notices import Notice, NoticeHandover
from center.errors import StoreUnavailableError
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, hint, machine, seen

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
