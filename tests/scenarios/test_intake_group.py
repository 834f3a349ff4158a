"""An agent in a shared group swallows its share of what the group is sent, so the intake's group has a secret name.

```
street ──200 pictures──▶ Mosquitto ──$share/SECRET──▶ two intakes
guest  ──$share/intake, guesses, #──▶     └─ ✗ nothing, and nothing less for the intakes
```
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import Role
from provisioning.pki.identities import Identity
from ray_cluster.intake import group as intake_group
from ray_cluster.intake.mqtt_client import Delivery, MqttBroker
from tests.support.exchange import Exchange
from tests.support.mqtt_client import Client
from tests.support.waiting import within

pytestmark = pytest.mark.peer

PATIENCE_S = 60
FIXED = "intake"
"""What the group was called before it had a secret name."""
PICTURES = [b"%d" % number for number in range(200)]


class Replica:
    """One intake's client, which acknowledges at once."""

    def __init__(self, exchange: Exchange, came: asyncio.Event, identity: Identity | None) -> None:
        self.taken: list[bytes] = []
        self.came = came
        settings = exchange.section(Role.CLUSTER, identity=identity)
        self.broker = MqttBroker(settings, asyncio.get_running_loop(), self._deliver)

    def _deliver(self, delivery: Delivery) -> None:
        self.taken.append(delivery.payload)
        self.broker.ack(delivery)
        self.came.set()


@asynccontextmanager
async def intakes(exchange: Exchange, *, identity: Identity | None = None) -> AsyncIterator[list[Replica]]:
    """Two, connected and subscribed."""
    came = asyncio.Event()
    replicas = [Replica(exchange, came, identity) for _ in range(2)]
    for replica in replicas:
        replica.broker.start()
    try:
        async with within():
            while not all(replica.broker.connected for replica in replicas):  # noqa: ASYNC110 - paho has no event for it
                await asyncio.sleep(0.02)
        yield replicas
    finally:
        for replica in replicas:
            await asyncio.to_thread(replica.broker.stop)


async def all_came(replicas: list[Replica]) -> None:
    """Every picture reached one of them."""
    async with within():
        while not {payload for replica in replicas for payload in replica.taken} >= set(PICTURES):
            replicas[0].came.clear()
            await replicas[0].came.wait()


def guest_of(exchange: Exchange, groups: list[str]) -> Client:
    """A box with a valid certificate that joins what it can think of."""
    guest = Client(exchange.identity("guest"), exchange.port)
    for group in groups:
        for filter_ in ("wayside/1/agents/+/snapshots", "wayside/1/agents/street/snapshots", "wayside/#", "#"):
            guest.subscribe(f"$share/{group}/{filter_}")
    for filter_ in ("#", "+/#", "$SYS/#", "wayside/1/agents/+/snapshots"):
        guest.subscribe(filter_)
    return guest


def send(exchange: Exchange) -> list[str]:
    agent = Client(exchange.identity("street"), exchange.port)
    verdicts = agent.publish_many(topics.snapshots("street"), PICTURES)
    agent.close()
    return verdicts


@pytest.mark.parametrize("first", ["guest", "intake"])
def test_a_guest_in_the_group_of_the_fixed_name_and_in_guessed_ones_takes_nothing_from_the_intake(
    exchange: Exchange, first: str
) -> None:
    groups = [FIXED, "cluster", "wayside", "", "0" * 32, *(f"{number:032x}" for number in range(1, 20))]

    async def story() -> None:
        before = [await asyncio.to_thread(guest_of, exchange, groups) for _ in range(first == "guest")]
        async with intakes(exchange) as replicas:
            (guest,) = before or [await asyncio.to_thread(guest_of, exchange, groups)]
            assert set(await asyncio.to_thread(send, exchange)) == {"Success"}
            await all_came(replicas)
            assert {*replicas[0].taken, *replicas[1].taken} == set(PICTURES)
            assert all(replica.taken for replica in replicas), "they share"
            assert guest.received == []
            guest.close()

    asyncio.run(story())


def test_a_new_key_is_a_new_name_and_whoever_knew_the_former_takes_nothing(exchange: Exchange) -> None:
    exchange.identity(Role.CLUSTER)
    identities = exchange.pki.identities
    former = intake_group.derive(identities.identity(Role.CLUSTER).key_file)

    async def story() -> None:
        guest = await asyncio.to_thread(guest_of, exchange, [former])
        identities.identity(Role.CLUSTER).key_file.unlink()
        async with intakes(exchange, identity=exchange.pki.issue(Role.CLUSTER)) as replicas:
            await asyncio.to_thread(send, exchange)
            await all_came(replicas)
        assert guest.received == []
        guest.close()

    asyncio.run(story())
    assert intake_group.derive(identities.identity(Role.CLUSTER).key_file) != former


def test_an_intake_of_before_and_a_new_one_overlap_and_none_of_them_misses_a_picture(exchange: Exchange) -> None:
    """The home and every file of it are those of before: nothing has to be made for the new name."""

    async def story() -> None:
        before = Client(exchange.identity(Role.CLUSTER), exchange.services_port)
        before.subscribe(topics.snapshots_shared(FIXED))
        async with intakes(exchange) as replicas:
            await asyncio.to_thread(send, exchange)
            await all_came(replicas)
            assert {payload for _, payload in before.wait_for(len(PICTURES))} == set(PICTURES)
            before.close()
            for replica in replicas:
                replica.taken.clear()
            await asyncio.to_thread(send, exchange)
            await all_came(replicas)

    asyncio.run(story())


def test_no_log_file_of_the_broker_or_retained_message_tells_the_name(
    exchange: Exchange, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    name = intake_group.derive(exchange.identity(Role.CLUSTER).key_file)
    caplog.set_level(logging.DEBUG)

    async def story(listener: Callable[[], Client]) -> Client:
        agent = await asyncio.to_thread(listener)
        for filter_ in ("#", "$SYS/#", "+/#", "$share/+/#"):
            # Mosquitto ends the connection over the last, which is no valid filter.
            if agent.ended is None:
                agent._paho.subscribe(filter_, 1)
        async with intakes(exchange) as replicas:
            await asyncio.to_thread(send, exchange)
            await all_came(replicas)
            replicas[0].broker.leave()
        return agent

    agent = asyncio.run(story(lambda: Client(exchange.identity("guest"), exchange.port)))
    assert agent.received == []
    agent.close()
    exchange.stop()
    assert name not in caplog.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if name.encode() in path.read_bytes()] == []
    assert any(path.suffix == ".acl" for path in files)
    assert re.fullmatch(r"[0-9a-f]{32}", name)
