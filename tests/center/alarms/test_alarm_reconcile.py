"""Hints may be lost; commits are not. Over restarts nothing alarms twice, and nothing old alarms at all."""

import pytest
from fastapi import Response

from center.access.permissions import EVERYWHERE
from center.alarms.lifecycle import MatchOutcome
from center.errors import QueryUnreachableError
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, hint, machine, row, seen
from tests.center.street import NOW_MS

pytestmark = pytest.mark.anyio
ZONE = {"kind": "zone_entry", "polygon": LEFT_HALF}


def commit(station: Station, number: int, *, at_ms: int = NOW_MS) -> None:
    station.archive.add(row(machine(), at_ms=at_ms, key=f"k{number}", commit_seq=number), b"")


async def test_a_centre_that_never_looked_begins_at_the_newest_commit(station: Station) -> None:
    await station.enforce(ZONE)
    commit(station, 1)
    await station.room.reconciler.run_once()
    await station.room.reconciler.run_once()
    assert station.room.figures().rows == 0


async def test_a_lost_hint_is_made_up_for(station: Station) -> None:
    await station.enforce(ZONE)
    await station.room.reconciler.run_once()
    commit(station, 1)
    await station.room.reconciler.run_once()
    assert station.events() == [("raised", 1)]
    assert station.room.figures().reconciled == 1


async def test_a_partition_that_came_later_is_read_from_its_beginning(station: Station) -> None:
    await station.enforce(ZONE)
    commit(station, 7)
    await station.room.reconciler.run_once()
    station.archive.further = [[row(machine(), at_ms=NOW_MS, key="other", commit_seq=1)]]
    await station.room.reconciler.run_once()
    assert station.events() == [("raised", 1)]
    station = station.again()
    await station.room.reconciler.run_once()
    assert station.room.figures().rows == 0


async def test_a_row_that_a_hint_brought_is_not_looked_at_again(station: Station) -> None:
    await station.enforce(ZONE)
    await station.room.reconciler.run_once()
    commit(station, 1)
    station.room.observed(hint(seen(machine(), key="k1")))
    await station.room.reconciler.run_once()
    assert station.room.figures().rows == 1
    assert station.room.figures().reconciled == 0


async def test_a_hint_of_a_cluster_of_before_is_made_up_for_by_its_row(station: Station) -> None:
    await station.enforce(ZONE)
    await station.room.reconciler.run_once()
    commit(station, 1)
    station.room.observed(hint(seen(machine(), key="k1", size=(0, 0))))
    assert station.events() == []
    await station.room.reconciler.run_once()
    assert station.events() == [("raised", 1)]


async def test_after_a_restart_what_was_heard_and_what_was_missed_alarm_once_each(station: Station) -> None:
    await station.enforce(ZONE, window_s=1)
    await station.room.reconciler.run_once()
    commit(station, 1)
    station.room.observed(hint(seen(machine(), key="k1")))
    station.clock.now_ms += 2000
    commit(station, 2, at_ms=station.clock.now_ms)
    station = station.again()
    await station.room.reconciler.run_once()
    assert station.events() == [("raised", 2)]
    station = station.again()
    station.room.observed(hint(seen(machine(), at_ms=station.clock.now_ms, key="k2")))
    await station.room.reconciler.run_once()
    assert station.events() == []


async def test_after_a_long_outage_every_page_is_read_and_what_is_old_is_late(station: Station) -> None:
    number = await station.enforce(ZONE, window_s=1)
    await station.room.reconciler.run_once()
    for each in range(1, 451):
        commit(station, each, at_ms=NOW_MS + each)
    station.clock.now_ms += 7_200_000
    commit(station, 451, at_ms=station.clock.now_ms)
    await station.room.reconciler.run_once()
    figures = station.room.figures()
    assert (figures.outcomes[MatchOutcome.LATE], figures.outcomes[MatchOutcome.RAISED]) == (450, 1)
    seen_late, cursor = 0, None
    while True:
        page = station.room.rules.late(number, cursor=cursor, limit=100, sight=EVERYWHERE)
        seen_late += len(page.items)
        if page.next_cursor is None:
            break
        at_ms, _, subject = page.next_cursor.partition("~")
        cursor = (int(at_ms), subject)
    assert seen_late == 450


async def test_while_the_archive_is_away_the_cursor_stays(station: Station) -> None:
    await station.enforce(ZONE)
    await station.room.reconciler.run_once()
    commit(station, 1)
    station.archive.answer = _away
    with pytest.raises(QueryUnreachableError):
        await station.room.reconciler.run_once()
    station.archive.answer = None
    await station.room.reconciler.run_once()
    assert station.events() == [("raised", 1)]


def _away() -> Response:
    return Response(status_code=503)
