"""The watch over a whole centre: evidence from line, archive and channels to API, history, alarms and health."""

import contextlib
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from center.alarms.rules.inputs import PartFault
from center.app import _faults
from center.fleet.mqtt import SUBSCRIPTIONS
from center.notify.channels import build as build_channels
from center.notify.channels.base import Channel
from center.notify.tables import QuotaRecord
from center.pipeline.broker_figures import STALE_MS, BrokerFigures, BrokerGauges
from center.pipeline.stages import THIRD_PARTIES, Stage
from provisioning.contracts.config.notify import Notify
from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraState, Recording, SourceKind
from tests.center.conftest import World
from tests.center.pipeline.chain import intake, parser
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import camera_status, heartbeat, observed
from tests.support.notify_world import sms

pytestmark = pytest.mark.anyio
FIGURES = {
    "uptime": b"90 seconds",
    "clients/connected": b"4",
    "publish/messages/received": b"120",
    "publish/messages/sent": b"100",
    "publish/messages/dropped": b"0",
    "store/messages/count": b"60",
    "retained messages/count": b"55",
}


def tell(world: World, **changes: bytes) -> None:
    for name, payload in (FIGURES | changes).items():
        world.mailbox.deliver(f"{topics.SYS}/{name}", payload)


def well(world: World) -> None:
    """One agent with a camera, and a cluster that works."""
    world.mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    status = camera_status("cam-1").model_copy(update={"source": SourceKind.RTSP})
    world.mailbox.deliver(topics.camera_status(AGENT, "cam-1"), codec.encode(status))
    tell(world)
    world.archive.intake = intake(1000)
    world.archive.parsers = ParsersStatus(parsers=(parser(),))


async def pipeline(user: httpx.AsyncClient) -> dict[str, Any]:
    answer = await user.get("/api/pipeline")
    assert answer.status_code == 200
    return {each["stage"]: each for each in answer.json()["stages"]}


async def test_the_api_tells_each_stage_in_the_order_of_the_chain(world: World, user: httpx.AsyncClient) -> None:
    well(world)
    stages = await pipeline(user)
    assert list(stages) == [stage.value for stage in Stage if stage not in THIRD_PARTIES]
    states = {name: each["state"] for name, each in stages.items()}
    assert states == dict.fromkeys(stages, "green") | {"platforms": "unknown", "notify": "unknown"}
    assert stages["broker"]["figures"]["queued"] == 5


async def test_a_stage_goes_red_says_since_when_and_recovers(world: World, user: httpx.AsyncClient) -> None:
    well(world)
    await pipeline(user)
    world.clock.now_ms += 10_000
    world.archive.intake = intake(1000, broker_connected=False)
    await world.services.pipeline.look()
    red = (await pipeline(user))["intake"]
    assert (red["state"], red["since_ms"]) == ("red", world.clock.now_ms)
    assert red["causes"][0]["code"] == "intake_no_broker"
    assert "docs/broker.md" in red["causes"][0]["remedy"]
    world.clock.now_ms += 10_000
    world.archive.intake = intake(1010)
    await world.services.pipeline.look()
    green = (await pipeline(user))["intake"]
    assert (green["state"], green["causes"], green["since_ms"]) == ("green", [], world.clock.now_ms)
    history = {each["stage"]: each["points"] for each in (await user.get("/api/pipeline/history?hours=1")).json()}
    assert [point["state"] for point in history["intake"]] == ["red"]  # the worst of its minute
    assert history["intake"][0]["codes"] == ["intake_no_broker"]


async def test_history_is_a_point_a_minute_and_forgets(world: World, user: httpx.AsyncClient) -> None:
    for _ in range(12):
        await world.services.pipeline.look()
        world.clock.now_ms += 20_000
    history = (await user.get("/api/pipeline/history?hours=0.05")).json()
    assert {len(each["points"]) for each in history} == {3}
    assert (await user.get("/api/pipeline/history?hours=nan")).status_code == 422
    assert (await user.get("/api/pipeline/history?hours=0")).status_code == 422


async def test_counters_are_compared_over_the_window_and_not_since_the_last_look(
    world: World, user: httpx.AsyncClient
) -> None:
    well(world)
    for archived in range(1000, 1130, 10):
        world.archive.intake = intake(archived)
        await world.services.pipeline.look()
        world.clock.now_ms += 10_000
    assert (await pipeline(user))["intake"]["figures"]["rate_per_s"] == pytest.approx(1.0)
    assert (await user.get("/api/pipeline")).json()["window_s"] == 60.0


