"""What Mosquitto cannot keep it drops, behind a PUBACK that says Success; what an agent spooled arrives all the same.

```
agent ──PUBLISH──▶ Mosquitto, 20 places ──▶ a reader that is slow
      ◀──PUBACK──      ✗ dropped            ◀─ takes one at a time

box (spool, publisher) ──▶ Mosquitto, 5 places ✗ -9, back empty ──▶ a slow archive ──archived──▶ box
```

`tests/edge_agent/uplink/test_custody.py` has the broker that is killed under the limits it ships with.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived, ArchivedItem, PictureState
from tests.support.box import Box
from tests.support.exchange import Exchange
from tests.support.mqtt_client import Client
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer

PUBLISHED = 200
PICTURES = 150
SLOW_S = 0.005
TOPIC = topics.snapshots("street")


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    yield made
    made.stop()


def reader(exchange: Exchange, receive_maximum: int) -> Client:
    client = Client(
        exchange.identity("cluster"), exchange.services_port, manual_ack=True, ReceiveMaximum=receive_maximum
    )
    client.subscribe(topics.snapshots("+"))
    return client


@pytest.mark.parametrize(("places", "in_flight"), [(20, 1), (20, 30), (0, 1)])
def test_past_its_limit_success_is_answered_and_the_newest_are_gone(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, places: int, in_flight: int
) -> None:
    if places:
        monkeypatch.setattr("provisioning.broker.config.MAX_QUEUED", places)
    exchange.start()
    slow, agent = reader(exchange, in_flight), Client(exchange.identity("street"), exchange.port)
    verdicts = agent.publish_many(TOPIC, [b"%d" % number for number in range(PUBLISHED)])
    until(lambda: len(slow.received) == min(in_flight, PUBLISHED))
    # Mosquitto 2.0.21 allows for what is in flight twice.
    taken = places + 2 * in_flight if places else PUBLISHED
    for number in range(taken):
        slow.wait_for(number + 1)
        slow.acknowledge(slow.mids[number])
    assert slow.nothing_arrives(beyond=taken)
    until(lambda: ("messages are being dropped" in exchange.log.read_text()) == bool(places))
    log = exchange.log.read_text()
    sys.stdout.write(
        f"\n{places or 'all'} places, {in_flight} in flight: {PUBLISHED} published, {verdicts.count('Success')} times"
        f" Success, {taken} delivered\n{''.join(line for line in log.splitlines(keepends=True) if 'drop' in line)}"
    )
    assert set(verdicts) == {"Success"}
    assert [payload for _, payload in slow.received] == [b"%d" % number for number in range(taken)], "the oldest"
    for client in (slow, agent):
        client.close()


def test_what_waits_for_a_reader_goes_with_him(exchange: Exchange) -> None:
    """Intake's sessions are clean, so what it had not confirmed is nobody's; the agent sends it again."""
    exchange.start()
    slow, agent = reader(exchange, 1), Client(exchange.identity("street"), exchange.port)
    assert set(agent.publish_many(TOPIC, [b"x"] * 50)) == {"Success"}
    slow.close()
    after = reader(exchange, 1)
    assert after.nothing_arrives()
    for client in (after, agent):
        client.close()


class SlowArchive:
    """Takes two at a time, and a while for each; commits to a dict, then says so."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._stop = threading.Event()
        self.rows: set[str] = set()
        self.deliveries = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                client = reader(self._exchange, 2)
            except (OSError, AssertionError):
                self._stop.wait(0.2)
                continue
            self._serve(client)
            client.close()

    def _serve(self, client: Client) -> None:
        done = 0
        while client.ended is None and not self._stop.is_set():
            if len(client.received) == done:
                time.sleep(SLOW_S)
                continue
            payload = client.received[done][1]
            time.sleep(SLOW_S)
            found = codec.decode_snapshot(payload)[0].observation_id
            self.rows.add(found)
            self.deliveries += 1
            item = ArchivedItem(
                observation_id=found, message_sha256=codec.message_sha256(payload), picture=PictureState.KEPT
            )
            client.publish(topics.archived("street"), codec.encode(Archived(items=(item,))))
            client.acknowledge(client.mids[done])
            done += 1

    def close(self) -> None:
        self._stop.set()
        self._thread.join(LONG_S)


@pytest.mark.parametrize("is_killed", [False, True])
def test_an_agent_gets_everything_archived_over_a_broker_that_drops(
    exchange: Exchange,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    is_killed: bool,
) -> None:
    monkeypatch.setattr("provisioning.broker.config.MAX_QUEUED", 5)
    exchange.start()
    archive = SlowArchive(exchange)
    box = Box(tmp_path / "box", exchange.identity("street"), exchange.port, resend_after_s=1.0)
    kept = box.keep(PICTURES)
    box.start()
    if is_killed:
        until(lambda: len(archive.rows) > PICTURES / 3, patience_s=120)
        exchange.kill()
        exchange.start()
    until(lambda: box.spool.messages == 0, patience_s=150)
    final, resent = box.ledger, box.publisher.heartbeat().resent
    box.stop()
    archive.close()
    sys.stdout.write(f"\n{PICTURES} pictures, {resent} sent again, {archive.deliveries} deliveries, 0 lost\n")
    record_property("resent", resent)
    assert "messages are being dropped" in exchange.log.read_text()
    assert resent > 0
    assert archive.rows == set(kept)
    assert (final.archived, final.dropped, final.in_flight) == (PICTURES, {}, 0)
