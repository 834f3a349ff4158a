"""An order to a parse task: who may give it, what is sent and audited, and that only the agent confirms it."""

import json
from typing import Any

import httpx
import pytest

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.config.processes import Provisioning
from provisioning.contracts.fleet.commands import LIFE_MS, TaskReport
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraStatus, Heartbeat, SourceKind
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import NOW_MS
from tests.center.world import camera_status, heartbeat
from tests.edge_agent.world import FakeClock

pytestmark = pytest.mark.anyio

TASK = "/api/tasks/desk/stolen"


def camera(camera_id: str, source: SourceKind = SourceKind.UPLOAD) -> CameraStatus:
    return camera_status(camera_id).model_copy(update={"agent_id": "desk", "source": source})


def beat() -> Heartbeat:
    return heartbeat().model_copy(update={"agent_id": "desk"})


@pytest.fixture
def desk(world: World, tmp_path: Any) -> TaskOrders:
    """The agent's side, with the seal that the centre's warrant is by."""
    provisioning = Provisioning(
        host="x", seal_key_file=tmp_path / "seal.pub", secrets_key_file=tmp_path, documents_dir=tmp_path
    )
    orders = TaskOrders(tmp_path, "desk", provisioning, FakeClock(NOW_MS))
    orders.serve(["stolen", "gate"])
    world.services.devices.heard(beat())
    for status in (camera("stolen"), camera("gate"), camera("cam-1", SourceKind.RTSP)):
        world.services.devices.changed(status)
    return orders


def hand_over(world: World, desk: TaskOrders) -> None:
    """What was sent arrives, and the agent's word comes back."""
    topic, payload = world.line.sent[-1]
    assert topic == topics.commands("desk")
    desk.accept(payload)
    tell(world, desk.report())


def tell(world: World, told: TaskReport | None) -> None:
    assert told is not None
    world.mailbox.deliver(topics.tasks(told.agent_id), codec.encode(told))


async def task(user: httpx.AsyncClient, camera_id: str = "stolen") -> dict[str, Any]:
    found = (await user.get("/api/tasks")).json()["tasks"]
    one: dict[str, Any] = next(each for each in found if each["camera_id"] == camera_id)
    return one


async def test_an_order_is_asked_until_the_agent_has_confirmed_it(
    world: World, user: httpx.AsyncClient, desk: TaskOrders
) -> None:
    tell(world, desk.report())
    assert (await task(user))["priority"] == "normal"
    asked = await user.post(f"{TASK}/pause")
    assert (asked.status_code, asked.json()["state"]) == (200, "asked")
    before = await task(user)
    assert (before["state"], before["asked"]["state"], before["asked"]["by"]) == ("idle", "asked", USERNAME)
    hand_over(world, desk)
    after = await task(user)
    assert (after["state"], after["asked"]["state"]) == ("paused", "taken")
    await user.put(f"{TASK}/priority", json={"priority": "last"})
    hand_over(world, desk)
    await user.post(f"{TASK}/resume")
    hand_over(world, desk)
    last = await task(user)
    assert (last["state"], last["priority"], (await task(user, "gate"))["priority"]) == ("idle", "last", "normal")
    said = [(entry.action, json.loads(entry.detail)) for entry in world.services.audit.page(limit=9, action="task.")]
    assert [action for action, _ in said] == ["task.resume", "task.priority", "task.pause"]
    assert all((each["agent_id"], each["camera_id"]) == ("desk", "stolen") for _, each in said)
    numbers = [each["number"] for _, each in said]
    assert numbers == sorted(numbers, reverse=True)


async def test_an_agent_that_says_nothing_has_not_answered(
    world: World, user: httpx.AsyncClient, desk: TaskOrders
) -> None:
    tell(world, desk.report())
    await user.post(f"{TASK}/pause")
    world.clock.now_ms += LIFE_MS
    world.services.devices.heard(beat())
    assert (await task(user))["asked"]["state"] == "unanswered"


async def test_a_live_camera_an_absent_agent_and_what_is_not_there_are_told_nothing(
    world: World, user: httpx.AsyncClient, desk: TaskOrders
) -> None:
    tell(world, desk.report())
    live = await user.post("/api/tasks/desk/cam-1/pause")
    assert (live.status_code, live.json()["code"]) == (409, "not_a_task")
    assert (await user.post("/api/tasks/desk/nothing/pause")).json()["code"] == "unknown_camera"
    assert (await user.put(f"{TASK}/priority", json={"priority": "never"})).status_code == 422
    assert (await user.post(f"{TASK}/redact")).status_code == 404
    world.clock.now_ms += 10 * 60_000
    assert (await user.post(f"{TASK}/pause")).json()["code"] == "agent_away"
    assert world.line.sent == []


async def test_only_a_role_that_may_and_sees_the_camera_gives_orders(
    world: World, user: httpx.AsyncClient, desk: TaskOrders
) -> None:
    tell(world, desk.report())
    world.services.districts.create("north", "North", actor=USERNAME)
    world.services.districts.set_cameras("north", [CameraKey("desk", "gate")], actor=USERNAME)
    for name, given in (("tom", GrantRequest(Role.TECHNICIAN)), ("ona", GrantRequest(Role.OPERATOR, "north"))):
        world.services.users.add(name, PASSWORD, [given], actor=USERNAME)
    for name, path, expected in (
        ("tom", f"{TASK}/pause", "forbidden"),
        ("ona", f"{TASK}/pause", "unknown_camera"),
        ("ona", "/api/tasks/desk/gate/pause", None),
    ):
        async with world.browser() as browser:
            await browser.post("/api/login", json={"username": name, "password": PASSWORD})
            assert (await browser.post(path)).json().get("code") == expected
    assert len(world.line.sent) == 1
