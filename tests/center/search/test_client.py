"""Searching by machine, quality and area, counting, taking away, keeping: the centre before the archive itself."""

import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from center.errors import CenterError
from center.search import export
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.search.filters import Filters
from center.search.saved import SavedSearchRecord
from provisioning.contracts.query.archive import IntakeStatus, MachineColour
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from ray_cluster.errors import Unavailable
from ray_cluster.query.routes import create_app
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.fake_archive import TOKEN
from tests.center.world import camera_status
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import DAY_MS, NOW_MS, archiver, entry, look, lookalike, query

pytestmark = pytest.mark.anyio

AGENT, OTHER = "cabinet-7", "cabinet-9"
ANALYST = "ana"
SMALL = Machine(cls=MachineClass.CAR, score=0.9, box=Box(x0=0, y0=0, x1=6, y1=6))
LARGE = Machine(cls=MachineClass.BUS, score=0.9, box=Box(x0=0, y0=0, x1=40, y1=40))
NASTY = "=cmd|' /C calc'!A0"
REGISTER = f"""agent_id,camera_id,latitude,longitude,name
{AGENT},cam-1,30.5,114.3,{NASTY}
{AGENT},cam-2,30.6,114.4,<script>alert(1)</script>
{OTHER},cam-1,30.5,114.3,'; DROP TABLE cameras; --
"""
ROUND_CAM_1 = "114.2,30.4 114.35,30.4 114.35,30.55 114.2,30.55"
BOW_TIE = "114.2,30.4 114.35,30.55 114.35,30.4 114.2,30.55"
SPAN: dict[str, Any] = {"from_ms": NOW_MS - DAY_MS, "to_ms": NOW_MS + 1}


