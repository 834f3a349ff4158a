"""The publisher and its connection: lost, refused, silent, and at the end of the agent."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import BrokerError
from edge_agent.uplink.mqtt import Connected, Disconnected
from provisioning.contracts.wire import topics
from tests.edge_agent.publishing import FakeLink, World, archived


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, window={"max_messages": 4, "resend_after_s": 30})
    yield made
    made.spool.close()


def test_a_lost_connection_sends_everything_again_on_the_next(world: World) -> None:
    world.keep(0, 1)
    stop = threading.Event()
    sent: list[list[str]] = []

    def broker(_: float) -> None:
        """Accepts, takes, acknowledges, dies with everything; the third time the test ends."""
        if not world.link.published:
            world.report(Connected())
            return
        sent.append(world.sent_keys())
        world.report(Disconnected("broker 127.0.0.1:1 closed the connection"))
        if world.dials == 3:
            stop.set()

    world.clock.on_wait = broker
    world.publisher.run(stop, 0)
    assert world.dials == 3
    assert [keys for keys in sent if keys] == [["f1", "f0"]] * 3
    assert world.spool.messages == 2
    assert world.publisher.heartbeat().resent == 4


def test_a_broker_that_cannot_be_reached_is_told_once_and_tried_with_growing_waits(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()

    def refuse(_: object) -> FakeLink:
        raise BrokerError("broker 127.0.0.1:1: cannot be reached")

    world.publisher._dial = refuse
    world.clock.on_wait = lambda _: stop.set() if len(world.clock.waits) == 8 else None
    world.publisher.run(stop, 0)
    assert world.clock.waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert sum("cannot be reached" in record.message for record in caplog.records) == 1


def test_a_broker_that_never_answers_is_given_up(world: World) -> None:
    with pytest.raises(BrokerError, match="does not answer"):
        world.publisher.run_once(threading.Event(), 0)
    assert world.link.closed


def test_at_the_end_it_waits_for_the_archive_but_not_for_ever(world: World) -> None:
    world.keep(0)
    stop = threading.Event()
    stop.set()
    world.clock.on_wait = lambda _: world.report(Connected()) if not world.link.published else None
    began_s = world.clock.monotonic_s()
    world.publisher.run_once(stop, 2.0)
    assert world.clock.monotonic_s() - began_s == pytest.approx(2.0, abs=1.0)
    assert world.spool.messages == 1

    payloads: list[bytes] = []

    def archive(_: float) -> None:
        if not world.link.published:
            world.report(Connected())
        payloads.extend(each.payload for each in world.sent())
        if payloads:
            world.report(archived(*payloads))

    world.clock.on_wait = archive
    world.publisher.run_once(stop, 60)
    assert world.spool.messages == 0
    assert world.link.take(topics.heartbeat("street"))[-1].payload.count(b'"archived":1')


def test_old_messages_expire_although_nobody_listens(world: World) -> None:
    world.keep(0)
    world.clock.pass_s(8 * 24 * 3600)
    stop = threading.Event()

    def refuse(_: object) -> FakeLink:
        raise BrokerError("gone")

    world.publisher._dial = refuse
    world.clock.on_wait = lambda _: stop.set()
    world.publisher.run(stop, 0)
    assert world.publisher.heartbeat().ledger.dropped == {"spool_expired": 1}


def test_what_is_over_age_goes_in_turns_between_the_sendings(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edge_agent.spool.spool.DROP_AT_MOST", 3)
    monkeypatch.setattr("edge_agent.uplink.publisher.DROP_AT_MOST", 3)
    monkeypatch.setattr("edge_agent.spool.spool._CHUNK", 1)
    world.keep(*range(8))
    world.clock.pass_s(8 * 24 * 3600)
    world.keep(8)
    with caplog.at_level(logging.WARNING):
        assert world.turn(Connected()) == 0  # it wants to be called again at once
        assert world.spool.messages == 6
        assert world.sent_keys()[0] == "f8"  # and meanwhile the newest is on its way
        assert world.turn() == 0
        assert world.turn() > 0
    assert world.spool.messages == 1
    assert caplog.text.count("spool expired messages=") == 3
