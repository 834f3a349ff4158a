"""Custody: nothing leaves the spool but by a hash, whatever the broker does.

real spool ──▶ publisher ──▶ fake link (the test is broker and archive)
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import SpoolFull
from edge_agent.health.pauses import Pauses
from edge_agent.uplink.mqtt import Acknowledged, Arrived, Connected
from edge_agent.uplink.publisher import NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    Archived,
    ArchivedItem,
    CameraState,
    CameraStatus,
    Heartbeat,
    PictureState,
    Rejected,
)
from tests.edge_agent.publishing import Publication, World, archived

SUCCESS = 0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, window={"max_messages": 4, "resend_after_s": 30})
    yield made
    made.spool.close()


def taken(world: World) -> list[Publication]:
    """What was sent; the broker has it now."""
    sent = world.sent()
    world.turn(*(Acknowledged(each.mid, SUCCESS, "") for each in sent))
    return sent


def test_nothing_is_sent_before_the_broker_has_accepted_us(world: World) -> None:
    world.keep(0)
    world.turn()
    assert world.link.published == []
    world.turn(Connected())
    assert world.sent_keys() == ["f0"]


def test_the_newest_goes_first_and_the_window_bounds_what_is_unconfirmed(world: World) -> None:
    world.keep(*range(6))
    world.turn(Connected())
    first = world.sent()
    assert [codec.decode_snapshot(each.payload)[0].source_key for each in first] == ["f5", "f4", "f3", "f2"]
    assert {each.expiry_s for each in first} == {30}
    world.turn(*(Acknowledged(each.mid, SUCCESS, "") for each in first))
    assert world.sent_keys() == []  # a PUBACK is not safe-keeping: the window stays shut
    world.turn(archived(first[0].payload, first[1].payload))
    assert world.sent_keys() == ["f1", "f0"]
    assert world.spool.messages == 4


def test_the_window_counts_bytes_too(tmp_path: Path) -> None:
    world = World(tmp_path, window={"max_bytes": 1024 * 1024})
    world.keep(*range(4), size=400_000)
    world.turn(Connected())
    assert world.sent_keys() == ["f3", "f2"]
    world.spool.close()


def test_a_new_message_wakes_the_publisher(world: World) -> None:
    world.turn(Connected())
    assert not world.woken.is_set()
    world.report(Acknowledged(99, SUCCESS, ""))
    assert world.woken.is_set()


def test_what_is_not_confirmed_in_time_is_sent_again_newest_first(world: World) -> None:
    world.keep(*range(4))
    world.turn(Connected())
    taken(world)
    world.keep(4, 5)
    world.clock.pass_s(29.9)
    world.turn()
    assert world.sent_keys() == []
    world.clock.pass_s(0.2)
    world.turn()
    newest = taken(world)  # and half as many at once: whoever does not answer is not to be flooded
    assert [codec.decode_snapshot(each.payload)[0].source_key for each in newest] == ["f5", "f4"]
    world.turn(archived(*(each.payload for each in newest)))
    assert world.sent_keys() == ["f3", "f2", "f1", "f0"]
    assert world.publisher.heartbeat().resent == 4


def test_the_turn_comes_when_the_oldest_expires(world: World) -> None:
    world.clock.pass_s(7)
    world.keep(0)
    world.turn(Connected())
    taken(world)
    world.clock.pass_s(29.5)
    assert world.turn() == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["hash", "id", "agent", "garbage", "version"])
def test_a_forged_or_broken_acknowledgement_does_nothing(world: World, kind: str) -> None:
    world.keep(0, 1)
    world.turn(Connected())
    (one, other) = (each.payload for each in world.sent())
    true_id = codec.decode_snapshot(one)[0].observation_id
    forged = {
        "hash": ArchivedItem(observation_id=true_id, message_sha256="0" * 64, picture=PictureState.LEAK),
        "id": ArchivedItem(
            observation_id="0" * 32, message_sha256=codec.message_sha256(one), picture=PictureState.KEPT
        ),
    }
    message = {
        "agent": Arrived(topics.archived("other"), archived(one, other).payload),
        "garbage": Arrived(topics.archived("street"), b"\xff{"),
        "version": Arrived(topics.archived("street"), archived(one).payload.replace(b'"version":1', b'"version":2')),
    }
    if kind in forged:
        message[kind] = Arrived(topics.archived("street"), codec.encode(Archived(items=(forged[kind],))))
    world.turn(message[kind])
    assert world.spool.messages == 2
    assert not world.health.is_paused("gate")
    world.turn(archived(one, other))
    assert world.spool.messages == 0
    ledger = world.publisher.heartbeat().ledger
    assert ledger.archived == 2
    assert ledger.balanced


def test_an_acknowledgement_that_comes_after_the_resend_counts_once(world: World) -> None:
    world.keep(0)
    world.turn(Connected())
    (first,) = taken(world)
    world.clock.pass_s(31)
    world.turn()
    (again,) = taken(world)
    assert again.payload == first.payload
    world.turn(archived(first.payload), archived(again.payload), archived(first.payload))
    assert world.publisher.heartbeat().ledger.archived == 1


def test_without_a_subscriber_it_backs_off_and_probes_with_one(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.keep(*range(6))
    world.turn(Connected())
    world.turn(*(Acknowledged(each.mid, NO_MATCHING_SUBSCRIBERS, "No matching subscribers") for each in world.sent()))
    assert world.sent_keys() == []
    probes = []
    for wait_s in (0.5, 1.0, 2.0, 4.0):
        world.clock.pass_s(wait_s - 0.01)
        world.turn()
        assert world.sent() == []
        world.clock.pass_s(0.02)
        world.turn()
        (probe,) = world.sent()
        probes.append(probe)
        world.turn(Acknowledged(probe.mid, NO_MATCHING_SUBSCRIBERS, "No matching subscribers"))
    assert sum("no intake listens" in record.message for record in caplog.records) == 1
    world.clock.pass_s(8)
    world.turn()
    (probe,) = world.sent()
    world.turn(Acknowledged(probe.mid, SUCCESS, ""))
    assert world.sent_keys() == ["f4", "f3", "f2"]  # the probe is still unconfirmed, the rest of the window is open
    assert world.spool.messages == 6


def test_a_forbidden_topic_is_told_and_loses_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.keep(0)
    world.turn(Connected())
    (only,) = world.sent()
    world.turn(Acknowledged(only.mid, NOT_AUTHORIZED, "Not authorized"))
    assert "forbids agent street to publish" in caplog.text
    assert ("common name" in caplog.text, world.spool.messages) == (True, 1)
    world.clock.pass_s(0.6)
    world.turn()
    assert world.sent_keys() == ["f0"]


def test_a_heartbeat_that_is_forbidden_is_told_too(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.turn(Connected())
    world.turn(Acknowledged(world.link.take(topics.heartbeat("street"))[0].mid, NOT_AUTHORIZED, "Not authorized"))
    assert "forbids agent street to publish" in caplog.text


def test_a_refusal_for_another_reason_keeps_the_message(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.keep(0)
    world.turn(Connected())
    (only,) = world.sent()
    world.turn(Acknowledged(only.mid, 0x97, "Quota exceeded"))
    assert ("Quota exceeded" in caplog.text, world.spool.messages) == (True, 1)


def test_a_rejected_message_moves_to_quarantine(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.keep(0, 1)
    world.turn(Connected())
    bad, good = (each.payload for each in world.sent())
    rejected = Rejected(message_sha256=codec.message_sha256(bad), reason=RejectReason.NOT_JPEG, detail="not a JPEG")
    message = Arrived(topics.rejected("street"), codec.encode(rejected))
    world.turn(message, message)
    heartbeat = world.publisher.heartbeat()
    assert (heartbeat.quarantined, heartbeat.ledger.rejected, heartbeat.spool_messages) == (1, 1, 1)
    assert heartbeat.ledger.balanced
    assert sum("not a JPEG" in record.message for record in caplog.records) == 1
    world.turn(archived(good))
    assert world.spool.messages == 0


def test_a_leak_pauses_the_camera_holds_its_pictures_and_survives_a_restart(world: World) -> None:
    world.keep(0, 1)
    world.keep(0, 1, camera_id="yard")
    world.turn(Connected())
    leaking = next(each for each in taken(world) if b'"camera_id":"gate"' in each.payload)
    world.turn(archived(leaking.payload, picture=PictureState.LEAK))
    assert world.spool.messages == 3
    (status,) = [
        codec.decode(CameraStatus, each.payload)
        for each in world.link.take(topics.camera_status("street", "gate"))
        if b'"paused"' in each.payload
    ]
    assert "wayside-edge resume" in status.cause
    world.clock.pass_s(31)
    world.turn()
    others = [each.payload for each in taken(world)]
    assert all(b'"camera_id":"yard"' in payload for payload in others)
    world.turn(archived(*others))
    assert Pauses(world.edge.spool.directory).is_paused("gate")
    world.health._pauses.resume("gate")
    world.clock.pass_s(31)
    world.turn()
    assert any(b'"camera_id":"gate"' in each.payload for each in world.sent())


def test_a_pause_that_cannot_be_written_down_holds_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.keep(0)
    world.keep(1, camera_id="yard")
    world.turn(Connected())
    sent = world.sent()

    def no_room(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", no_room)
    world.turn(archived(*(each.payload for each in sent), picture=PictureState.LEAK))
    assert world.health.is_paused("gate")
    assert world.health.is_paused("yard")
    assert "would not survive a restart" in caplog.text
    assert world.spool.messages == 0


def test_an_answer_on_a_full_disk_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.keep(0)
    world.turn(Connected())
    (only,) = taken(world)

    def full(_: object) -> object:
        raise SpoolFull("spool: no room")

    monkeypatch.setattr(world.spool, "confirm", full)
    world.turn(archived(only.payload))
    monkeypatch.undo()
    assert world.spool.messages == 1
    world.clock.pass_s(31)
    world.turn()
    (again,) = world.sent()
    world.turn(archived(again.payload))
    assert world.spool.messages == 0


def test_camera_states_are_retained_sent_once_and_again_after_a_reconnect(world: World) -> None:
    world.turn(Connected())
    topic = topics.camera_status("street", "gate")
    (first,) = world.link.take(topic)
    assert first.retain
    assert codec.decode(CameraStatus, first.payload).state is CameraState.STARTING
    world.turn()
    assert world.link.take(topic) == []
    world.health.delivering("gate")
    assert world.woken.is_set()
    world.turn()
    (second,) = world.link.take(topic)
    assert codec.decode(CameraStatus, second.payload).state is CameraState.ONLINE

    stop = threading.Event()

    def accept(_: float) -> None:
        if world.link.published:
            stop.set()
        else:
            world.report(Connected())

    world.clock.on_wait = accept
    world.publisher.run_once(stop, 0)  # a new connection: the broker may have restarted empty
    assert world.link.closed
    (third,) = world.link.take(topic)
    assert third.payload == second.payload


def test_heartbeats_keep_their_rhythm_and_close_the_ledger(world: World) -> None:
    world.keep(0)
    topic = topics.heartbeat("street")
    world.turn(Connected())
    (first,) = world.link.take(topic)
    heartbeat = codec.decode(Heartbeat, first.payload)
    assert set(heartbeat.cameras) == {"gate", "yard"}
    assert heartbeat.cameras["gate"].in_flight == 1
    assert heartbeat.ledger.balanced
    assert heartbeat.redaction_ms is None
    for _ in range(30):
        world.clock.pass_s(1)
        world.turn()
    assert len(world.link.take(topic)) == 3
    world.health.redacted("gate", 100)
    world.health.redacted("gate", 300)
    assert world.publisher.heartbeat().redaction_ms == 200