async def no_intake() -> IntakeStatus:
    raise Unavailable("nobody is asked here")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cameras of one agent and one of another, ten rows each: a small red car, and in every other a large bus."""
    place = tmp_path_factory.mktemp("archive")
    entries = [
        entry(
            number,
            agent=agent,
            camera=camera,
            at_ms=NOW_MS - number * 60_000,
            machines=[SMALL, LARGE][: 1 + number % 2],
            appearances=[look(number, colour=MachineColour.RED), look(number)][: 1 + number % 2],
        )
        for number, (agent, camera) in enumerate([(AGENT, "cam-1"), (AGENT, "cam-2"), (OTHER, "cam-1")] * 10)
    ]
    archiver(place).commit(entries, now_ms=NOW_MS)
    return place


@pytest.fixture
async def county(world: World, archive: Path) -> AsyncIterator[World]:
    """The world, with the real archive behind its search."""
    app = create_app(query(archive), FakeStages(), lookalike(archive), token=TOKEN, ask_intake=no_intake)
    search = Search(
        url="http://query.test",
        token=TOKEN,
        audit=world.services.audit,
        positions=CameraPositions(world.store, world.services.devices.statuses),
        transport=httpx.ASGITransport(app=app),
    )
    world.services = replace(world.services, search=search)
    world.services.assessment.register.take(REGISTER.encode(), actor=USERNAME, replace=True)
    for agent, camera, name in ((AGENT, "cam-1", NASTY), (AGENT, "cam-2", "<b>x</b>"), (OTHER, "cam-1", "@SUM(1)")):
        status = camera_status(camera, name=name).model_copy(update={"agent_id": agent})
        world.services.devices.changed(status)
    world.make_account()
    world.services.districts.create("north", "North", actor=USERNAME)
    world.services.districts.create("south", "South", actor=USERNAME)
    world.services.districts.set_cameras("north", [CameraKey(AGENT, "cam-1")], actor=USERNAME)
    world.services.users.add(ANALYST, PASSWORD, [GrantRequest(Role.ANALYST, "north")], actor=USERNAME)
    yield world
    await search.close()


async def _log_in(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.post("/api/login", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200


@pytest.fixture
async def chief(county: World) -> AsyncIterator[httpx.AsyncClient]:
    """Sees everything."""
    async with county.browser() as browser:
        await _log_in(browser, USERNAME)
        yield browser


@pytest.fixture
async def ana(county: World) -> AsyncIterator[httpx.AsyncClient]:
    """Sees `cam-1` of `AGENT`, in district north."""
    async with county.browser() as browser:
        await _log_in(browser, ANALYST)
        yield browser


async def _found(browser: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await browser.get("/api/observations", params={"limit": 200} | params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_machines_are_found_by_what_they_are(chief: httpx.AsyncClient) -> None:
    assert len(await _found(chief)) == 30
    assert len(await _found(chief, colour="red")) == 30
    assert len(await _found(chief, colour="red", cls="bus")) == 0
    large = await _found(chief, min_side_px=20)
    assert len(large) == 15
    assert {machine["cls"] for machine in large[0]["machines"]} == {"car", "bus"}
    assert large[0]["machines"][0]["colour"] == "red"
    assert len(await _found(chief, max_share=0.02, cls="car")) == 30
    assert len(await _found(chief, heading_deg=90)) == 0


async def test_pictures_are_found_by_their_quality(chief: httpx.AsyncClient) -> None:
    """All have a sharpness of .1, a brightness of .2."""
    assert len(await _found(chief, sharpness_below=0.11)) == 30
    assert len(await _found(chief, sharpness_below=0.1)) == 0
    assert len(await _found(chief, brightness_above=0.3)) == 0
    assert len(await _found(chief, sharpness_below=0.11, min_side_px=20)) == 15


async def test_an_area_finds_the_cameras_that_stand_in_it(chief: httpx.AsyncClient) -> None:
    found = await _found(chief, area=ROUND_CAM_1)
    assert {(item["agent_id"], item["camera_id"]) for item in found} == {(AGENT, "cam-1"), (OTHER, "cam-1")}
    assert len(found) == 20
    assert await _found(chief, area="0,0 1,0 1,1") == []


async def test_a_place_that_an_agent_tells_counts_before_the_registers(county: World, chief: httpx.AsyncClient) -> None:
    moved = camera_status("cam-1").model_copy(update={"latitude": 31.0, "longitude": 115.0})
    county.services.devices.changed(moved)
    assert {item["agent_id"] for item in await _found(chief, area=ROUND_CAM_1)} == {OTHER}
    assert {item["agent_id"] for item in await _found(chief, area="114.9,30.9 115.1,30.9 115,31.1")} == {AGENT}


async def test_an_area_shows_nobody_more_than_they_may_see(ana: httpx.AsyncClient) -> None:
    for params in ({"area": ROUND_CAM_1}, {"area": "-180,-90 180,-90 180,90 -180,90"}, {}):
        found = await _found(ana, **params)
        assert {(item["agent_id"], item["camera_id"]) for item in found} == {(AGENT, "cam-1")}
        counts = (await ana.get("/api/search/counts", params=SPAN | params | {"bin_ms": DAY_MS})).json()
        assert [(each["agent_id"], each["camera_id"]) for each in counts["cameras"]] == [(AGENT, "cam-1")]
        plan = (await ana.get("/api/search/plan", params=params)).json()
        assert sum(day["matching"] for day in plan["days"]) == 10


@pytest.mark.parametrize(
    ("area", "code"),
    [
        (BOW_TIE, "area_crosses"),
        ("0,0 1,0 1,0 0,1", "area_crosses"),
        ("0,0 1,1 2,2", "area_crosses"),
        ("0,0 1,1", "bad_area"),
        ("0,0 1,1 200,5", "bad_area"),
        ("0,0 1,1 5,95", "bad_area"),
        ("0,0 1.2.3,1 5,5", "bad_area"),
        (" ".join(f"{n / 100},{n * n / 10000}" for n in range(101)), "bad_area"),
        ("nan,0 1,1 2,0", "invalid_request"),
        ("0,0;1,1;1,0", "invalid_request"),
        ("../../etc/passwd", "invalid_request"),
        ("0,0 1,1 1,0\x00", "invalid_request"),
        ("", "invalid_request"),
    ],
    ids=range(13),
)
async def test_an_area_that_is_none_is_refused_and_says_why(chief: httpx.AsyncClient, area: str, code: str) -> None:
    for path in ("/api/observations", "/api/search/plan"):
        answer = await chief.get(path, params={"area": area})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["remedy"]


@settings(max_examples=200)
@given(area=st.text(alphabet="0123456789.,- ", max_size=60) | st.text(max_size=20))
def test_whatever_is_written_as_an_area_is_a_polygon_or_refused(area: str) -> None:
    try:
        corners = Filters(area=area).corners
    except (CenterError, ValidationError):
        return
    assert len(corners) >= 3


@pytest.mark.parametrize(
    "camera_id",
    ["../cam-1", "..%2Fcam-1", "cam-1\x00", "<script>", "'; DROP TABLE x; --", "=1+1", "a" * 65],
    ids=range(7),
)
async def test_a_camera_id_that_cannot_be_one_is_refused(chief: httpx.AsyncClient, camera_id: str) -> None:
    for path in ("/api/observations", "/api/search/plan", "/api/search/export.csv"):
        assert (await chief.get(path, params={"camera_id": camera_id, "purpose": "test"})).status_code == 422


async def test_a_camera_out_of_sight_is_counted_planned_and_exported_as_if_it_were_not_there(
    ana: httpx.AsyncClient,
) -> None:
    for camera in ("cam-2", "cam-of-nobody"):
        about = SPAN | {"camera_id": camera, "purpose": "find it"}
        counts = (await ana.get("/api/search/counts", params=about | {"bin_ms": DAY_MS})).json()
        assert (counts["machines"], counts["cameras"]) == (0, [])
        assert (await ana.get("/api/search/plan", params=about)).json()["days"] == []
        assert len(_lines((await ana.get("/api/search/export.csv", params=about)).content)) == 1


async def test_a_plan_tells_the_rows_of_a_table_to_who_sees_every_camera_alone(
    chief: httpx.AsyncClient, ana: httpx.AsyncClient
) -> None:
    """They count the pictures of cameras out of sight, too."""
    for params in ({}, {"area": ROUND_CAM_1}):
        whole = (await chief.get("/api/search/plan", params=params)).json()
        assert [day["rows"] for day in whole["days"]] == [30]
        part = (await ana.get("/api/search/plan", params=params)).json()
        assert [(day["rows"], day["matching"]) for day in part["days"]] == [(None, 10)]


async def test_counts_are_exact_by_time_and_camera(chief: httpx.AsyncClient) -> None:
    params = {"from_ms": NOW_MS - 30 * 60_000 + 1, "to_ms": NOW_MS + 1, "bin_ms": 10 * 60_000}
    counts = (await chief.get("/api/search/counts", params=params)).json()
    assert counts["machines"] == 45
    assert [each["machines"] for each in counts["bins"]] == [{"car": 10, "bus": 5}] * 3
    assert [each["from_ms"] for each in counts["bins"]] == [params["from_ms"] + n * 600_000 for n in range(3)]
    assert {each["camera_id"]: each["machines"] for each in counts["cameras"] if each["agent_id"] == AGENT} == {
        "cam-1": {"car": 10, "bus": 5},
        "cam-2": {"car": 10, "bus": 5},
    }
    assert (counts["days_left_out"], counts["days_without"]) == ([], [])
    assert "people" not in json.dumps(counts)


async def test_counts_of_too_many_bins_or_of_no_span_are_refused(chief: httpx.AsyncClient) -> None:
    answer = await chief.get("/api/search/counts", params={"from_ms": 0, "to_ms": NOW_MS, "bin_ms": 60_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_bins")
    for params in ({"bin_ms": 60_000}, SPAN, SPAN | {"bin_ms": 59_999}):
        assert (await chief.get("/api/search/counts", params=params)).status_code == 422


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"from_ms": 0, "to_ms": 1}, 200),
        ({"from_ms": 2_147_483_647_000, "to_ms": 2_147_483_649_000}, 200),
        ({"from_ms": -1}, 422),
        ({"to_ms": 2**53}, 422),
        ({"to_ms": "nan"}, 422),
        ({"people": 3}, 422),
        ({"min_side_px": 30, "max_side_px": 3}, 422),
    ],
    ids=range(7),
)
async def test_clocks_of_1970_and_2038_and_what_no_question_has(
    chief: httpx.AsyncClient, params: dict[str, Any], status: int
) -> None:
    answer = await chief.get("/api/observations", params=params)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["items"] == []


async def test_every_question_is_in_the_audit_with_its_case_and_purpose(
    county: World, chief: httpx.AsyncClient
) -> None:
    about = SPAN | {"case_id": "case-7", "purpose": "stolen bus", "cls": "bus"}
    for path, action in (
        ("/api/observations", "observations.search"),
        ("/api/search/counts?bin_ms=86400000", "observations.count"),
        ("/api/search/plan", "observations.plan"),
        ("/api/search/export.csv", "observations.export"),
    ):
        answer = await chief.get(path, params=about | ({"bin_ms": DAY_MS} if "counts" in path else {}))
        assert answer.status_code == 200, answer.text
        noted = county.services.audit.page(limit=1)[0]
        assert (noted.action, noted.actor) == (action, USERNAME)
        assert {"case_id": "case-7", "purpose": "stolen bus"}.items() <= json.loads(noted.detail).items()


# --- Taken away -----------------------------------------------------------------------------------------------------


def _lines(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def test_an_export_has_every_row_and_no_formula(chief: httpx.AsyncClient) -> None:
    answer = await chief.get("/api/search/export.csv", params={"purpose": "stolen bus"})
    assert (answer.status_code, answer.headers["x-complete"]) == (200, "true")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, *lines = _lines(answer.content)
    assert tuple(head) == export.HEAD
    assert len(lines) == 30
    names = {line[head.index("camera")] for line in lines}
    assert names == {"'" + NASTY, "<b>x</b>", "'@SUM(1)"}
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "@", "\t", "-"))]
    assert {line[head.index("bus")] for line in lines} == {"0", "1"}


async def test_an_export_without_a_purpose_is_refused_and_asks_nobody(county: World, chief: httpx.AsyncClient) -> None:
    answer = await chief.get("/api/search/export.csv")
    assert (answer.status_code, answer.json()["code"]) == (422, "purpose_missing")
    assert county.services.audit.page(limit=1)[0].action != "observations.export"


async def test_an_export_that_is_cut_says_so(chief: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_ROWS", 12)
    answer = await chief.get("/api/search/export.csv", params={"purpose": "stolen bus"})
    assert answer.headers["x-complete"] == "false"
    lines = _lines(answer.content)
    assert len(lines) == 1 + 12 + 1
    assert "more than these 12 lines" in lines[-1][0]


# --- Kept -----------------------------------------------------------------------------------------------------------


async def _save(browser: httpx.AsyncClient, name: str = "Red cars", **more: Any) -> httpx.Response:
    filters = more.pop("filters", {"colour": ["red"], "purpose": "once", "case_id": "c", "cursor": "x"})
    return await browser.post("/api/saved-searches", json={"name": name, "filters": filters} | more)


async def test_a_search_is_kept_for_its_owner_without_its_purpose(
    chief: httpx.AsyncClient, ana: httpx.AsyncClient
) -> None:
    made = (await _save(ana, last_ms=86_400_000)).json()
    assert made["filters"]["colour"] == ["red"]
    assert [made["filters"][name] for name in ("purpose", "case_id", "cursor")] == [None, None, None]
    assert (made["owner"], made["mine"], made["last_ms"]) == (ANALYST, True, 86_400_000)
    assert [each["id"] for each in (await ana.get("/api/saved-searches")).json()] == [made["id"]]
    assert (await chief.get("/api/saved-searches")).json() == []
    assert (await chief.delete(f"/api/saved-searches/{made['id']}")).status_code == 404
    assert (await ana.delete(f"/api/saved-searches/{made['id']}")).status_code == 204
    assert (await ana.get("/api/saved-searches")).json() == []


async def test_a_shared_search_is_seen_in_its_district_alone(
    county: World, chief: httpx.AsyncClient, ana: httpx.AsyncClient
) -> None:
    await _save(chief, "For the north", district_id="north")
    await _save(chief, "For the south", district_id="south")
    seen = (await ana.get("/api/saved-searches")).json()
    assert [(each["name"], each["owner"], each["mine"]) for each in seen] == [("For the north", USERNAME, False)]
    assert (await _save(ana, district_id="south")).status_code == 404
    assert (await _save(ana, district_id="nowhere")).json()["code"] == "unknown_district"
    county.services.districts.remove("south", actor=USERNAME)
    mine = {each["name"]: each["district_id"] for each in (await chief.get("/api/saved-searches")).json()}
    assert mine == {"For the north": "north", "For the south": None}


async def test_a_shared_search_names_no_camera_of_another_district(chief: httpx.AsyncClient) -> None:
    answer = await _save(chief, filters={"camera_id": ["cam-1", "cam-2"]}, district_id="north")
    assert (answer.status_code, answer.json()["code"]) == (422, "foreign_cameras")
    assert (await _save(chief, filters={"camera_id": ["cam-1"]}, district_id="north")).status_code == 201
    assert (await _save(chief, filters={"camera_id": ["cam-1", "cam-2"]})).status_code == 201


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 65, "a\nb"], ids=range(5))
async def test_a_name_that_nobody_could_read_is_refused(chief: httpx.AsyncClient, name: str) -> None:
    assert (await _save(chief, name)).status_code == 422


async def test_any_other_name_is_kept_as_it_is(chief: httpx.AsyncClient) -> None:
    for name in ("<script>alert(1)</script>", "'; DROP TABLE saved_searches; --", "=1+1", "../红车"):
        assert (await _save(chief, name)).json()["name"] == name
    assert len((await chief.get("/api/saved-searches")).json()) == 4


async def test_a_crossing_area_is_not_kept(chief: httpx.AsyncClient) -> None:
    assert (await _save(chief, filters={"area": BOW_TIE})).json()["code"] == "area_crosses"


async def test_an_account_keeps_a_hundred(chief: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("center.search.saved.MAX_PER_USER", 2)
    assert [(await _save(chief, f"n{n}")).status_code for n in range(3)] == [201, 201, 409]


async def test_a_search_that_another_version_kept_can_be_deleted_and_not_asked(
    county: World, chief: httpx.AsyncClient
) -> None:
    made = (await _save(chief)).json()
    with county.store.transaction() as session:
        record = session.get(SavedSearchRecord, made["id"])
        assert record is not None
        record.filters = '{"shape": "round"}'
    (kept,) = (await chief.get("/api/saved-searches")).json()
    assert kept["filters"] is None
    assert (await chief.delete(f"/api/saved-searches/{made['id']}")).status_code == 204
