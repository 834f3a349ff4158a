"""Jobs: who may order what, what is sent and audited, what is sent again, and how each end is shown."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from center.tasks.errors import StartNotAuthorisedError, TasksOffError
from center.tasks.jobs import LAPSES_MS
from center.tasks.sender import CommandSender
from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.causes import recorders
from provisioning.contracts.fleet.commands import LIFE_MS, MAX_OPEN_JOBS, JobPhase, Verb
from provisioning.contracts.fleet.documents import Power
from provisioning.contracts.wire.messages import SourceKind
from provisioning.signing.documents import SealKey
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT, NOW_MS
from tests.center.tasks.job_agent import JobAgent
from tests.center.world import camera_status, heartbeat, tasks_config

pytestmark = pytest.mark.anyio

HOUR_MS = 3_600_000
SPAN = {"kind": "span", "started_at_ms": NOW_MS - 2 * HOUR_MS, "ended_at_ms": NOW_MS - HOUR_MS}
LIVE = {"kind": "live", "minutes": 60, "max_per_second": 5}


@pytest.fixture
def agent(world: World) -> JobAgent:
    """An agent with three live cameras, two of which have a recorder."""
    for camera_id, has_recorder in (("cam-1", True), ("cam-2", True), ("cam-3", False)):
        status = camera_status(camera_id, name=f"Camera {camera_id}")
        world.services.devices.changed(
            status.model_copy(update={"source": SourceKind.RTSP, "has_recorder": has_recorder})
        )
    agent = JobAgent(AGENT, world.seal_key.seal, world.clock, world.mailbox.deliver)
    agent.report(None)
    come(world)
    return agent


def come(world: World) -> None:
    """The agent is heard again."""
    world.services.devices.heard(heartbeat())


def hand_over(world: World, agent: JobAgent) -> None:
    """All that is sent arrives, one order after another, and the agent's answers come back."""
    while world.line.sent:
        agent.accept(*world.line.sent.pop(0))
        world.services.jobs.follow()


def body(*cameras: str, work: dict[str, Any] = SPAN, **changes: Any) -> dict[str, Any]:
    return {"cameras": [f"{AGENT}/{each}" for each in cameras], "work": work, "purpose": "a stolen bicycle", **changes}


