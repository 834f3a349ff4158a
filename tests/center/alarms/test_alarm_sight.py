"""Alarms of cameras out of sight are not there: in no list, by no number, in no stream, and not to be acted on."""

from collections.abc import AsyncIterator

import httpx
import pytest

from center.access.permissions import NOWHERE, CameraKey, Role, Scope
from center.access.users import GrantRequest
from center.alarms import stream
from center.alarms.visibility import sees
from tests.center.alarms.making import LEFT_HALF, PLACE, hint, machine, seen
from tests.center.alarms.test_alarm_api import deliver, enforce
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT

pytestmark = pytest.mark.anyio
OTHER = f"{AGENT}/cam-2"
ZONE = {"name": "yard", "what": {"kind": "zone_entry", "polygon": LEFT_HALF}, "cameras": [PLACE, OTHER], "window_s": 1}
NORTH = Scope(cameras=frozenset({CameraKey(AGENT, "cam-1")}))


@pytest.fixture
async def operator(world: World, user: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Logged in, with a role in a district of `cam-1` alone; alarm 1 is of `cam-2`, alarm 2 of `cam-1`."""
    services = world.services
    services.districts.create("north", "North", actor=USERNAME)
    services.districts.set_cameras("north", [CameraKey(AGENT, "cam-1")], actor=USERNAME)
    services.users.add("ann", PASSWORD, [GrantRequest(Role.OPERATOR, "north")], actor=USERNAME)
    await enforce(user, ZONE)
    deliver(world, hint(seen(machine(), camera="cam-2", key="k1")))
    deliver(world, hint(seen(machine(), key="k2")))
    async with world.browser() as browser:
        answer = await browser.post("/api/login", json={"username": "ann", "password": PASSWORD})
        assert answer.status_code == 200
        yield browser


async def test_a_list_holds_what_is_in_sight(user: httpx.AsyncClient, operator: httpx.AsyncClient) -> None:
    assert [alarm["id"] for alarm in (await user.get("/api/alarms")).json()["items"]] == [2, 1]
    assert [alarm["id"] for alarm in (await operator.get("/api/alarms")).json()["items"]] == [2]


async def test_one_out_of_sight_answers_like_one_that_is_not_there(operator: httpx.AsyncClient) -> None:
    for act in ("", "/acknowledge", "/comment", "/escalate", "/close"):
        method, body = ("POST", {"comment": "mine"}) if act else ("GET", None)
        hidden, missing = [
            await operator.request(method, f"/api/alarms/{number}{act}", json=body) for number in (1, 99)
        ]
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert hidden.json()["code"] == missing.json()["code"] == "unknown_alarm"
    assert (await operator.post("/api/alarms/2/close", json={})).json()["state"] == "closed"


async def test_rules_and_figures_of_the_whole_centre_are_not_a_districts(operator: httpx.AsyncClient) -> None:
    for path in ("/api/rules", "/api/alarms/figures"):
        assert (await operator.get(path)).status_code == 403


async def test_a_stream_tells_what_is_in_sight(world: World, operator: httpx.AsyncClient) -> None:
    room = world.services.alarms

    async def alive() -> bool:
        return True

    async with room.pushes.listening() as listener:
        lines = stream.lines(room.register, room.pushes, listener, 0, alive, NORTH)
        assert "retry" in await anext(lines)
        assert '"camera_id":"cam-1"' in await anext(lines)
        room.pushes.end()
        assert [line async for line in lines] == []


@pytest.mark.parametrize(
    ("agent_id", "camera_id", "expected"),
    [(AGENT, "cam-1", True), (AGENT, "cam-2", False), ("other", "cam-1", False), (AGENT, "", True), ("", "", False)],
    ids=["camera", "another camera", "another agent", "agent", "centre"],
)
def test_who_sees_what(agent_id: str, camera_id: str, *, expected: bool) -> None:
    assert sees(NORTH, agent_id, camera_id) is expected
    assert not sees(NOWHERE, agent_id, camera_id)
