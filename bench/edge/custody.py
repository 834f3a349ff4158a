"""The spool against bare SQLite, and the archive against bare LanceDB, on the same disk with the same fsync."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from hashlib import sha256
from itertools import count
from pathlib import Path

import lancedb
import pyarrow as pa

from bench.measure import Comparison, compare, wall_ms
from edge_agent.clock import SystemClock
from edge_agent.frames import Redacted
from edge_agent.spool.spool import Spool
from provisioning.contracts import ids
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import (
    ArchivedItem,
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
from provisioning.retention.clock import read_clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.entries import Entry

PICTURE = b"\xff\xd8\xff\xe0" + bytes(100 * 1024)
BATCH = 200
NUMBERS = count()


BACKLOG = 50_000
WINDOW = 64


def measure(scratch: Path) -> Iterator[Comparison]:
    """Wall milliseconds a snapshot of 100 KiB."""
    with ExitStack() as stack:
        bare = stack.enter_context(closing(_bare(scratch / "bare.db")))
        empty = stack.enter_context(closing(_spool(scratch / "spool")))
        long = stack.enter_context(closing(_with_backlog(scratch / "backlog")))
        for spool, behind in ((empty, ""), (long, f", {BACKLOG:,} behind")):
            yield _appending(spool, bare, f"spool: select and append{behind}")
            yield _draining(spool, bare, f"spool: next {WINDOW} and their acknowledgement{behind}")
    yield _archive(scratch)


def _bare(file: Path) -> sqlite3.Connection:
    bare = sqlite3.connect(file, isolation_level=None)
    for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=FAST"):
        bare.execute(f"PRAGMA {setting}")
    bare.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY, payload BLOB)")
    return bare


def _spool(folder: Path) -> Spool:
    return Spool(processes.Spool(directory=folder, max_bytes=10**10), SystemClock())


def _with_backlog(folder: Path) -> Spool:
    """As an outage leaves it, laid down in one transaction; the pictures are small, or this would take 5 GB."""
    _spool(folder).close()
    names = [f"{number:032x}" for number in range(BACKLOG)]
    now_ms = SystemClock().now_ms()
    with closing(sqlite3.connect(folder / "spool.db", isolation_level=None)) as db:
        db.execute("BEGIN")
        db.executemany("INSERT INTO observations VALUES (?, 'bench', 'spooled', NULL)", [(name,) for name in names])
        db.executemany(
            "INSERT INTO messages (id, camera, sha256, spooled_at_ms, size, payload)"
            f" VALUES (?1, 'bench', ?1, {now_ms}, 2048, zeroblob(2048))",
            [(name,) for name in names],
        )
        db.execute("INSERT INTO counters VALUES ('bench', 'selected', ?), ('bench', 'spooled', ?)", (BACKLOG, BACKLOG))
        db.execute("COMMIT")
    return _spool(folder)


def _appending(spool: Spool, bare: sqlite3.Connection, name: str) -> Comparison:
    def ours() -> float:
        snapshots = [_snapshot(next(NUMBERS)) for _ in range(50)]
        return wall_ms(lambda: _keep(spool, snapshots)) / len(snapshots)

    def baseline() -> float:
        return wall_ms(lambda: _insert(bare, 50)) / 50

    return compare(
        name, "ms", ours, baseline, runs=9,
        baseline_is="one INSERT of the same bytes in bare SQLite, WAL, synchronous=FULL",
    )  # fmt: skip


def _draining(spool: Spool, bare: sqlite3.Connection, name: str) -> Comparison:
    def drain() -> None:
        stored = spool.next_unsent((), (), max_messages=WINDOW, max_bytes=2**30)
        confirmed, _ = spool.confirm(
            ArchivedItem(observation_id=each.observation_id, message_sha256=each.sha256, picture=PictureState.KEPT)
            for each in stored
        )
        if len(confirmed) != WINDOW:
            raise RuntimeError("the spool did not let go of what was acknowledged")

    def ours() -> float:
        _keep(spool, [_snapshot(next(NUMBERS)) for _ in range(WINDOW)])
        return wall_ms(drain) / WINDOW

    def delete() -> None:
        rows = bare.execute("SELECT seq, payload FROM messages ORDER BY seq DESC LIMIT ?", (WINDOW,)).fetchall()
        bare.execute("BEGIN")
        bare.executemany("DELETE FROM messages WHERE seq = ?", [(seq,) for seq, _ in rows])
        bare.execute("COMMIT")

    def baseline() -> float:
        _insert(bare, WINDOW)
        return wall_ms(delete) / WINDOW

    return compare(
        name, "ms", ours, baseline, runs=9,
        baseline_is="reading as many rows and deleting them in one transaction of bare SQLite",
    )  # fmt: skip


def _keep(spool: Spool, snapshots: list[Snapshot]) -> None:
    for snapshot in snapshots:
        spool.select(snapshot.observation_id, snapshot.camera_id)
        spool.append(Redacted(snapshot, PICTURE))


def _insert(bare: sqlite3.Connection, count: int) -> None:
    for _ in range(count):
        bare.execute("INSERT INTO messages (payload) VALUES (?)", (PICTURE,))


def _archive(scratch: Path) -> Comparison:
    clock = SystemClock()
    archiver = Archiver(scratch / "archive", retention_days=30, offset_minutes=480, now=read_clocks())
    rows = pa.table({"id": ["x" * 40] * BATCH, "at": list(range(BATCH)), "facts": ["{}" * 200] * BATCH})
    table = lancedb.connect(scratch / "bare").create_table("bare", rows)

    def ours() -> float:
        entries = [_entry(next(NUMBERS), clock.now_ms()) for _ in range(BATCH)]
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
