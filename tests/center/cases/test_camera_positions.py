"""A camera's place is the same in an area search, on the map, in a case and in the assessment, whoever told of it."""

from dataclasses import dataclass
from typing import Any

import pytest

from center.access.permissions import EVERYWHERE, CameraKey
from provisioning.contracts.wire.messages import CameraStatus
from tests.center.cases.conftest import NUMBER, Street
from tests.center.conftest import USERNAME
from tests.center.street import AGENT
from tests.center.world import camera_status

pytestmark = pytest.mark.anyio

Place = tuple[float, float]
KEY = CameraKey(AGENT, "cam-2")
NORTH, SOUTH = (30.6, 114.4), (30.5, 114.3)
"""Latitude and longitude."""
NOWHERE = (None, None)
DAY = "2026-11-24"


@dataclass(frozen=True)
class Told:
    """Says where a camera stands: its agent before and now, unless it has taken the camera away; the register."""

    before: Place | None = None
    now: Place | None = None
    is_gone: bool = False
    registered: Place | None = None
    expected: Place | None = None


SOURCES = {
    "agent": Told(now=NORTH, expected=NORTH),
    "agent before register": Told(now=NORTH, registered=SOUTH, expected=NORTH),
    "agent moved it": Told(before=SOUTH, now=NORTH, expected=NORTH),
    "register": Told(registered=SOUTH, expected=SOUTH),
    "register, since the agent tells no more": Told(before=NORTH, registered=SOUTH, expected=SOUTH),
    "register, never reported": Told(is_gone=True, registered=SOUTH, expected=SOUTH),
    "gone": Told(before=NORTH, is_gone=True, expected=NORTH),
    "gone, before register": Told(before=NORTH, is_gone=True, registered=SOUTH, expected=NORTH),
    "register, none on earth": Told(registered=SOUTH[::-1]),
    "nobody": Told(),
}


def status(place: Place | None) -> CameraStatus:
    latitude, longitude = place or (None, None)
    return camera_status(KEY.camera_id).model_copy(update={"latitude": latitude, "longitude": longitude})


def tell(street: Street, told: Told) -> None:
    services = street.world.services
    row = "" if told.registered is None else f"{AGENT},{KEY.camera_id},{told.registered[0]},{told.registered[1]}\n"
    services.assessment.register.take(
        f"agent_id,camera_id,latitude,longitude\n{row}".encode(), actor=USERNAME, replace=True
    )
    if told.before is not None:
        services.devices.changed(status(told.before))
        services.assessment.recorder.tick()
    if told.is_gone:
        services.devices.removed(*KEY)
    else:
        services.devices.changed(status(told.now))


def around(place: Place) -> str:
    latitude, longitude = place
    return " ".join(f"{longitude + x},{latitude + y}" for x, y in ((-0.01, -0.01), (0.01, -0.01), (0, 0.01)))


async def answers(street: Street) -> dict[str, Any]:
    """Where each part of the centre says that it stands."""
    services = street.world.services
    async with street.as_("ana") as ana:
        found = []
        for place in (NORTH, SOUTH):
            answer = await ana.get("/api/observations", params={"area": around(place), "limit": 200})
            assert answer.status_code == 200, answer.text
            found += [place for item in answer.json()["items"][:1] if item["camera_id"] == KEY.camera_id]
        listed = (await ana.get("/api/cameras")).json()
    spots = await services.cases.lookalikes.area(NUMBER, sight=EVERYWHERE)
    return {
        "area search": found,
        "map": [(each["latitude"], each["longitude"]) for each in listed],
        "case": [(each.place.latitude, each.place.longitude) for each in spots],
        "assessment": [
            (card.profile.latitude, card.profile.longitude)
            for card in services.assessment.assessor.judged(DAY, sight=EVERYWHERE).report.cameras
            if card.profile is not None
        ],
    }


@pytest.mark.parametrize("source", SOURCES)
async def test_all_say_the_same_of_where_a_camera_stands(case: Street, source: str) -> None:
    told = SOURCES[source]
    tell(case, told)
    case.world.services.assessment.recorder.tick()
    drawn = [] if told.expected is None else [told.expected]
    assert await answers(case) == {
        "area search": drawn,
        "map": [] if told.is_gone else [told.expected or NOWHERE],
        "case": drawn,
        "assessment": [told.expected or told.registered or NOWHERE],
    }


async def test_the_api_has_the_place_of_one_camera_that_the_register_alone_knows(case: Street) -> None:
    tell(case, SOURCES["register"])
    async with case.as_("ana") as ana:
        one = (await ana.get(f"/api/cameras/{AGENT}/{KEY.camera_id}")).json()
    assert (one["latitude"], one["longitude"]) == SOUTH
