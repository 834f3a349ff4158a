"""One certified agent fills the broker to its memory limit and goes on; every other agent's picture is archived.

```
greedy ──7.5 MB retained, again and again──▶ Mosquitto, 48 MiB ──▶ archive
street ──100 pictures──────────────────────▶    (nobody clears)
```
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.contracts.wire import topics
from provisioning.contracts.wire.messages import PictureState
from tests.support.box import Box
from tests.support.exchange import Exchange
from tests.support.mosquittos import OUT_OF_MEMORY
from tests.support.mqtt_client import Client
from tests.support.tap import Tap
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer

PICTURES = 100
LARGE = bytes(7_500_000)


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    monkeypatch.setattr("provisioning.broker.config.MEMORY_LIMIT", 48 * 1024**2)
    made = Exchange(tmp_path)
    made.start()
    yield made
    made.stop()


class Greedy:
    """Comes again whenever it is thrown out."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._stop = threading.Event()
        self.refused = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            client = Client(self._exchange.identity("greedy"), self._exchange.port)
            while client.ended is None and not self._stop.is_set():
                number += 1
                client.publish(topics.camera_status("greedy", f"made-up-{number}"), LARGE, retain=True)
            self.refused += client.ended is not None
            client.close()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(LONG_S)
        assert not self._thread.is_alive()


def test_an_agent_that_fills_the_brokers_memory_costs_no_other_agent_a_picture(
    exchange: Exchange, tmp_path: Path
) -> None:
    cluster = exchange.identity("cluster")
    archive = Tap(cluster, exchange.services_port, [topics.snapshots("+")], archive=PictureState.KEPT)
    exchange.identity("street")
    greedy = Greedy(exchange)
    until(lambda: greedy.refused > 2)
    box = Box(tmp_path / "box", exchange.identity("street"), exchange.port)
    box.keep(PICTURES, size=100_000)
    box.start()
    until(lambda: box.spool.messages == 0)
    final = box.ledger
    box.stop()
    greedy.stop()
    archive.close()
    assert (final.archived, final.dropped, final.in_flight) == (PICTURES, {}, 0)
    assert OUT_OF_MEMORY.search(exchange.log.read_text())
