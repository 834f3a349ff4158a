"""A revoked agent: nothing it says is taken, everything that shows it says so, until it has enrolled anew."""

from typing import Any

import httpx
import pytest

from center.audit.log import Audit
from center.console import labels
from center.console.language import LANGUAGES
from center.fleet.devices import AgentView, CameraView, CauseKind, Devices, DeviceState
from center.fleet.roster import Roster
from provisioning.contracts.fleet.documents import Membership, Verdict
from provisioning.contracts.wire import codec, topics
from tests.center import world as near
from tests.center.conftest import World
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import camera_status, configured, heartbeat, member, observed

pytestmark = pytest.mark.anyio

ENROLLED, PENDING, REVOKED = Membership.ENROLLED, Membership.PENDING, Membership.REVOKED
SINCE_MS = NOW_MS - 60_000
MESSAGES: dict[str, tuple[str, bytes]] = {
    "heartbeat": (topics.heartbeat(AGENT), codec.encode(heartbeat(sent_at_ms=NOW_MS + 1))),
    "camera status": (topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1", name="new"))),
    "another camera": (topics.camera_status(AGENT, "cam-2"), codec.encode(camera_status("cam-2"))),
    "removed camera": (topics.camera_status(AGENT, "cam-1"), b""),
    "observed": (topics.observed(AGENT), codec.encode(observed(observation("cam-1", NOW_MS, 3)[0]))),
    "configured": (topics.configured(AGENT), codec.encode(configured(9, Verdict.ROLLED_BACK, cause="cameras fell"))),
    "rubbish": (topics.heartbeat(AGENT), b"{"),
}


def _begin(world: World) -> None:
    """The agent is enrolled and has said everything once."""
    world.mailbox.deliver(topics.roster(), near.roster(world.seal_key, 1, member(ENROLLED)))
    world.mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    world.mailbox.deliver(topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1")))
    world.mailbox.deliver(topics.configured(AGENT), codec.encode(configured()))
    assert world.services.devices.cameras()[0].state is DeviceState.ONLINE


def _revoke(world: World) -> None:
    world.mailbox.deliver(topics.roster(), near.roster(world.seal_key, 2, member(REVOKED, since_ms=SINCE_MS)))


@pytest.mark.parametrize("kind", MESSAGES)
async def test_none_of_its_messages_is_taken_and_each_is_counted(world: World, kind: str) -> None:
    _begin(world)
    _revoke(world)
    reader = world.services.feed.open()
    before = world.services.devices.agents(), world.services.devices.cameras()
    world.clock.now_ms += 1000
    world.mailbox.deliver(*MESSAGES[kind])
    assert (world.services.devices.agents(), world.services.devices.cameras()) == before
    again = Devices(world.store, world.services.roster, world.clock)
    again.load()
    assert again.agents() == before[0]
    assert reader.drain() == []
    assert world.mailbox.counters.revoked == {AGENT: 1}
    assert not world.mailbox.counters.malformed


async def test_the_others_are_heard_as_before(world: World) -> None:
    others = near.roster(world.seal_key, 1, member(REVOKED, "cabinet-8"))
    world.mailbox.deliver(topics.roster(), others)
    for topic, payload in MESSAGES.values():
        world.mailbox.deliver(topic, payload)
    assert not world.mailbox.counters.revoked
    assert world.services.devices.agents()[0].configuration is not None


async def test_agent_and_cameras_turn_to_revoked_at_once_and_stay_so_after_a_restart(world: World) -> None:
    _begin(world)
    _revoke(world)
    roster = Roster(world.store, Audit(world.store, world.clock), world.seal_key.seal, world.clock)
    roster.load()
    again = Devices(world.store, roster, world.clock)
    again.load()
    for devices in (world.services.devices, again):
        shown: list[CameraView | AgentView] = [*devices.cameras(), *devices.agents()]
        assert len(shown) == 2
        for device in shown:
            assert (device.state, device.cause_kind, device.since_ms) == (
                DeviceState.REVOKED,
                CauseKind.AGENT_REVOKED,
                SINCE_MS,
            )
            assert "2026-11-23 15:59:00 UTC" in device.cause
            assert "wayside-provision agent new" in device.cause


async def test_it_is_revoked_whether_silent_or_the_broker_is_away(world: World) -> None:
    _begin(world)
    _revoke(world)
    world.clock.now_ms += 3_600_000
    assert world.services.devices.cameras()[0].state is DeviceState.REVOKED
    world.mailbox.link(up=False)
    assert world.services.devices.cameras()[0].state is DeviceState.REVOKED
    assert world.services.devices.agents()[0].state is DeviceState.REVOKED


async def test_after_enrolling_anew_it_is_heard_and_what_it_had_retained_is_asked_for(world: World) -> None:
    _begin(world)
    _revoke(world)
    world.mailbox.deliver(*MESSAGES["camera status"])
    assert world.line.asked_again == 0
    world.mailbox.deliver(topics.roster(), near.roster(world.seal_key, 3, member(PENDING, since_ms=NOW_MS)))
    assert world.line.asked_again == 1
    assert world.services.devices.cameras()[0].cause_kind is CauseKind.AGENT_PENDING
    world.clock.now_ms += 1000
    world.mailbox.deliver(topics.roster(), near.roster(world.seal_key, 4, member(ENROLLED, since_ms=NOW_MS + 500)))
    for kind in ("heartbeat", "camera status", "configured"):
        world.mailbox.deliver(*MESSAGES[kind])
    camera, agent = world.services.devices.cameras()[0], world.services.devices.agents()[0]
    assert (camera.state, camera.name) == (DeviceState.ONLINE, "new")
    assert (agent.state, agent.membership) == (DeviceState.ONLINE, ENROLLED)
    assert agent.configuration is not None
    assert agent.configuration.verdict is Verdict.ROLLED_BACK
    assert world.mailbox.counters.revoked == {AGENT: 1}


async def test_people_read_when_and_what_to_do_in_their_language(world: World) -> None:
    _begin(world)
    _revoke(world)
    devices = world.services.devices
    for device in (devices.cameras()[0], devices.agents()[0]):
        english, chinese = (labels.cause(device, LANGUAGES[code]) for code in ("en", "zh"))
        assert english.startswith(f"The certificate of agent {AGENT} was revoked at 2026-11-23 23:59:00 +08:00")
        assert "2026-11-23 23:59:00 +08:00 吊销" in chinese
        assert "wayside-provision agent new" in english
        assert "wayside-provision agent new" in chinese
    for table in (labels.DEVICE_STATES, labels.DEVICE_TONES):
        assert set(table) == set(DeviceState)


async def _get(user: httpx.AsyncClient, path: str) -> Any:
    answer = await user.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_agents_are_served_with_all_that_is_known_of_them(world: World, user: httpx.AsyncClient) -> None:
    assert await _get(user, "/api/agents") == []
    entries = (
        member(ENROLLED, ends_ms=NOW_MS + 86_400_000),
        member(PENDING, "cabinet-8", since_ms=SINCE_MS),
        member(REVOKED, "cabinet-9", since_ms=SINCE_MS),
        member(ENROLLED, "mast-1", since_ms=SINCE_MS),
    )
    world.mailbox.deliver(topics.roster(), near.roster(world.seal_key, 1, *entries))
    world.mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    world.mailbox.deliver(topics.configured(AGENT), codec.encode(configured(4, Verdict.REFUSED, cause="too old")))
    world.clock.now_ms += 20_000
    served = {agent["agent_id"]: agent for agent in await _get(user, "/api/agents")}
    assert list(served) == ["cabinet-7", "cabinet-8", "cabinet-9", "mast-1"]
    assert served[AGENT] == {
        "agent_id": AGENT,
        "site_id": "station-street",
        "membership": "enrolled",
        "state": "online",
        "cause_kind": "none",
        "cause": "",
        "since_ms": None,
        "certificate_ends_ms": NOW_MS + 86_400_000,
        "heard_at_ms": NOW_MS,
        "software": "0.1.0",
        "spool_messages": 12,
        "spool_bytes": 3_400_000,
        "quarantined": 0,
        "redaction_ms": 141.5,
        "disk_free_bytes": heartbeat().disk_free_bytes,
        "configuration": {
            "number": 4,
            "verdict": "refused",
            "cause": "too old",
            "reason": None,
            "active": 4,
            "at_ms": NOW_MS - 5_000,
        },
    }
    world.clock.now_ms += 20_000
    later = {agent["agent_id"]: agent for agent in await _get(user, "/api/agents")}
    assert [(agent["state"], agent["cause_kind"], agent["since_ms"]) for agent in later.values()] == [
        ("offline", "agent_silent", NOW_MS),
        ("unknown", "agent_pending", SINCE_MS),
        ("revoked", "agent_revoked", SINCE_MS),
        ("offline", "agent_silent", SINCE_MS),
    ]
    assert {agent["heard_at_ms"] for agent in later.values()} == {NOW_MS, None}


async def test_an_agent_that_no_roster_names_is_served_as_before(world: World, user: httpx.AsyncClient) -> None:
    world.mailbox.deliver(topics.configured(AGENT), codec.encode(configured()))
    agent = (await _get(user, "/api/agents"))[0]
    assert (agent["site_id"], agent["membership"], agent["heard_at_ms"]) == (None, None, None)
    assert agent["configuration"]["verdict"] == "applied"


async def test_health_tells_which_roster_is_in_force_and_what_was_not_taken(
    world: World, user: httpx.AsyncClient
) -> None:
    assert (await _get(user, "/api/health/details"))["roster"]["summary"].startswith("No roster has come yet")
    _begin(world)
    _revoke(world)
    world.mailbox.deliver(*MESSAGES["heartbeat"])
    world.mailbox.deliver(topics.roster(), near.roster(world.seal_key, 1, member(ENROLLED)))
    details = await _get(user, "/api/health/details")
    assert details["roster"]["summary"] == "Roster 2 is in force. Agents: 1, revoked: 1."
    assert (details["roster"]["number"], details["roster"]["refused"]) == (2, 1)
    assert "document 1 is not newer than 2" in details["roster"]["last_refused"]
    assert details["revoked"] == [{"agent_id": AGENT, "count": 1}]
    assert details["status"] == "ok"


async def test_that_no_roster_is_believed_is_one_line_of_health_and_no_fault(
    world: World, user: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.roster, "_seal", None)
    world.mailbox.deliver(topics.roster(), near.roster(world.seal_key, 1, member(REVOKED)))
    details = await _get(user, "/api/health/details")
    assert details["roster"]["summary"].startswith("No roster is believed, so no agent is known to be revoked")
    assert (details["roster"]["ignored"], details["status"]) == (1, "ok")
