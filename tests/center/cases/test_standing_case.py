"""A fresh row that is like what an approved case seeks raises an alarm; a late one, or one of no case's area, never."""

from typing import Any

import pytest
from fastapi import Response
from hypothesis import given, settings
from hypothesis import strategies as st

from center.access.permissions import CameraKey
from center.alarms.rules.inputs import RowTimes, SeenRow
from center.cases.standing_search import MAX_WAITING, Watched, questions
from center.cases.tables import CaseRecord
from center.errors import QueryUnreachableError
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.query.lookalike import MachineRef
from provisioning.contracts.query.standing import MAX_PAIRS, MAX_STANDING
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from tests.center.cases.conftest import CASE, HOUR_MS, NUMBER, Street, terms
from tests.center.street import AGENT, NOW_MS
from tests.center.world import observed

pytestmark = pytest.mark.anyio


async def approved(street: Street, number: str = NUMBER, **changes: Any) -> None:
    async with street.as_("ana") as ana:
        said = terms(standing=True, standing_from=0.9, **changes)
        made = await ana.post("/api/cases", json={"number": number, "terms": said})
        assert made.status_code == 201, made.text
        sought = {"row_key": street.rows["here"], "index": 0}
        assert (await ana.post(f"/api/cases/{number}/sought", json=sought)).status_code == 201
        await ana.post(f"/api/cases/{number}/request", json={"version": 1})
    async with street.as_("sue") as sue:
        assert (await sue.post(f"/api/cases/{number}/approve", json={"version": 1})).status_code == 200


def hinted(street: Street, name: str, camera: str, look: float, *, ago_ms: int = 1000, **kind: Any) -> Observation:
    """A row is committed now, and the rules hear of it."""
    key = street.machine(name, camera, street.world.clock.now_ms - ago_ms, look, **kind)
    row = next(row for row in street.world.archive.rows if row.snapshot.row_key == key)
    street.world.services.alarms.observed(observed(row))
    return row


async def alarms(street: Street) -> list[tuple[str, str]]:
    """Case and row of each."""
    async with street.as_("sue") as sue:
        items = (await sue.get("/api/alarms")).json()["items"]
    by_key = {key: name for name, key in street.rows.items()}
    assert {item["kind"] for item in items} <= {"standing_lookalike"}
    return sorted((item["finding"]["where"], by_key[item["row_key"]]) for item in items)


async def test_a_fresh_look_alike_in_the_area_raises_an_alarm_and_is_a_candidate(street: Street) -> None:
    standing = street.world.services.cases.standing
    await approved(street)
    await standing.run_once()
    hinted(street, "seen-again", "cam-2", 0.55)
    hinted(street, "unlike", "cam-1", 0.80)
    hinted(street, "elsewhere", "cam-9", 0.50)
    hinted(street, "a-car", "cam-1", 0.50, cls=MachineClass.CAR)
    await standing.run_once()
    assert await alarms(street) == [(NUMBER, "seen-again")]
    (asked,) = street.world.archive.compared
    assert {street.rows["seen-again"], street.rows["unlike"]} <= set(asked.row_keys)
    assert street.rows["elsewhere"] not in asked.row_keys
    async with street.as_("ana") as ana:
        (candidate,) = (await ana.get(f"{CASE}/candidates")).json()["items"]
        assert candidate["machine"]["row_key"] == street.rows["seen-again"]
        searched = (await ana.post(f"{CASE}/search", json={})).json()
    assert searched["items"][0]["machine"]["row_key"] == street.rows["seen-again"]
    assert ("(cases)", "case.met") in street.audited()


async def test_a_row_that_comes_twice_alarms_once_and_one_of_two_cases_alarms_for_each(street: Street) -> None:
    standing = street.world.services.cases.standing
    await approved(street)
    await approved(street, "B-2")
    await standing.run_once()
    row = hinted(street, "seen-again", "cam-2", 0.55)
    await standing.run_once()
    street.world.services.alarms.observed(observed(row))
    await standing.run_once()
    assert await alarms(street) == [(NUMBER, "seen-again"), ("B-2", "seen-again")]
    assert len(street.world.archive.compared[0].cases) == 2  # one question, whatever the number of cases


async def test_what_is_late_is_not_even_asked_about(street: Street) -> None:
    standing = street.world.services.cases.standing
    await approved(street)
    await standing.run_once()
    hinted(street, "late", "cam-2", 0.50, ago_ms=61_000)
    await standing.run_once()
    assert await alarms(street) == []
    assert street.world.archive.compared == []