async def begun(user: httpx.AsyncClient, *cameras: str, **changes: Any) -> list[dict[str, Any]]:
    answer = await user.post("/api/jobs", json=body(*cameras, **changes))
    assert answer.status_code == 201, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def job(user: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    items = (await user.get("/api/jobs")).json()["items"]
    one: dict[str, Any] = next(each for each in items if each["id"] == job_id)
    return one


def audited(world: World, prefix: str = "task.") -> list[tuple[str, dict[str, Any]]]:
    page = world.services.audit.page(limit=30, action=prefix)
    return [(entry.action, json.loads(entry.detail)) for entry in reversed(page)]


async def test_a_span_of_two_cameras_is_ordered_followed_and_kept_when_the_agent_has_forgotten_it(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    ordered = await begun(user, "cam-1", "cam-2")
    assert [(each["phase"], each["order"]["state"], each["share"]) for each in ordered] == [
        ("ordered", "asked", None)
    ] * 2
    assert len(world.line.sent) == 1  # one at a time, so that each has its answer
    hand_over(world, agent)
    first = next(each["id"] for each in ordered if each["camera_id"] == "cam-1")
    assert {command.camera_id for command in agent.taken} == {"cam-1", "cam-2"}
    reached = NOW_MS - 2 * HOUR_MS + HOUR_MS // 4
    agent.change(first, reached_ms=reached, selected=41, spooled=39, dropped={"duplicate": 2}, speed=3.5)
    world.services.jobs.follow()
    running = await job(user, first)
    assert (running["phase"], running["share"], running["pictures"]) == ("running", 0.25, 41)
    assert (running["dropped"], running["speed"], running["name"]) == (2, 3.5, "Camera cam-1")
    agent.change(first, phase=JobPhase.DONE, ended_at_ms=NOW_MS + 1, selected=164)
    world.services.jobs.follow()
    agent.jobs.clear()
    agent.report(None)
    world.services.jobs.follow()
    done = await job(user, first)
    assert (done["phase"], done["share"], done["pictures"], done["ended_at_ms"]) == ("done", 1.0, 164, NOW_MS + 1)
    other = next(each["id"] for each in ordered if each["id"] != first)
    assert (await job(user, other))["phase"] == "lost"
    entries = audited(world)
    assert [action for action, _ in entries] == ["task.start", "task.start"]
    assert all(said["purpose"] == "a stolen bicycle" and said["work"]["kind"] == "span" for _, said in entries)
    assert {(said["agent_id"], said["camera_id"]) for _, said in entries} == {(AGENT, "cam-1"), (AGENT, "cam-2")}


async def test_a_live_stream_is_analysed_more_often_for_an_hour_from_now(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    (live,) = await begun(user, "cam-3", work=LIVE)
    hand_over(world, agent)
    assert live["work"] == {"kind": "live", "until_ms": NOW_MS + HOUR_MS, "max_per_second": 5.0}
    world.clock.now_ms += HOUR_MS // 2
    world.services.jobs.follow()
    assert ((await job(user, live["id"]))["phase"], (await job(user, live["id"]))["share"]) == ("running", 0.5)


async def test_what_an_agent_that_is_away_does_not_answer_is_sent_again_and_audited_once(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    world.clock.now_ms += 10 * 60_000
    (waiting,) = await begun(user, "cam-1")
    assert (waiting["phase"], waiting["order"]["hold"], world.line.sent) == ("ordered", "agent_away", [])
    come(world)
    world.services.jobs.follow()
    lost = world.line.sent.pop()  # the broker drops it after two minutes
    world.services.jobs.follow()
    assert world.line.sent == []
    world.clock.now_ms += LIFE_MS
    come(world)
    world.services.jobs.follow()
    assert len(world.line.sent) == 1
    assert world.line.sent[0] != lost
    world.clock.now_ms += LIFE_MS
    come(world)
    assert ((await job(user, waiting["id"]))["order"])["hold"] == "no_answer"
    world.line.sent.clear()
    world.services.jobs.follow()
    hand_over(world, agent)
    assert (await job(user, waiting["id"]))["phase"] == "running"
    assert [action for action, _ in audited(world)] == ["task.start"]


async def test_an_order_that_no_agent_takes_lapses(world: World, user: httpx.AsyncClient, agent: JobAgent) -> None:
    world.clock.now_ms += 10 * 60_000
    (span,) = await begun(user, "cam-1")
    (live,) = await begun(user, "cam-3", work=LIVE)
    world.clock.now_ms += HOUR_MS
    world.services.jobs.follow()
    assert ((await job(user, span["id"]))["phase"], (await job(user, live["id"]))["phase"]) == ("ordered", "lapsed")
    world.clock.now_ms += LAPSES_MS
    world.services.jobs.follow()
    async with world.browser() as again:
        await again.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
        assert (await job(again, span["id"]))["phase"] == "lapsed"
    assert world.line.sent == []


async def test_a_job_is_paused_ranked_resumed_and_cancelled(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    (one,) = await begun(user, "cam-1")
    path = f"/api/jobs/{one['id']}"
    early = await user.post(f"{path}/pause")
    assert (early.status_code, early.json()["code"]) == (409, "job_state")
    hand_over(world, agent)
    asked = (await user.post(f"{path}/pause")).json()
    assert (asked["phase"], asked["order"]["verb"], asked["order"]["state"]) == ("running", "pause", "asked")
    hand_over(world, agent)
    paused = await job(user, one["id"])
    assert (paused["phase"], paused["order"]["state"], paused["order"]["by"]) == ("paused", "taken", USERNAME)
    await user.put(f"{path}/priority", json={"priority": "first"})
    hand_over(world, agent)
    await user.post(f"{path}/resume")
    hand_over(world, agent)
    assert ((await job(user, one["id"]))["phase"], (await job(user, one["id"]))["priority"]) == ("running", "first")
    await user.post(f"{path}/cancel")
    hand_over(world, agent)
    assert (await job(user, one["id"]))["phase"] == "cancelled"
    assert (await user.post(f"{path}/cancel")).json()["code"] == "job_state"
    actions = ["task.start", "task.pause", "task.priority", "task.resume", "task.cancel"]
    assert [action for action, _ in audited(world)] == actions
    verbs = [Verb.START, Verb.PAUSE, Verb.PRIORITY, Verb.RESUME, Verb.CANCEL]
    assert [command.verb for command in agent.taken] == verbs


async def test_a_job_that_its_agent_never_got_is_cancelled_at_once_and_one_that_was_sent_by_the_agent(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    world.clock.now_ms += 10 * 60_000
    (unsent,) = await begun(user, "cam-1")
    assert (await user.post(f"/api/jobs/{unsent['id']}/cancel")).json()["phase"] == "cancelled"
    come(world)
    (sent,) = await begun(user, "cam-2")
    world.line.sent.clear()  # on its way when the agent went away
    assert (await user.post(f"/api/jobs/{sent['id']}/cancel")).json()["phase"] == "ordered"
    hand_over(world, agent)
    assert (await job(user, sent["id"]))["phase"] == "cancelled"
    assert [command.verb for command in agent.taken] == [Verb.CANCEL]


async def test_a_refusal_and_a_failure_have_their_cause_and_remedy(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    agent.refuses = recorders.NO_RECORDER()
    (refused,) = await begun(user, "cam-1")
    hand_over(world, agent)
    said = await job(user, refused["id"])
    assert (said["phase"], said["reason"]["code"]) == ("refused", "no_recorder")
    assert "give one in [[recorders]]" in said["cause"]
    agent.refuses = None
    (failed,) = await begun(user, "cam-2")
    hand_over(world, agent)
    agent.change(failed["id"], phase=JobPhase.FAILED, ended_at_ms=NOW_MS, reason=causes.NOTHING_CAME())
    world.services.jobs.follow()
    said = await job(user, failed["id"])
    assert (said["phase"], said["reason"]["code"]) == ("failed", "job_nothing_came")


async def test_what_cannot_be_done_is_refused_before_anything_is_sent(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    later = SPAN | {"ended_at_ms": NOW_MS + 1}
    longer = SPAN | {"started_at_ms": NOW_MS - 26 * HOUR_MS}
    for asked, expected in (
        (body("cam-3"), (409, "no_recorder")),
        (body("cam-1", "nothing"), (404, "unknown_camera")),
        (body("cam-1", work=later), (422, "span_ahead")),
        (body("cam-1", work=longer), (422, "span_too_long")),
        (body("cam-1", work=LIVE | {"minutes": 481}), (422, "invalid_request")),
        (body("cam-1", purpose="x"), (422, "invalid_request")),
        (body(), (422, "invalid_request")),
    ):
        answer = await user.post("/api/jobs", json=asked)
        assert (answer.status_code, answer.json()["code"]) == expected
    assert (world.line.sent, audited(world)) == ([], [])
    for _turn in range(MAX_OPEN_JOBS // 2):
        await begun(user, "cam-1", "cam-2")
    full = await user.post("/api/jobs", json=body("cam-1"))
    assert (full.status_code, full.json()["code"]) == (409, "too_many_jobs")


async def test_only_a_role_that_may_and_sees_the_camera_orders_and_steers_jobs(
    world: World, user: httpx.AsyncClient, agent: JobAgent
) -> None:
    (one,) = await begun(user, "cam-2")
    hand_over(world, agent)
    world.services.districts.create("north", "North", actor=USERNAME)
    world.services.districts.set_cameras("north", [CameraKey(AGENT, "cam-1")], actor=USERNAME)
    for name, given in (
        ("ona", GrantRequest(Role.OPERATOR)),
        ("ann", GrantRequest(Role.ANALYST, "north")),
        ("tom", GrantRequest(Role.TECHNICIAN)),
    ):
        world.services.users.add(name, PASSWORD, [given], actor=USERNAME)
    for name, method, path, asked, expected in (
        ("ona", "POST", "/api/jobs", body("cam-1"), "forbidden"),
        ("tom", "POST", "/api/jobs", body("cam-1"), "forbidden"),
        ("ann", "POST", "/api/jobs", body("cam-1", "cam-2"), "unknown_camera"),
        ("ann", "POST", f"/api/jobs/{one['id']}/pause", None, "unknown_job"),
        ("ann", "POST", "/api/jobs/0000/pause", None, "unknown_job"),
        ("ann", "POST", "/api/jobs", body("cam-1"), None),
        ("ona", "POST", f"/api/jobs/{one['id']}/pause", None, None),
    ):
        async with world.browser() as browser:
            await browser.post("/api/login", json={"username": name, "password": PASSWORD})
            assert (await browser.request(method, path, json=asked)).json().get("code") == expected, (name, path)
            if name == "ann" and expected is None:
                seen = (await browser.get("/api/jobs")).json()["items"]
                assert {each["camera_id"] for each in seen} == {"cam-1"}


def test_a_key_without_that_power_begins_nothing(tmp_path: Path) -> None:
    config = tasks_config(tmp_path, SealKey.create(tmp_path / "seal.key"), may=(Power.CONTROL,))
    sender = CommandSender(lambda _topic, _payload, _expiry_s: True, config)
    sender.check(Power.CONTROL)
    with pytest.raises(StartNotAuthorisedError):
        sender.check(Power.START)
    with pytest.raises(TasksOffError):
        CommandSender(lambda _topic, _payload, _expiry_s: True, None).check(Power.CONTROL)
