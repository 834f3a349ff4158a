"""Twelve agents, a bad configuration and a good one: stopped at the threshold, all back, ledgers whole.

```
 wayside-provision rollout ─▶ home ─ publisher ─▶ Mosquitto ─▶ cabinet-00 … cabinet-11 ─▶ archive
                                                   └─ configured, heartbeats, cameras ─▶ publisher
```

Of software tests/deploy/test_booted.py has the real thing, of the rules tests/provisioning/rollout/test_model.py.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from provisioning.broker.mosquitto import Mosquitto
from provisioning.contracts.fleet.documents import CENTER
from provisioning.contracts.fleet.rollout import RolloutReport
from provisioning.contracts.wire import codec, topics
from provisioning.delivery.publisher import DocumentPublisher
from provisioning.errors import ProvisioningError
from provisioning.home.home import Home
from tests.edge_agent.premises import Archive
from tests.provisioning.serving import new_home, serving
from tests.support import mosquittos
from tests.support.mqtt_client import Client
from tests.support.office import Technician
from tests.support.rolled import BASE, Machine, Place, machine, start_broker
from tests.support.waiting import until

pytestmark = pytest.mark.peer

COUNT = 12
QUICK = ("--soak", "1", "--apply", "60", "--silence", "30")


class Fleet:
    def __init__(self, home: Home, machines: list[Machine], archive: Archive) -> None:
        self.home = home
        self.machines = machines
        self.archive = archive
        self.technician = Technician(home.directory)

    def roll_out(self, *words: str | Path) -> dict[str, Any]:
        """Begin one, and wait for its end."""
        self.technician.asks("rollout", "start", *words, *QUICK)
        began_s = time.monotonic()
        until(self._has_ended, patience_s=120)
        print(f"\n{' '.join(map(str, words[:2]))}: {time.monotonic() - began_s:.1f} s")  # noqa: T201 - for whoever measures
        return self.status()

    def _has_ended(self) -> bool:
        record = self.home.rollouts.newest()
        return record is not None and record.state.has_ended

    def status(self) -> dict[str, Any]:
        done = self.technician.types("rollout", "status", "--json")
        assert done.exit_code in {0, 1}, done.output
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def settings(self) -> Counter[str]:
        with self.home.rollouts.reading() as page:
            return Counter(page.setting(each.agent_id) or "" for each in self.machines)

    def assert_whole(self) -> None:
        """Every camera works, and whatever was selected has ended by a name or is on its way."""
        until(lambda: all(each.cameras_work() for each in self.machines))
        until(lambda: all(each.ledger().archived for each in self.machines))
        ledgers = {each.agent_id: each.ledger() for each in self.machines}
        rows = Counter(codec.decode_snapshot(row)[0].agent_id for row in list(self.archive.rows.values()))
        for agent_id, ledger in ledgers.items():
            assert ledger.balanced, (agent_id, ledger)
            assert ledger.dropped.keys() <= {"redactor_busy", "redaction_unavailable"}, (agent_id, ledger)
            assert ledger.archived <= rows[agent_id], "what an agent counts as archived is there"


def _all(machines: list[Machine], what: Callable[[Machine], None]) -> None:
    """At once."""
    with ThreadPoolExecutor(len(machines)) as pool:
        list(pool.map(what, machines))


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    program = mosquittos.installed()
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as memory:  # every spool syncs
        yield from _running(Path(memory), program)


def _running(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Fleet]:
    home = new_home(tmp_path)
    failures: list[ProvisioningError] = []
    with ExitStack() as stack:
        machines = [machine(home, tmp_path, number) for number in range(COUNT)]
        broker = start_broker(mosquitto, home)
        stack.callback(broker.wait)
        stack.callback(broker.kill)
        publisher = DocumentPublisher(home, failures.append)
        publisher.start()
        stack.callback(publisher.stop)
        stack.enter_context(serving(home))
        archive = Archive(Place(home))  # type: ignore[arg-type]  # all that it asks of an exchange
        stack.callback(archive.close)
        stack.callback(_all, machines, Machine.stop)
        _all(machines, Machine.start)
        until(lambda: all(each.cameras_work() for each in machines))
        yield Fleet(home, machines, archive)
    assert failures == []


def test_a_bad_configuration_stops_and_goes_back_and_a_good_one_reaches_all(fleet: Fleet, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.toml", tmp_path / "good.toml"
    base = "heartbeat_s = 0.5\n[selector]\nchange_threshold = 0\nmax_per_second = 0.5\n"
    bad.write_text(base + "[rtsp]\nconnect_timeout_s = 0.05\n")
    good.write_text(base + "[redactor]\nqueue_per_camera = 3\n")

    # --- a configuration under which only the first one's camera works
    told = fleet.roll_out("--config", bad, "--first", "cabinet-00")
    assert (told["phase"], told["stopped"], told["stage"]) == ("stopped", "error_rate", 2), told
    assert told["counts"]["pending"] == COUNT - 2
    assert told["counts"]["rolled_back"] == 2, "the first one was healthy, and went back with the other"
    assert "cabinet-01" in told["cause"]
    assert "does not answer in time" in told["cause"]
    assert fleet.settings() == {BASE: COUNT}
    fleet.assert_whole()

    # --- and a good one
    told = fleet.roll_out("--config", good)
    assert (told["phase"], told["counts"]["healthy"]) == ("done", COUNT), told
    fleet.assert_whole()

    # --- of which the centre is told
    centre = Client(fleet.home.identities.identity("center"), fleet.home.config.services_port)
    centre.subscribe(topics.rollout())

    def told_last() -> tuple[str, str, int] | None:
        if not centre.received:
            return None
        body = fleet.home.seal_key.seal.open(centre.received[-1][1], addressee=CENTER, newer_than=0).body
        assert isinstance(body, RolloutReport)
        return body.name, body.phase.value, body.total

    until(lambda: told_last() == (good.name, "done", COUNT))
    centre.close()