@pytest.mark.parametrize("end", ["expire", "close", "never"])
async def test_a_case_that_is_not_in_force_hears_of_nothing(street: Street, end: str) -> None:
    standing = street.world.services.cases.standing
    if end == "never":
        async with street.as_("ana") as ana:
            await ana.post("/api/cases", json={"number": NUMBER, "terms": terms(standing=True)})
            sought = {"row_key": street.rows["here"], "index": 0}
            await ana.post(f"{CASE}/sought", json=sought)
    else:
        await approved(street)
        await standing.run_once()
        if end == "close":
            await street.act("ana", "close")
        street.world.clock.now_ms += 48 * HOUR_MS if end == "expire" else 5_000
    hinted(street, "seen-again", "cam-2", 0.50)
    await standing.run_once()
    assert street.world.archive.compared == []


async def test_while_the_archive_is_away_rows_wait_as_long_as_they_are_fresh(street: Street) -> None:
    standing, archive = street.world.services.cases.standing, street.world.archive
    await approved(street)
    await standing.run_once()
    hinted(street, "seen-again", "cam-2", 0.55)
    archive.answer = lambda: Response(status_code=503)
    with pytest.raises(QueryUnreachableError):
        await standing.run_once()
    archive.answer = None
    await standing.run_once()
    assert await alarms(street) == [(NUMBER, "seen-again")]


async def test_the_queue_is_bounded_and_says_what_it_dropped(street: Street) -> None:
    standing = street.world.services.cases.standing
    await approved(street)
    await standing.run_once()
    standing.offer([seen(number) for number in range(MAX_WAITING + 7)])
    assert standing.dropped_oldest == 7


async def test_there_are_a_thousand_at_most_in_the_whole_system(street: Street) -> None:
    with street.world.store.transaction() as session:
        for number in range(MAX_STANDING):
            session.add(
                CaseRecord(
                    number=f"C-{number}",
                    version=1,
                    terms="{}",
                    state="approved",
                    standing=True,
                    owner="x",
                    written_by="x",
                    created_at_ms=0,
                    expires_at_ms=NOW_MS + HOUR_MS,
                )
            )
    async with street.as_("ana") as ana:
        await ana.post("/api/cases", json={"number": NUMBER, "terms": terms(standing=True)})
    await street.act("ana", "request")
    async with street.as_("sue") as sue:
        refused = await sue.post(f"{CASE}/approve", json={"version": 1})
        assert (refused.status_code, refused.json()["code"]) == (409, "too_many_standing")


async def test_a_rule_of_this_kind_is_the_cases_own_and_can_be_made_quiet_but_not_written(street: Street) -> None:
    what = {"kind": "standing_lookalike"}
    async with street.as_("sue") as sue:
        written = await sue.post("/api/rules", json={"name": "mine", "what": what})
        assert (written.status_code, written.json()["code"]) == (409, "own_rule")
        await approved(street)
        await street.world.services.cases.standing.run_once()
        (rule,) = (await sue.get("/api/rules")).json()["items"]
        assert (rule["text"]["what"], rule["on_version"]) == (what, 1)
        other = {"version": 1, "text": {"name": "x", "what": {"kind": "camera_fault"}}}
        assert (await sue.put(f"/api/rules/{rule['id']}", json=other)).json()["code"] == "own_rule"
        assert (await sue.post(f"/api/rules/{rule['id']}/off")).status_code == 200
    await street.world.services.cases.standing.run_once()
    hinted(street, "seen-again", "cam-2", 0.55)
    await street.world.services.cases.standing.run_once()
    assert await alarms(street) == []


def seen(number: int, camera: str = "cam-1") -> SeenRow:
    return SeenRow(
        row_key=f"{AGENT}:{number:032x}",
        agent_id=AGENT,
        camera_id=camera,
        width=100,
        height=100,
        machines=(Machine(cls=MachineClass.BICYCLE, score=0.9, box=Box(x0=0, y0=0, x1=9, y1=9)),),
        followed=(),
        people=0,
        trusted=True,
        times=RowTimes(captured_at_ms=NOW_MS, clock="arrival"),
    )


@settings(max_examples=20)
@given(cases=st.integers(0, 150), rows=st.integers(1, 500), cameras=st.integers(1, 4))
def test_every_pair_of_a_case_and_a_row_of_its_area_is_asked_for_once(cases: int, rows: int, cameras: int) -> None:
    given_rows = [seen(number, f"cam-{number % cameras}") for number in range(rows)]
    watched = [
        Watched(
            case=f"C-{number}",
            machines=(MachineRef(row_key=f"{AGENT}:{'f' * 32}", index=0),),
            classes=(MachineClass.BICYCLE,),
            at_least=0.9,
            area=frozenset({CameraKey(AGENT, f"cam-{number % 3}")}),
        )
        for number in range(cases)
    ]
    asked = questions(watched, given_rows)
    pairs = [(case.case, row) for question in asked for case in question.cases for row in case.rows]
    wanted = {
        (each.case, place)
        for each in watched
        for place, row in enumerate(given_rows)
        if CameraKey(row.agent_id, row.camera_id) in each.area
    }
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == wanted
    assert all(sum(len(case.rows) for case in question.cases) <= MAX_PAIRS for question in asked)