async def test_a_query_that_refuses_is_red_and_the_cluster_unknown(world: World, user: httpx.AsyncClient) -> None:
    well(world)
    await world.services.pipeline.look()
    world.archive.answer = lambda: strange(500)
    await world.services.pipeline.look()
    stages = await pipeline(user)
    assert stages["query"]["state"] == "red"
    assert {stages[name]["state"] for name in ("intake", "parse", "archive", "storage")} == {"unknown"}
    assert stages["agents"]["state"] == "green"


def strange(status: int) -> Response:
    return Response("nothing of ours", status)


async def test_a_hint_without_the_agents_times_tells_no_part_of_the_way(world: World) -> None:
    row, _ = observation("cam-1", NOW_MS - 500, 1)
    world.mailbox.deliver(topics.observed(AGENT), codec.encode(observed(row)))
    look = await world.services.pipeline.look()
    passage = look.sample.passages[0]
    assert (passage.transport_s, passage.edge_s) == (None, None)


async def test_red_stages_are_platform_faults_of_the_alarm_rules(world: World, user: httpx.AsyncClient) -> None:
    rule = {"name": "Chain", "what": {"kind": "platform_fault", "for_s": 0}}
    made = await user.post("/api/rules", json=rule, headers={"Origin": "http://centre.test"})
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    headers = {"Origin": "http://centre.test"}
    assert (await user.post(f"/api/rules/{number}/versions/1/preview", headers=headers)).is_success
    assert (await user.post(f"/api/rules/{number}/on", json={"version": 1, "unseen": True}, headers=headers)).is_success
    well(world)
    await world.services.pipeline.look()
    world.archive.intake = None
    await world.services.pipeline.look()
    parts = partial(_faults, world.services.health, world.services.pipeline)
    await world.services.alarms.tend(parts)
    alarms = world.services.alarms.care.alarms().items
    assert [(each.finding.code, each.finding.cause) for each in alarms] == [
        ("intake", "The intake is not responding: no messages are accepted. Agents keep all pictures.")
    ]
    world.archive.intake = intake(1010)
    await world.services.pipeline.look()
    assert await parts() == {}


async def test_an_amber_stage_is_a_warning_for_the_alarm_rules_and_the_cameras_are_none(world: World) -> None:
    well(world)
    gone = camera_status("cam-1", state=CameraState.OFFLINE, cause="no route")
    world.mailbox.deliver(topics.camera_status(AGENT, "cam-1"), codec.encode(gone))
    world.archive.intake = intake(1000, waiting={"live": 120, "backlog": 30})
    await world.services.pipeline.look()
    found = await _faults(world.services.health, world.services.pipeline)
    waiting = "Queued at the intake: 120 live pictures, 30 backlog pictures."
    assert found == {"intake": PartFault(waiting, is_warning=True)}


async def test_who_may_see_health_may_see_the_chain_and_nobody_else(world: World) -> None:
    world.make_account()
    async with world.browser() as browser:
        for path in ("/api/pipeline", "/api/pipeline/history", "/api/tasks"):
            assert (await browser.get(path)).status_code == 401


async def test_tasks_are_cameras_by_kind_with_what_waits(world: World, user: httpx.AsyncClient) -> None:
    well(world)
    brought = camera_status("desk").model_copy(update={"source": SourceKind.UPLOAD})
    world.mailbox.deliver(topics.camera_status(AGENT, "desk"), codec.encode(brought))
    recording = Recording(started_at_ms=NOW_MS - 86_400_000, position_ms=125_000, pictures=50, held=True)
    beat = heartbeat().model_copy(update={"recordings": {"desk": recording}})
    world.mailbox.deliver(topics.heartbeat(AGENT), codec.encode(beat))
    world.archive.intake = intake(1000, waiting={"live": 3, "backlog": 40})
    await world.services.pipeline.look()
    listed = (await user.get("/api/tasks")).json()
    assert [(each["camera_id"], each["kind"], each["state"], each["lane"]) for each in listed["tasks"]] == [
        ("cam-1", "live", "running", "live"),
        ("desk", "offline", "held", "backlog"),
    ]
    assert listed["tasks"][1]["progress"]["position_ms"] == 125_000
    assert listed["tasks"][0]["waiting"] == 2
    assert {each["lane"]: each["waiting"] for each in listed["lanes"]} == {"live": 3, "backlog": 40}
    assert listed["parsers"] == 1


