"""The spool against bare SQLite, and the archive against bare LanceDB, on the same disk with the same fsync."""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

import lancedb
import pyarrow as pa

from bench.measure import Comparison, compare, wall_ms
from edge_agent.clock import SystemClock
from edge_agent.frames import Redacted
from edge_agent.spool import Spool
from provisioning.contracts import config, ids
from provisioning.contracts.messages import (
    Box,
    ClockQuality,
    Machine,
    MachineClass,
    Picture,
    PictureState,
    Quality,
    Redaction,
    Snapshot,
)
from ray_cluster.archiver import Archiver
from ray_cluster.entries import Entry

PICTURE = b"\xff\xd8\xff\xe0" + bytes(100 * 1024)
BATCH = 200


def measure(scratch: Path) -> Iterator[Comparison]:
    """Wall milliseconds a snapshot of 100 KiB."""
    yield _spool(scratch)
    yield _archive(scratch)


def _spool(scratch: Path) -> Comparison:
    clock, numbers = SystemClock(), count()
    spool = Spool(config.Spool(directory=scratch / "spool"), clock)
    bare = sqlite3.connect(scratch / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY, payload BLOB)")

    def ours() -> float:
        snapshots = [_snapshot(next(numbers)) for _ in range(50)]

        def work() -> None:
            for snapshot in snapshots:
                spool.select(snapshot.observation_id, snapshot.camera_id)
                spool.append(Redacted(snapshot, PICTURE))

        return wall_ms(work) / len(snapshots)

    def baseline() -> float:
        def work() -> None:
            for _ in range(50):
                bare.execute("INSERT INTO messages (payload) VALUES (?)", (PICTURE,))

        return wall_ms(work) / 50

    return compare(
        "spool: select and append", "ms", ours, baseline, runs=9,
        baseline_is="one INSERT of the same bytes in bare SQLite, WAL, synchronous=FULL",
    )  # fmt: skip


def _archive(scratch: Path) -> Comparison:
    clock, numbers = SystemClock(), count()
    archiver = Archiver(scratch / "archive", retention_days=30, offset_minutes=480, now_ms=clock.now_ms())
    rows = pa.table({"id": ["x" * 40] * BATCH, "at": list(range(BATCH)), "facts": ["{}" * 200] * BATCH})
    table = lancedb.connect(scratch / "bare").create_table("bare", rows)

    def ours() -> float:
        entries = [_entry(next(numbers), clock.now_ms()) for _ in range(BATCH)]
        return wall_ms(lambda: archiver.commit(entries, now_ms=clock.now_ms())) / BATCH

    def baseline() -> float:
        return wall_ms(lambda: table.add(rows)) / BATCH

    return compare(
        f"archive: commit of {BATCH}", "ms", ours, baseline, runs=9,
        baseline_is="adding as many rows to a bare LanceDB table, without pictures, key or order",
    )  # fmt: skip


def _snapshot(number: int, at_ms: int = 1_795_449_600_000) -> Snapshot:
    return Snapshot(
        observation_id=ids.observation_id("bench", at_ms, f"k{number}"),
        agent_id="bench-agent",
        camera_id="bench",
        source_key=f"k{number}",
        captured_at_ms=at_ms,
        clock=ClockQuality.ARRIVAL,
        picture=Picture(
            state=PictureState.KEPT, width=1920, height=1080, bytes=len(PICTURE), sha256=sha256(PICTURE).hexdigest()
        ),
        quality=Quality(sharpness=1, brightness=1, contrast=1),
        machines=(),
        people=0,
        redaction=Redaction(policy="bench", models={}, regions=(), covered_share=0),
    )


def _entry(number: int, now_ms: int) -> Entry:
    machine = Machine(cls=MachineClass.CAR, score=0.9, box=Box(x0=0, y0=0, x1=100, y1=60))
    snapshot = _snapshot(number, now_ms)
    return Entry(
        snapshot,
        sha256(snapshot.observation_id.encode()).hexdigest(),
        now_ms,
        PictureState.KEPT,
        PICTURE,
        (machine,) * 3,
    )
