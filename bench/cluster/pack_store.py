"""`python -m bench.cluster.pack_store [--commits N]`: what commits and pictures cost on disk and in a store.

The store is a server in pure Python on loopback: it shows what an operation asks for, and no store's speed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from provisioning.contracts.config.cluster import PackStore
from provisioning.contracts.query.archive import SnapshotRow
from ray_cluster.archive.object_store.claim import claim_packs
from ray_cluster.query.filters import Filter
from ray_cluster.query.reader import Query
from tests.ray_cluster.world import NOW_MS, OFFSET_MINUTES, archiver, entry, snapshot
from tests.support.object_store import running_store

ROWS: Final = 46
"""Rows of a commit: the reference county's 231 messages a second, a commit each 200 ms."""
PICTURE_BYTES: Final = 120_000
TIMES: Final = 8


def main() -> None:
    """Measure both and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.pack_store", description=__doc__)
    parser.add_argument("--commits", type=int, default=40, help="commits of 46 pictures of 120 kB (40)")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ask:
        print(json.dumps(ask(arguments.ask)))
        return
    table = Table("what", "p50 ms", "p95 ms")
    with tempfile.TemporaryDirectory(prefix="wayside-packs-") as folder, running_store(Path(folder)) as store:
        for name, settings in (("disk", None), ("store", store.settings("bench"))):
            archive = Path(folder) / name
            add(table, f"{name}: a commit of {ROWS} pictures", fill(archive, settings, arguments.commits))
            found = [_asked(archive) for _ in range(3)]
            for what in found[0]:
                cold = [each[what][0] for each in found]
                warm = [ms for each in found for ms in each[what][1:]]
                add(table, f"{name}: {what}, cold", cold)
                add(table, f"{name}: {what}, warm", warm)
    Console().print(table)


def add(table: Table, what: str, took_ms: list[float]) -> None:
    """Add a row."""
    table.add_row(what, f"{np.median(took_ms):.1f}", f"{np.percentile(took_ms, 95):.1f}")


def fill(archive: Path, settings: PackStore | None, commits: int) -> list[float]:
    """Make an archive; return the milliseconds of each commit."""
    claim_packs(archive, settings)
    writer = archiver(archive)
    chance = np.random.default_rng(1)
    took = []
    for first in range(0, commits * ROWS, ROWS):
        entries = []
        for number in range(first, first + ROWS):
            picture = chance.bytes(PICTURE_BYTES)
            entries.append(replace(entry(number), snapshot=snapshot(number, picture=picture), jpeg=picture))
        began = time.perf_counter()
        writer.commit(entries, now_ms=NOW_MS)
        took.append((time.perf_counter() - began) * 1000)
    return took


def ask(archive: Path) -> dict[str, list[float]]:
    """Time each question in this process, the first time and again."""
    query = Query(archive, offset_minutes=OFFSET_MINUTES)
    wanted = Filter(NOW_MS - 120_000, NOW_MS + 60_000, camera_ids=("cam-1",))

    rows: list[SnapshotRow] = []

    def search() -> None:
        rows[:] = [each.snapshot for each in query.observations(wanted, limit=51).items]

    def picture() -> None:
        query.picture_of(rows[50])

    def pictures() -> None:
        for row in rows[:50]:
            query.picture_of(row)

    questions: dict[str, Callable[[], None]] = {
        "a search, 51 rows": search,
        "a picture": picture,
        "its other 50 pictures, one after the other": pictures,
    }
    return {what: [_timed(question) for _ in range(TIMES)] for what, question in questions.items()}


def _timed(question: Callable[[], None]) -> float:
    began = time.perf_counter()
    question()
    return (time.perf_counter() - began) * 1000


def _asked(archive: Path) -> dict[str, list[float]]:
    """Ask in a new process, once the archive's files are out of the page cache."""
    for path in archive.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    command = [sys.executable, "-m", "bench.cluster.pack_store", "--ask", str(archive)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, list[float]] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