@pytest.mark.parametrize(
    ("end", "held", "state"),
    [("", False, "running"), ("complete", False, "done"), ("broken", False, "broken"), ("paused", False, "paused")],
)
async def test_a_recording_that_is_brought_has_the_state_of_its_end(
    world: World, user: httpx.AsyncClient, end: str, state: str, *, held: bool
) -> None:
    status = camera_status("desk").model_copy(update={"source": SourceKind.UPLOAD})
    world.mailbox.deliver(topics.camera_status(AGENT, "desk"), codec.encode(status))
    recording = Recording(started_at_ms=NOW_MS, position_ms=-1, pictures=0, held=held, end=end)
    beat = heartbeat().model_copy(update={"recordings": {"desk": recording}})
    world.mailbox.deliver(topics.heartbeat(AGENT), codec.encode(beat))
    task = (await user.get("/api/tasks")).json()["tasks"][0]
    assert (task["state"], task["progress"]["position_ms"]) == (state, None)


async def test_health_and_chain_tell_of_a_quota_that_comes_to_its_end(
    world: World, user: httpx.AsyncClient, tmp_path: Any
) -> None:
    channel: Channel = build_channels.build(Notify(sms=(sms(tmp_path, "http://127.0.0.1:9/"),)), world.clock)["sms"]
    world.services.notifier.channels["sms"] = channel
    with world.store.transaction() as session:
        session.add(QuotaRecord(channel="sms", month="2026-11", parts=20_000, told="ok"))
    health = (await user.get("/api/health/details")).json()
    part = next(each for each in health["dependencies"] if each["name"] == "notify")
    assert (part["condition"], part["code"]) == ("degraded", "quota_warned")
    assert part["cause"] == "Channel sms has used 20000 of its 25000 message parts of 2026-11."
    assert "notify" not in await world.services.health.parts_away()
    assert (await pipeline(user))["notify"]["state"] == "amber"
    with world.store.transaction() as session:
        session.merge(QuotaRecord(channel="sms", month="2026-11", parts=25_000, told="ok"))
    world.clock.now_ms += 10_000
    assert "sends no more" in (await world.services.health.parts_away())["notify"]
    await world.services.pipeline.look()
    assert (await pipeline(user))["notify"]["state"] == "red"


async def test_health_and_chain_tell_of_a_channel_that_stands(
    world: World, user: httpx.AsyncClient, tmp_path: Any
) -> None:
    channel = build_channels.build(Notify(sms=(sms(tmp_path, "http://127.0.0.1:9/"),)), world.clock)["sms"]
    world.services.notifier.channels["sms"] = channel
    world.services.notifier._dispatcher._stands["sms"] = "another process sends (busy)"
    health = (await user.get("/api/health")).json()
    assert (health["status"], health["dependencies"]["notify"]) == ("degraded", "degraded")
    assert (await pipeline(user))["notify"]["causes"][0]["code"] == "channel_stands"


async def test_looking_goes_on_by_itself_until_the_centre_ends(world: World) -> None:
    async with world.services.pipeline.watching():
        view = await world.services.pipeline.view()
    assert (len(view.stages), view.fault) == (len(Stage) - len(THIRD_PARTIES), "")


def test_the_centre_asks_the_broker_for_each_figure_it_reads() -> None:
    assert set(topics.BROKER_FIGURES) <= set(SUBSCRIPTIONS)
    assert {name.removeprefix(f"{topics.SYS}/") for name in topics.BROKER_FIGURES} == set(FIGURES)


def test_figures_that_have_not_come_for_a_minute_are_none() -> None:
    now_ms = 1_000_000
    gauges = BrokerGauges(lambda: now_ms)
    assert gauges.broker() is None
    gauges.figure(f"{topics.SYS}/uptime", b"12 seconds")
    assert gauges.broker() == BrokerFigures(uptime_s=12, heard_at_ms=now_ms)
    now_ms += STALE_MS + 1
    assert gauges.broker() is None


def test_figures_of_the_broker_before_are_forgotten_with_its_line() -> None:
    gauges = BrokerGauges(lambda: 5)
    gauges.figure(f"{topics.SYS}/uptime", b"12 seconds")
    gauges.figure(f"{topics.SYS}/publish/messages/dropped", b"9")
    gauges.link(up=False)
    assert gauges.broker() is None
    gauges.figure(f"{topics.SYS}/uptime", b"1 seconds")
    told = gauges.broker()
    assert told is not None
    assert told.dropped is None


@given(st.sampled_from(topics.BROKER_FIGURES), st.binary(max_size=100))
def test_any_figure_is_a_number_or_a_contract_error(topic: str, payload: bytes) -> None:
    gauges = BrokerGauges(lambda: 5)
    with contextlib.suppress(ContractError):
        gauges.figure(topic, payload)
        assert payload.removesuffix(b" seconds").isdigit()
    told = gauges.broker()
    assert told is None or 0 <= told.uptime_s < 10**18
