"""A case that is over has what was brought for it erased in the archive: asked until confirmed, and nothing else."""

import json
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import func, select

from center.cases.erasures import HOUR_MS, LATE_MS
from center.cases.tables import CaseErasureRecord
from provisioning.contracts.query.archive import HoldMark
from tests.center.cases.conftest import CASE, Street
from tests.center.street import NOW_MS

pytestmark = pytest.mark.anyio
DAY_MS = 24 * HOUR_MS


def said(street: Street) -> list[tuple[str, Any]]:
    """What the audit has of erasing, oldest first."""
    entries = reversed(street.world.services.audit.page(limit=99, action="case.erase"))
    return [(entry.action, json.loads(entry.detail).get("trouble")) for entry in entries]


def pending(street: Street) -> int:
    """Erasures that the archive has not confirmed."""
    wanted = select(func.count()).select_from(CaseErasureRecord).where(CaseErasureRecord.done_at_ms.is_(None))
    with street.world.store.transaction() as session:
        return session.scalar(wanted) or 0


@pytest.fixture
async def over(case: Street) -> Street:
    """A case that was closed so long ago that what was derived for it is deleted, with a picture that was brought."""
    async with case.as_("ana") as ana:
        place = (await ana.post(f"{CASE}/pictures")).json()
        case.bring(place)
        assert (await ana.post(f"{CASE}/sought", json={"row_key": place["row_key"], "index": 0})).status_code == 201
    await case.act("ana", "close")
    case.world.clock.now_ms += 31 * DAY_MS
    case.world.services.cases.sweep()
    return case


async def test_the_picture_that_was_brought_goes_and_no_other_and_both_are_in_the_audit(over: Street) -> None:
    archive, cases = over.world.archive, over.world.services.cases
    pictures = set(archive.jpegs)
    await cases.erase()
    assert [request.row_key for request in archive.erased] == [over.rows["brought"]]
    assert pictures - set(archive.jpegs) == {over.rows["brought"]}
    assert said(over) == [("case.erase", None), ("case.erased", None)]
    assert pending(over) == 0
    await cases.erase()
    over.world.services.cases.sweep()
    assert len(archive.erased) == 1, "what is confirmed is not asked for again"


async def test_while_the_archive_is_away_it_is_asked_at_each_sweep_until_it_has_confirmed(over: Street) -> None:
    archive, cases = over.world.archive, over.world.services.cases
    archive.answer = lambda: Response("", 503)
    for _ in range(3):
        await cases.erase()
        over.world.clock.now_ms += 60_000
    assert said(over) == [("case.erase", None), ("case.erase_failed", "query_unreachable")]
    archive.answer = None
    await cases.erase()
    assert said(over)[-1] == ("case.erased", None)
    assert len(archive.erased) == 1


async def test_a_hold_comes_first_and_the_picture_goes_once_it_is_released(over: Street) -> None:
    archive, cases = over.world.archive, over.world.services.cases
    mark = HoldMark(name="court", case="x", placed_at_ms=NOW_MS, until_ms=NOW_MS + 400 * DAY_MS)
    archive.holds[over.rows["brought"]] = (mark,)
    await cases.erase()
    archive.holds.clear()
    await cases.erase()
    assert archive.erased == [], "asked by the hour"
    over.world.clock.now_ms += HOUR_MS
    await cases.erase()
    assert [trouble for _, trouble in said(over)] == [None, "picture_held", None]


async def test_one_that_never_arrived_is_looked_for_as_long_as_it_may_still_come(over: Street) -> None:
    archive, cases = over.world.archive, over.world.services.cases
    late = next(row for row in archive.rows if row.snapshot.row_key == over.rows["brought"])
    archive.rows.remove(late)
    await cases.erase()
    assert pending(over) == 1
    over.world.clock.now_ms += LATE_MS - 1
    await cases.erase()
    assert pending(over) == 1
    over.world.clock.now_ms += HOUR_MS
    await cases.erase()
    assert pending(over) == 0
    assert archive.erased == []


async def test_an_archive_that_answers_nonsense_has_confirmed_nothing(over: Street) -> None:
    over.world.archive.answer = lambda: Response("{}", 200)
    await over.world.services.cases.erase()
    assert pending(over) == 1
    assert said(over)[-1] == ("case.erase_failed", "query_fault")
