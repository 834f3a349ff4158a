"""`python -m bench.center.events_out`: events a second to brokers on this machine, and the centre's own cost."""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

from center.assessment.camera_register import CameraRegister
from center.audit.log import Audit
from center.clock import now_ms
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from provisioning.contracts.config.events_out import EventsOut
from tests.center.events_out.rig import REGISTER, events_out
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.whole import served
from tests.scenarios.test_events_killed import rows
from tests.support.event_brokers import KafkaBroker, MosquittoBroker
from tests.support.events_out_process import wire
from tests.support.fresh_store import fresh_store

KINDS: Final = ("observation",)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.events_out", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    count = parser.parse_args().events
    for name in ("mqtt", "kafka"):
        with tempfile.TemporaryDirectory(prefix="wayside-bench-") as folder:
            _measure(Path(folder), name, count)


def _measure(folder: Path, name: str, count: int) -> None:
    spawn = multiprocessing.get_context("spawn")
    (ours, theirs), over = spawn.Pipe(), spawn.Event()
    peer = spawn.Process(target=_others, args=(folder, name, count, theirs, over))
    peer.start()
    archive_url, settings = ours.recv()
    try:
        asyncio.run(_send(folder, name, archive_url, settings, count))
    finally:
        over.set()
        peer.join()


async def _send(folder: Path, name: str, archive_url: str, settings: EventsOut, count: int) -> None:
    store = fresh_store(folder / "center.sqlite3")
    audit = Audit(store, now_ms)
    CameraRegister(store, audit, lambda: None).take(REGISTER.encode(), actor="bench", replace=True)
    search = Search(url=archive_url, token=TOKEN, audit=audit, positions=CameraPositions(store, dict))
    service, *_ = wire(store, search, settings, now_ms)
    service.outbox.post((), {("", "commits/0"): "0"})
    steps = {"queued": service.reader.read_observations, "sent": service.senders[0].turn}
    for step, work in steps.items():
        began_s, cpu_s = time.monotonic(), time.process_time()
        await work()
        took_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
        print(f"{name}: {count / took_s:.0f} events/s {step}, {1000 * cpu_s / count:.2f} ms of processor time each")
    await service.senders[0].close()
    await search.close()
    store.close()


def _others(folder: Path, name: str, count: int, line: Connection, over: Event) -> None:
    """Serves archive and broker in a process of their own."""
    archive = FakeArchive()
    archive.rows = list(rows(count, now_ms() - count))
    broker = MosquittoBroker(folder) if name == "mqtt" else KafkaBroker()
    with served(archive.app) as archive_url:
        line.send((archive_url, events_out(broker.settings(kinds=KINDS))))
        over.wait()
    broker.close()


if __name__ == "__main__":
    main()
