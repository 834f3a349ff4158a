"""Pictures of very low quality come as one list, worst first, beside the verdict on their camera in the period."""

import csv
import io
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.center.assessment.fleet import lay_down
from bench.center.assessment.plan import FAULTS
from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from center.assessment.indicators import Indicator
from center.assessment.period import parse
from center.search import low_quality
from center.search.low_quality import QualityFault, faults
from provisioning.contracts import ids
from provisioning.contracts.query.search import LOW_QUALITY
from provisioning.contracts.wire.messages import PictureCheck, Quality
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import observation

pytestmark = pytest.mark.anyio

PERIOD = "2026-11-01"
DAY = parse(PERIOD)
GOOD = Quality(sharpness=0.8, brightness=0.6, contrast=0.5)
BLURRED = Quality(sharpness=0.2, brightness=0.6, contrast=0.5)
BLACK = Quality(sharpness=0.0, brightness=0.01, contrast=0.02)


def _archive(world: World, camera: CameraKey, quality: Quality, number: int, at_ms: int = DAY.from_ms) -> str:
    row, jpeg = observation(camera.camera_id, at_ms + number * 60_000, number)
    key = ids.row_key(camera.agent_id, row.snapshot.observation_id)
    snapshot = row.snapshot.model_copy(update={"agent_id": camera.agent_id, "row_key": key, "quality": quality})
    world.archive.add(row.model_copy(update={"snapshot": snapshot}), jpeg)
    return key


@pytest.fixture
def fleet(world: World) -> tuple[CameraKey, CameraKey]:
    """A camera whose picture quality fails since it is blurred, and one whose passes, in another district."""
    planted = lay_down(world.store, cameras=len(FAULTS) + 8, faults_each=1, hours=30)
    faulty = next(each.key for each in planted if each.found == {Indicator.SNAPSHOT: PictureCheck.BLURRED.value})
    return faulty, planted[0].key


@pytest.fixture
def street(world: World, fleet: tuple[CameraKey, CameraKey]) -> list[str]:
    """A black picture of the camera that fails, a blurred one of the other; good ones; one of the day before."""
    faulty, other = fleet
    _archive(world, faulty, GOOD, 1)
    _archive(world, other, GOOD, 2)
    _archive(world, other, BLACK, 3, DAY.from_ms - 3_600_000)
    return [_archive(world, faulty, BLACK, 4), _archive(world, other, BLURRED, 5)]


async def _csv(browser: httpx.AsyncClient, **params: Any) -> list[dict[str, str]]:
    answer = await browser.get("/api/search/low-quality.csv", params={"period": PERIOD, "purpose": "month"} | params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Complete"] == "true"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_pictures_come_worst_first_with_their_faults_and_their_cameras_verdict(
    user: httpx.AsyncClient, street: list[str]
) -> None:
    lines = await _csv(user)
    assert [line["row_key"] for line in lines] == street
    assert [line["faults"] for line in lines] == ["blurred exposure flat", "blurred"]
    assert [line["picture_quality"] for line in lines] == ["fail", "pass"]
    assert lines[0]["cause"] == "blurred"
    assert float(lines[0]["picture_quality_rate"]) < float(lines[1]["picture_quality_rate"]) == 1


async def test_a_district_has_its_own_cameras_alone(user: httpx.AsyncClient, street: list[str]) -> None:
    districts = {line["row_key"]: line["district"] for line in await _csv(user)}
    assert len(set(districts.values())) == 2
    for key, district in districts.items():
        assert [line["row_key"] for line in await _csv(user, district=district)] == [key]
    assert await _csv(user, district="nowhere") == []


async def test_a_purpose_is_asked_for_and_stands_in_the_audit(
    world: World, user: httpx.AsyncClient, street: list[str]
) -> None:
    refused = await user.get("/api/search/low-quality.csv", params={"period": PERIOD})
    assert (refused.status_code, refused.json()["code"]) == (422, "purpose_missing")
    await _csv(user)
    entries = {entry.action: entry.detail for entry in world.services.audit.page(limit=10)}
    assert '"purpose":"month"' in entries["low_quality.export"].replace(" ", "")
    assert "low_quality" in entries["observations.search"]


async def test_who_sees_one_district_is_told_of_its_cameras_alone(
    world: World, fleet: tuple[CameraKey, CameraKey], street: list[str]
) -> None:
    world.make_account()
    world.services.districts.create("north", "North", actor=USERNAME)
    world.services.districts.set_cameras("north", [fleet[1]], actor=USERNAME)
    world.services.users.add("ana", PASSWORD, [GrantRequest(Role.ANALYST, "north")], actor=USERNAME)
    async with world.browser() as browser:
        assert (await browser.post("/api/login", json={"username": "ana", "password": PASSWORD})).status_code == 200
        assert [line["row_key"] for line in await _csv(browser)] == street[1:]


async def test_a_period_that_is_none_is_refused(user: httpx.AsyncClient) -> None:
    answer = await user.get("/api/search/low-quality.csv", params={"period": "2026-13", "purpose": "month"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_period")


async def test_a_long_list_is_cut_and_says_so(
    user: httpx.AsyncClient, street: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(low_quality, "MAX_PICTURES", 1)
    params = {"period": PERIOD, "purpose": "month"}
    answer = await user.get("/api/search/low-quality.csv", params=params)
    assert answer.headers["X-Complete"] == "false"
    _head, newest, last = answer.content.decode("utf-8-sig").splitlines()
    assert street[1] in newest
    assert "choose a shorter period" in last


scores = st.sampled_from([0.0, 0.1, 0.15, 0.1999, 0.2, 0.2499, 0.25, 0.5, 1.0])


@given(scores, scores, scores)
def test_a_picture_has_a_fault_for_each_score_below_its_limit(sharp: float, bright: float, contrast: float) -> None:
    found = faults(Quality(sharpness=sharp, brightness=bright, contrast=contrast))
    below = {"sharpness": sharp < 0.25, "brightness": bright < 0.2, "contrast": contrast < 0.15}
    assert {fault.value for fault in found} == {name for name, is_below in below.items() if is_below}
    assert {fault.value for fault in QualityFault} == set(LOW_QUALITY)
