"""Once a minute the agent says how its cameras are; and its heartbeat holds the figures of the machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import Backoff
from edge_agent.frames import CaptureStats
from edge_agent.uplink.heartbeat import HeartbeatInputs, free_bytes
from edge_agent.uplink.mqtt import Connected
from edge_agent.uplink.publisher import Publisher
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Assessed, PictureCheck
from tests.edge_agent.publishing import World
from tests.edge_agent.world import EPOCH_MS


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.spool.close()


def test_every_minute_and_not_retained(world: World) -> None:
    world.turn(Connected())
    scores = {PictureCheck.DARK: 0.75}
    world.health.sighted(
        CaptureStats("gate", EPOCH_MS, 30, 0, moving=True, decode_cpu_ms=90, sender_offset_ms=None, scores=scores)
    )
    sent = []
    for _ in range(130):
        world.clock.pass_s(1)
        world.turn()
        sent += world.link.take(topics.assessed("street"))
    assert len(sent) == 2
    assert not any(each.retain for each in sent)
    told = codec.decode(Assessed, sent[0].payload)
    assert told.assessed_at_ms == EPOCH_MS + 60_000
    assert sorted(told.cameras) == ["gate", "yard"]
    assert told.cameras["gate"].faults == (PictureCheck.DARK,)
    assert told.cameras["gate"].pictures_per_s == 0.5
    assert told.cameras["yard"].last_picture_at_ms is None


def test_what_was_due_while_the_broker_was_away_is_said_once_it_is_back(world: World) -> None:
    world.clock.pass_s(600)
    world.turn(Connected())
    world.turn()
    assert len(world.link.take(topics.assessed("street"))) == 1


def test_the_heartbeat_holds_queue_rate_decoding_and_disk(world: World) -> None:
    publisher = Publisher(
        world.edge, world.spool, world.health, world.clock, world.dial, world.woken, software="test",
        reconnect=Backoff(1, 1), refused=Backoff(1, 1),
        heartbeat_inputs=HeartbeatInputs(queued=lambda: 3, rate=lambda: 2.5),
    )  # fmt: skip
    before = publisher.heartbeat()
    assert (before.queued, before.rate, before.decode_ms) == (3, 2.5, None)
    assert before.disk_free_bytes is not None
    assert before.disk_free_bytes > 0
    world.health.sighted(
        CaptureStats("gate", EPOCH_MS, 10, 4, moving=False, decode_cpu_ms=80, sender_offset_ms=None, scores=None)
    )
    after = publisher.heartbeat()
    assert after.decode_ms == 8
    assert after.passed_over == {"gate": 4, "yard": 0}


def test_a_disk_that_cannot_be_asked_is_unknown_and_no_error(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "gone") is None
