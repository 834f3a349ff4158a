"""A month that is closed stays as it was published: later changes reach it only as a further version, with a name."""

import csv
import io
from typing import Any

import httpx
import openpyxl
import pytest

from bench.center.assessment.fleet import MONTH, lay_down
from center.access.permissions import EVERYWHERE
from center.assessment.maintenance import Plan
from center.assessment.months import CLOSES_AFTER_MS
from center.assessment.settings import Settings
from tests.center.conftest import USERNAME, World

pytestmark = pytest.mark.anyio
BASE = "/api/assessment"
HOUR_MS = 3_600_000


@pytest.fixture
def fleet(world: World) -> World:
    """Twenty cameras with facts of a day and a bit of `MONTH`; it closes at the first look after four more days."""
    lay_down(world.store, cameras=20, faults_each=1, hours=30)
    judged = world.services.assessment.assessor.judged(MONTH, sight=EVERYWHERE)
    assert judged.version is None
    end_ms = world.services.assessment.assessor.months._parse(MONTH).to_ms
    world.clock.now_ms = end_ms + CLOSES_AFTER_MS
    world.services.assessment.settings.change(Settings(), actor=USERNAME)
    return world


@pytest.fixture
async def technician(fleet: World, user: httpx.AsyncClient) -> httpx.AsyncClient:
    answer = await user.post("/api/login", json={"username": USERNAME, "password": "seven wet umbrellas"})
    assert answer.status_code == 200
    return user


async def report(user: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await user.get(f"{BASE}/report", params={"period": MONTH, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def change_everything(world: World) -> None:
    """What could make a month look better: excuse all of it, lower a threshold, forget half of the cameras."""
    assessment = world.services.assessment
    span = assessment.assessor.months._parse(MONTH)
    plan = Plan(scope="fleet", from_ms=span.from_ms, to_ms=span.to_ms, reason="it was all planned")
    assessment.maintenance.enter(plan, actor="mallory")
    before = assessment.settings.load()
    assessment.settings.change(
        before.model_copy(update={"pass_at": dict.fromkeys(before.pass_at, 0.0)}), actor="mallory"
    )
    assessment.register.take(b"agent_id,camera_id,district\nagent-000,cam-0000,Elsewhere\n", actor="m", replace=True)


async def test_a_later_change_does_not_reach_a_published_month(fleet: World, technician: httpx.AsyncClient) -> None:
    published = await report(technician)
    assert (published["version"]["version"], published["version"]["published_by"]) == (1, "(centre)")
    files = [
        (await technician.get(f"{BASE}/export", params={"period": MONTH, "form": form})).content
        for form in ("csv", "pdf")
    ]
    change_everything(fleet)
    assert await report(technician) == published
    again = [
        (await technician.get(f"{BASE}/export", params={"period": MONTH, "form": form})).content
        for form in ("csv", "pdf")
    ]
    assert again == files
    cameras = (await technician.get(f"{BASE}/cameras", params={"period": MONTH})).json()["items"]
    assert "Elsewhere" not in {camera["district"] for camera in cameras}


async def test_a_month_that_nobody_looked_at_is_closed_before_the_first_change(
    fleet: World, technician: httpx.AsyncClient
) -> None:
    change_everything(fleet)
    assert (await report(technician))["fleet"]["hours_excused"] == 0


async def test_a_correction_is_a_further_version_with_a_name(fleet: World, technician: httpx.AsyncClient) -> None:
    first = await report(technician)
    change_everything(fleet)
    body = {"name": "the register had the wrong district"}
    made = await technician.post(f"{BASE}/months/{MONTH}/versions", json=body)
    assert made.status_code == 201, made.text
    corrected = await report(technician)
    assert corrected["version"] == made.json()
    assert (made.json()["version"], made.json()["published_by"]) == (2, USERNAME)
    assert corrected["fleet"]["hours_excused"] > 0
    assert await report(technician, version=1) == first
    listed = (await technician.get(f"{BASE}/months/{MONTH}/versions")).json()
    assert [(each["version"], each["name"]) for each in listed] == [(1, ""), (2, body["name"])]
    assert fleet.services.audit.page(limit=1)[0].action == "assessment.month_corrected"
    missing = await technician.get(f"{BASE}/report", params={"period": MONTH, "version": 3})
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_month_version")


async def test_every_file_of_a_correction_names_it_and_those_of_the_first_version_do_not(
    fleet: World, technician: httpx.AsyncClient
) -> None:
    async def file(form: str, **version: int) -> bytes:
        asked: dict[str, str | int] = {"period": MONTH, "form": form, **version}
        return (await technician.get(f"{BASE}/export", params=asked)).content

    first = await file("csv")
    change_everything(fleet)
    name = "=1+1, the register had the wrong district"
    await technician.post(f"{BASE}/months/{MONTH}/versions", json={"name": name})
    said = f"v2: '{name}"
    head, *rows = csv.reader(io.StringIO((await file("csv")).decode("utf-8-sig"), newline=""))
    assert head[-1] == "版本 Version"
    assert {row[-1] for row in rows} == {said}
    for sheet in openpyxl.load_workbook(io.BytesIO(await file("xlsx"))):
        head, *rows = sheet.iter_rows(values_only=True)
        assert head[-1] == "版本 Version", sheet.title
        assert {row[-1] for row in rows} <= {said}, sheet.title
    assert await file("csv", version=1) == first
    assert "版本 Version" not in first.decode("utf-8-sig")


async def test_a_month_that_is_not_over_is_as_it_stands_and_cannot_be_corrected(
    world: World, user: httpx.AsyncClient
) -> None:
    lay_down(world.store, cameras=4, faults_each=1, hours=30)
    assert (await report(user))["version"] is None
    refused = await user.post(f"{BASE}/months/{MONTH}/versions", json={"name": "early"})
    assert (refused.status_code, refused.json()["code"]) == (409, "month_open")
    assert (await user.get(f"{BASE}/months/{MONTH}/versions")).json() == []


async def test_a_month_without_a_camera_in_service_is_not_kept(fleet: World, technician: httpx.AsyncClient) -> None:
    for month in ("1970-01", "0001-01", "2025-02"):
        answer = await technician.get(f"{BASE}/report", params={"period": month})
        assert (answer.status_code, answer.json().get("version")) == (200, None)


async def test_what_is_kept_reads_back_as_it_was_judged(fleet: World) -> None:
    assessor = fleet.services.assessment.assessor
    kept, judged = assessor.judged(MONTH, sight=EVERYWHERE), assessor._judge(MONTH)
    assert (kept.report, kept.windows, kept.gaps) == (judged.report, judged.windows, judged.gaps)
