"""When a snapshot was sent travels beside it, through a real broker, and never in what is hashed.

PahoLink (agent) ─MQTT 5 user property─▶ Mosquitto ─$share─▶ MqttBroker (intake)
"""

import asyncio
import socket
import time
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.uplink.mqtt import Connected, MqttEvent, PahoLink
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import Role
from ray_cluster.intake.mqtt_client import MAX_TIME_MS, Delivery, MqttBroker, hop_times
from tests.support.exchange import Exchange
from tests.support.waiting import LONG_S, within

REDACTED_MS = 1_795_449_600_456


@pytest.mark.peer
def test_the_senders_clock_arrives_with_the_message_and_is_no_part_of_it(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path)
    exchange.start()

    async def story() -> list[Delivery]:
        arrived: asyncio.Queue[Delivery] = asyncio.Queue()
        intake = MqttBroker(exchange.section(Role.CLUSTER), asyncio.get_running_loop(), arrived.put_nowait)
        intake.start()
        events: SimpleQueue[MqttEvent] = SimpleQueue()
        link = await asyncio.to_thread(PahoLink, exchange.section("street"), "street", events.put)
        async with within():
            assert isinstance(await asyncio.to_thread(events.get, timeout=LONG_S), Connected)
            while not intake.connected:  # noqa: ASYNC110 - paho has no event for it
                await asyncio.sleep(0.02)
            for _ in range(2):
                link.publish(
                    topics.snapshots("street"), b"the same", expiry_s=30, times={topics.REDACTED_AT: REDACTED_MS}
                )
            deliveries = [await arrived.get(), await arrived.get()]
            for side in (intake._client, link._client):
                connection = side.socket()
                assert isinstance(connection, socket.socket)
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await asyncio.to_thread(link.close)
        await asyncio.to_thread(intake.stop)
        return deliveries

    before_ms = time.time_ns() // 1_000_000
    try:
        deliveries = asyncio.run(story())
    finally:
        exchange.stop()
    for delivery in deliveries:
        assert delivery.payload == b"the same"
        assert delivery.published_at_ms is not None
        assert before_ms <= delivery.published_at_ms <= time.time_ns() // 1_000_000
        assert delivery.redacted_at_ms == REDACTED_MS
        assert delivery.selected_at_ms is delivery.spooled_at_ms is None


@given(
    st.lists(
        st.tuples(st.sampled_from([topics.PUBLISHED_AT, topics.SPOOLED_AT, "x"]), st.text(max_size=20)), max_size=5
    )
)
def test_whatever_a_property_says_it_is_a_time_or_nothing(said: list[tuple[str, str]]) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has no types here
    if said:
        properties.UserProperty = said
    told = hop_times(properties)
    assert told.keys() <= {topics.PUBLISHED_AT, topics.SPOOLED_AT}
    assert all(0 <= at_ms <= MAX_TIME_MS for at_ms in told.values())


def test_a_message_without_properties_says_nothing() -> None:
    assert hop_times(None) == {}
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has no types here
    properties.UserProperty = (topics.PUBLISHED_AT, "1795449600123")
    assert hop_times(properties) == {topics.PUBLISHED_AT: 1_795_449_600_123}
