"""What the publisher of an enrolled agent says and hears besides pictures.

broker (the test) ──configuration──▶ publisher ──▶ real documents ──configured──▶ broker
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.uplink.mqtt import Arrived, Connected
from provisioning.contracts.fleet.documents import Configured, Verdict
from provisioning.contracts.wire import codec, topics
from tests.edge_agent.publishing import World
from tests.edge_agent.told import Box

CONFIGURATION, CONFIGURED = topics.configuration("street"), topics.configured("street")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "box")


@pytest.fixture
def world(box: Box, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, documents=box.documents, former=("hall",))
    yield made
    made.spool.close()


def words(world: World) -> list[Configured]:
    taken = world.link.take(CONFIGURED)
    assert all(each.retain for each in taken)
    return [codec.decode(Configured, each.payload) for each in taken]


def test_nothing_is_said_before_there_is_something_to_say(world: World) -> None:
    world.turn(Connected())
    assert words(world) == []


def test_a_document_is_answered_in_the_same_turn_and_once(world: World, box: Box) -> None:
    world.turn(Connected(), Arrived(CONFIGURATION, box.centre.document(1, "gate")))
    assert [(word.number, word.verdict) for word in words(world)] == [(1, Verdict.TRYING)]
    world.turn()
    assert words(world) == []
    box.documents.begin(())
    box.documents.now_using(1)
    box.documents.apply(1)
    world.turn()
    assert [(word.verdict, word.active) for word in words(world)] == [(Verdict.APPLIED, 1)]


def test_that_a_document_was_taken_from_the_broker_is_no_document(world: World) -> None:
    world.turn(Connected(), Arrived(CONFIGURATION, b""))
    assert words(world) == []


def test_garbage_is_answered_too(world: World) -> None:
    world.turn(Connected(), Arrived(CONFIGURATION, b"\0garbage"))
    (word,) = words(world)
    assert (word.number, word.verdict) == (None, Verdict.REFUSED)


def test_every_connection_says_it_again_and_erases_cameras_that_are_no_more(world: World, box: Box) -> None:
    box.put_in_force(1, "gate")
    for _ in range(2):
        stop = threading.Event()

        def accept(_: float, stop: threading.Event = stop) -> None:
            if world.link.published:
                stop.set()
            else:
                world.report(Connected())

        world.clock.on_wait = accept
        world.publisher.run_once(stop, 0)
        assert [word.verdict for word in words(world)] == [Verdict.APPLIED]
        (erased,) = world.link.take(topics.camera_status("street", "hall"))
        assert (erased.payload, erased.retain) == (b"", True)
        assert not world.publisher.is_connected


def test_without_documents_the_topic_means_nothing(tmp_path: Path, box: Box) -> None:
    world = World(tmp_path / "other")
    world.turn(Connected(), Arrived(CONFIGURATION, box.centre.document(1, "gate")))
    assert words(world) == []
    assert box.documents.configured() is None
    world.spool.close()
