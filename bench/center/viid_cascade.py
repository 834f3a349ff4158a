"""`python -m bench.center.viid_cascade`: pictures a second to a superior on this machine, and the centre's own cost."""

import argparse
import asyncio
import io
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from center.assessment.camera_register import CameraRegister
from center.audit.log import Audit
from center.clock import now_ms
from center.database.store import Store
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.viid_cascade.service import ViidCascade
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.street import AGENT, observation
from tests.center.viid_cascade.rig import DISTRICT, settings
from tests.center.whole import served
from tests.support.notify_world import Pki
from tests.support.viid_superior import Superior

CAMERAS: Final = 16


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.viid_cascade", description=__doc__)
    parser.add_argument("--observations", type=int, default=300)
    count = parser.parse_args().observations
    for encrypted in (False, True):
        with tempfile.TemporaryDirectory(prefix="wayside-bench-") as name:
            _measure(Path(name), count, encrypted=encrypted)


def _measure(folder: Path, count: int, *, encrypted: bool) -> None:
    spawn = multiprocessing.get_context("spawn")
    (ours, theirs), over = spawn.Pipe(), spawn.Event()
    peer = spawn.Process(target=_others, args=(folder, count, encrypted, theirs, over))
    peer.start()
    archive_url, superior_url, ca_file, size = ours.recv()
    try:
        asyncio.run(_send(folder, archive_url, superior_url, ca_file, count, size))
    finally:
        over.set()
        peer.join()


async def _send(folder: Path, archive_url: str, superior_url: str, ca_file: Path | None, count: int, size: int) -> None:
    store = Store(folder / "center.sqlite3")
    store.migrate()
    audit = Audit(store, now_ms)
    lines = "".join(f"{AGENT},cam-{n},{DISTRICT},3402000000132{n:07}\n" for n in range(CAMERAS))
    register = f"agent_id,camera_id,district,gb_code\n{lines}"
    CameraRegister(store, audit, lambda: None).take(register.encode(), actor="bench", replace=True)
    positions = CameraPositions(store, dict)
    cascade = ViidCascade(
        (settings(folder, superior_url, ca_file=ca_file),),
        store=store,
        audit=audit,
        search=Search(url=archive_url, token=TOKEN, audit=audit, positions=positions),
        statuses=dict,
        positions=positions.on_file,
        counts=lambda _agent: True,
        now_ms=now_ms,
    )
    cascade._outbox.post(0, (), {})  # noqa: SLF001 - the cursor of a centre that was there before the rows
    began, cpu = time.monotonic(), time.process_time()
    await cascade.read()
    await cascade.senders[0].turn()
    took_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    sent = cascade.figures()["city"].sent
    objects = sum(sent.values())
    print(
        f"{superior_url.partition(':')[0]}: {count} observations, pictures of {size // 1000} kB, {objects} objects:"
        f" {count / took_s:.0f} observations/s, {1000 * cpu_s / count:.1f} ms of the centre's processor time each"
    )
    store.close()


def _others(folder: Path, count: int, encrypted: bool, line: Connection, over: Event) -> None:
    """Serves archive and superior in a process of their own."""
    archive, jpeg = FakeArchive(), _picture()
    at_ms = now_ms() - 1000 * count
    for number in range(1, count + 1):
        archive.add(observation(f"cam-{number % CAMERAS}", at_ms + 1000 * number, number)[0], jpeg)
    pki = Pki(folder / "pki", "localhost") if encrypted else None
    with served(archive.app) as archive_url, Superior(pki.server if pki else None) as superior:
        superior.keep_connections()
        line.send((archive_url, superior.origin, pki.ca_file if pki else None, len(jpeg)))
        over.wait()


def _picture() -> bytes:
    dice = np.random.default_rng(1)
    rough = Image.fromarray(dice.integers(0, 255, (180, 320, 3), np.uint8)).resize((1920, 1080))
    buffer = io.BytesIO()
    rough.save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
