"""Counted people at the centre: where one may look, written down before, and nothing finer than the archive tells."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from center.search.filters import SourceFilters, ZoneFilters
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.query.zone_counts import GRID_MS, ZoneBin, ZoneCount, ZoneCounts, ZoneSpan
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT, NOW_MS
from tests.center.world import camera_status

pytestmark = pytest.mark.anyio
TO_MS = NOW_MS // GRID_MS * GRID_MS
SPAN: dict[str, Any] = {"from_ms": TO_MS - 2 * GRID_MS, "to_ms": TO_MS, "bin_ms": GRID_MS}
BINS = (
    ZoneBin(from_ms=TO_MS - 2 * GRID_MS, pictures=5, mean=2.4, most=7),
    ZoneBin(from_ms=TO_MS - GRID_MS, pictures=3, mean=0.0, most=0),
)
ANALYST = "ana"


@pytest.fixture
def counted(world: World, user: httpx.AsyncClient) -> World:
    """Two cameras whose people the archive counted, one of them in the district north."""
    for camera, name in (("cam-1", "=1+1"), ("cam-2", "South gate")):
        world.services.devices.changed(camera_status(camera, name=name))
    world.archive.zones = ZoneCounts(
        zones=tuple(ZoneCount(agent_id=AGENT, camera_id=camera, bins=BINS) for camera in ("cam-1", "cam-2")),
        told_to_ms=TO_MS,
        rows_read=16,
    )
    world.services.districts.create("north", "North", actor=USERNAME)
    world.services.districts.set_cameras("north", [CameraKey(AGENT, "cam-1")], actor=USERNAME)
    world.services.users.add(ANALYST, PASSWORD, [GrantRequest(Role.ANALYST, "north")], actor=USERNAME)
    return world


@pytest.fixture
async def ana(counted: World) -> AsyncIterator[httpx.AsyncClient]:
    """An analyst of the district."""
    async with counted.browser() as browser:
        answer = await browser.post("/api/login", json={"username": ANALYST, "password": PASSWORD})
        assert answer.status_code == 200
        yield browser


async def test_counted_people_are_told_as_mean_and_maximum_and_the_question_is_written_down(
    counted: World, user: httpx.AsyncClient
) -> None:
    answer = await user.get("/api/search/zones", params=SPAN | {"camera_id": "cam-1", "case_id": "A-1"})
    assert answer.json()["zones"][0] == {
        "agent_id": AGENT,
        "camera_id": "cam-1",
        "bins": [each.model_dump() for each in BINS],
    }
    (asked,) = counted.archive.zoned
    assert (asked.from_ms, asked.to_ms, asked.bin_ms, asked.camera_id) == (*SPAN.values(), ("cam-1",))
    (entry,) = counted.services.audit.page(limit=1)
    assert entry.action == "people.count"
    assert json.loads(entry.detail) == SPAN | {"camera_id": ["cam-1"], "case_id": "A-1"}


async def test_who_sees_a_district_is_told_of_its_cameras_alone(counted: World, ana: httpx.AsyncClient) -> None:
    found = (await ana.get("/api/search/zones", params=SPAN)).json()
    assert [each["camera_id"] for each in found["zones"]] == ["cam-1"]
    assert counted.archive.zoned[-1].source == (f"{AGENT}/cam-1",)
    nothing = (await ana.get("/api/search/zones", params=SPAN | {"camera_id": "cam-2"})).json()
    assert nothing["zones"] == []
    counted.archive.knows_sources = False
    answer = await ana.get("/api/search/zones", params=SPAN)
    assert (answer.status_code, answer.json()["code"]) == (502, "query_fault")


async def test_the_file_says_what_the_answer_says_and_asks_what_for(counted: World, user: httpx.AsyncClient) -> None:
    refused = await user.get("/api/search/zones.csv", params=SPAN)
    assert (refused.status_code, refused.json()["code"]) == (422, "purpose_missing")
    answer = await user.get("/api/search/zones.csv", params=SPAN | {"purpose": "crossing times"})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert head[-3:] == ["pictures", "people_mean", "people_most"]
    assert [line[2:] for line in lines[:2]] == [
        ["5", AGENT, "cam-1", "'=1+1", "5", "2.4", "7"],
        ["5", AGENT, "cam-1", "'=1+1", "3", "0.0", "0"],
    ]
    assert len(lines) == 4
    assert counted.services.audit.page(limit=1)[0].action == "people.export"


@pytest.mark.parametrize(
    "asked",
    [
        {"bin_ms": 60_000},
        {"bin_ms": GRID_MS * 3 // 2},
        {"from_ms": SPAN["from_ms"] + 1},
        {"to_ms": TO_MS - GRID_MS // 2},
        {"limit": 5},
        {"cursor": "x"},
        {"people": 1},
        {"row_key": "x"},
        *({name: "1"} for name in sorted(Wanted.model_fields)),
    ],
    ids=str,
)
async def test_nothing_finer_and_nothing_else_can_be_asked_of_people(
    counted: World, user: httpx.AsyncClient, asked: dict[str, Any]
) -> None:
    for path in ("/api/search/zones", "/api/search/zones.csv"):
        answer = await user.get(path, params=SPAN | {"purpose": "crossing times"} | asked)
        assert answer.status_code == 422
    assert counted.archive.zoned == []


def test_a_question_about_people_names_cameras_a_span_and_a_reason_and_no_more() -> None:
    assert set(ZoneFilters.model_fields) == set(SourceFilters.model_fields) | set(ZoneSpan.model_fields)
    assert set(SourceFilters.model_fields) == {"camera_id", "area", "case_id", "purpose"}
