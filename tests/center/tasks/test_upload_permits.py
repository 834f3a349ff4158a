"""A permit to bring recordings from a browser: who gets one, what the audit has of it, and that its desk takes it."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from center.access.permissions import NOWHERE, CameraKey, Role, Scope
from center.access.users import GrantRequest
from center.tasks.sender import CommandSender
from center.tasks.upload_permits import UploadPermits
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.config.processes import Desk, Provisioning
from provisioning.contracts.config.tasks import Tasks
from provisioning.contracts.fleet.documents import Power
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraStatus, SourceKind
from provisioning.signing.documents import SealKey
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import NOW_MS
from tests.center.world import camera_status, heartbeat, warrant
from tests.edge_agent.world import FakeClock

pytestmark = pytest.mark.anyio

CONSOLE = "https://centre.test"
DESK_URL = "https://desk.test:8446"
PERMIT = "/api/tasks/desk/{}/upload-permit"


def camera(camera_id: str, source: SourceKind = SourceKind.UPLOAD) -> CameraStatus:
    return camera_status(camera_id).model_copy(update={"agent_id": "desk", "source": source})


@pytest.fixture
def desk(world: World, tmp_path: Path) -> TaskOrders:
    """The agent's side, which verifies without asking the centre."""
    provisioning = Provisioning(
        host="x", seal_key_file=tmp_path / "seal.pub", secrets_key_file=tmp_path, documents_dir=tmp_path
    )
    orders = TaskOrders(tmp_path, "desk", provisioning, FakeClock(NOW_MS))
    settings = Desk(
        tls_cert_file=tmp_path, tls_key_file=tmp_path, token_file=tmp_path, public_url=DESK_URL, console_url=CONSOLE
    )
    orders.serve(["stolen", "gate"], desk=settings)
    world.services.devices.heard(heartbeat().model_copy(update={"agent_id": "desk"}))
    for status in (camera("stolen"), camera("gate"), camera("cam-1", SourceKind.RTSP)):
        world.services.devices.changed(status)
    tell(world, orders)
    return orders


def tell(world: World, orders: TaskOrders) -> None:
    told = orders.report()
    assert told is not None
    world.mailbox.deliver(topics.tasks(told.agent_id), codec.encode(told))


async def ask(user: httpx.AsyncClient, camera_id: str = "stolen", **more: Any) -> tuple[int, Any]:
    headers = more.pop("headers", {"Origin": CONSOLE})
    answer = await user.post(PERMIT.format(camera_id), json={"purpose": "theft 失窃"} | more, headers=headers)
    return answer.status_code, answer.json()


async def test_the_desk_takes_the_permit_and_the_audit_has_it(
    world: World, user: httpx.AsyncClient, desk: TaskOrders
) -> None:
    status, told = await ask(user)
    assert (status, told["url"]) == (200, DESK_URL)
    permit = desk.open_permit(told["permit"])
    assert (permit.agent_id, permit.camera_id, permit.origin) == ("desk", "stolen", CONSOLE)
    assert (permit.actor, permit.purpose, permit.id) == (USERNAME, "theft 失窃", told["id"])
    assert permit.expires_at_ms - permit.issued_at_ms == told["lasts_ms"] == 600_000
    _, further = await ask(user, renews=told["id"])
    newest, first = world.services.audit.page(limit=2, action="task.upload")
    assert json.loads(first.detail) == {
        "agent_id": "desk", "camera_id": "stolen", "permit": told["id"], "purpose": "theft 失窃",
    }  # fmt: skip
    after = json.loads(newest.detail)
    assert (after["permit"], after["renews"]) == (further["id"], told["id"])


async def test_a_program_gets_one_for_the_console_that_the_desk_names(
    user: httpx.AsyncClient, desk: TaskOrders
) -> None:
    _, told = await ask(user, headers={})
    assert desk.open_permit(told["permit"]).origin == CONSOLE


async def test_each_refusal_has_its_word(
    world: World, user: httpx.AsyncClient, desk: TaskOrders, tmp_path: Path
) -> None:
    assert (await ask(user, "nowhere"))[1]["code"] == "unknown_camera"
    assert (await ask(user, "cam-1"))[1]["code"] == "not_a_task"
    assert (await ask(user, purpose="  "))[1]["code"] == "purpose_missing"
    assert (await ask(user, purpose="x" * 201))[0] == 422
    assert (await ask(user, renews="../etc"))[0] == 422
    assert (await ask(user, headers={"Origin": "http://centre.test"}))[1]["code"] == "other_console"
    assert (await ask(user, headers={"Origin": "https://evil.test"}))[1]["code"] == "foreign_origin"
    desk.serve(["stolen"])
    tell(world, desk)
    assert (await ask(user))[1]["code"] == "no_desk"
    assert world.services.audit.page(limit=1, action="task.upload") == ()


async def test_an_account_permits_in_its_district_alone_and_only_with_the_role(
    world: World, user: httpx.AsyncClient, desk: TaskOrders
) -> None:
    world.services.districts.create("north", "North", actor=USERNAME)
    world.services.districts.set_cameras("north", [CameraKey("desk", "stolen")], actor=USERNAME)
    for name, role in (("anna", Role.ANALYST), ("timo", Role.TECHNICIAN)):
        world.services.users.add(name, PASSWORD, [GrantRequest(role, "north")], actor=USERNAME)
    for name, answers in (("anna", (None, "unknown_camera")), ("timo", ("forbidden", "forbidden"))):
        async with world.browser() as browser:
            await browser.post("/api/login", json={"username": name, "password": PASSWORD})
            told = [(await ask(browser, camera_id))[1].get("code") for camera_id in ("stolen", "gate")]
            assert tuple(told) == answers
    listed = world.services.upload_permits.desks
    assert listed(NOWHERE) == ()
    (one,) = listed(Scope(cameras=frozenset({CameraKey("desk", "stolen")})))
    assert [camera_id for camera_id, _ in one.cameras] == ["stolen"]


async def test_a_warrant_without_the_power_gives_no_permits(world: World, tmp_path: Path) -> None:
    seal, key = SealKey.create(tmp_path / "a.key"), SealKey.create(tmp_path / "b.key")
    file = tmp_path / "control.warrant"
    file.write_bytes(codec.encode(warrant(seal, key, may=(Power.CONTROL,))))
    config = Tasks(key_file=tmp_path / "b.key", warrant_file=file)
    services = world.services
    sender = CommandSender(world.line.publish, config)
    permits = UploadPermits(services.audit._store, services.audit, services.devices, sender, services.now_ms)
    assert not permits.is_on
