"""Upkeep: compaction, indexes, the recall canary and copies for legal holds, beside the writer and never in its way.

It works on versions: the archiver adds rows meanwhile, and neither waits for the other. What it did and what it found
is in `upkeep.json` in the archive directory, where `query` reads it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from lancedb.index import Bitmap, BTree, IvfSq

from provisioning.contracts.archive import DayUpkeep, UpkeepStatus
from ray_cluster import recall
from ray_cluster.day_index import SMALL_FRAGMENTS, Build, IndexState, index_name, next_build, partitions
from ray_cluster.day_tables import connect, day_name, day_names, is_closed
from ray_cluster.durable import replace_text
from ray_cluster.errors import ArchiveInUse, ClusterError, UpkeepFailed
from ray_cluster.holds import Holds
from ray_cluster.query import Query
from ray_cluster.tables import OBJECTS, SNAPSHOTS
from ray_cluster.upkeep_status import STATUS_FILE, read_status

KEEP_VERSIONS: Final = timedelta(minutes=10)
"""A reader breaks when the table version that it has open is cleaned away."""
CANARY_MS: Final = 3600 * 1000
_DAY_MS: Final = 86_400_000
_SAMPLE: Final = 256
_SCALAR: Final = {
    SNAPSHOTS: {
        "row_key": BTree(),
        "filed_at_ms": BTree(),
        "commit_seq": BTree(),
        "camera_id": Bitmap(),
        "time_trusted": Bitmap(),
    },
    OBJECTS: {
        "row_key": BTree(),
        "captured_at_ms": BTree(),
        "camera_id": Bitmap(),
        "cls": Bitmap(),
        "colour": Bitmap(),
        "heading_deg": BTree(),
    },
}


class Upkeep:
    """One at a time works on an archive; an instance is used by one thread."""

    def __init__(self, directory: Path, *, retention_days: int, offset_minutes: int) -> None:
        self._directory = directory
        self._retention_days = retention_days
        self._offset_minutes = offset_minutes
        self._tables = connect(directory)
        query = Query(directory, offset_minutes=offset_minutes)
        self._holds = Holds(directory, query, offset_minutes=offset_minutes)
        self._settled: dict[str, int] = {}
        status = read_status(directory)
        self._days = {} if status is None else {day.name: day for day in status.days}

    def run_once(self, *, now_ms: int) -> UpkeepStatus:
        """Do what is due, day by day, newest first. A day that fails is named in `faults` and tried again next time.

        Raises:
            ArchiveInUse: another upkeep is at work here.
            ArchiveWriteFailed: the status file cannot be written.
        """
        faults: list[str] = []
        with _alone(self._directory):
            names = day_names(self._tables)
            for name in reversed(names):
                try:
                    with _lance_errors(name):
                        self._days[name] = self._day(name, now_ms)
                except UpkeepFailed as error:
                    faults.append(str(error))
            try:
                self._keep_held(names, now_ms)
            except ClusterError as error:
                faults.append(f"legal hold: {error}")
            self._days = {name: self._days[name] for name in names if name in self._days}
            status = UpkeepStatus(at_ms=now_ms, days=tuple(self._days.values()), faults=tuple(faults))
            replace_text(self._directory / STATUS_FILE, status.model_dump_json())
        return status

    def _day(self, name: str, now_ms: int) -> DayUpkeep:
        closed = is_closed(name, now_ms, self._offset_minutes)
        snapshots = self._tables.open_table(SNAPSHOTS + name)
        objects = self._tables.open_table(OBJECTS + name)
        before = self._days.get(name)
        built = Build.NOTHING
        settles = closed and (before is None or not before.closed)
        if self._grown(snapshots) or settles:
            self._compact(SNAPSHOTS, snapshots)
        if self._grown(objects) or settles:
            built = self._build(objects, closed=closed, recall=None if before is None else before.recall)
            self._compact(OBJECTS, objects)
        state = _index_state(objects)
        rows = objects.count_rows()
        day = DayUpkeep(
            name=name,
            rows=rows,
            fragments=objects.stats()["fragment_stats"]["num_fragments"],
            index=state.name,
            indexed=state.rows,
            unindexed=state.unindexed if state.name else rows,
            segments=state.segments,
            closed=closed,
        )
        due = built in {Build.OPEN, Build.FULL} or before is None or before.recall is None
        due = due or (not closed and before is not None and now_ms - (before.recall_at_ms or 0) >= CANARY_MS)
        if not state.name:
            return day
        if not due and before is not None:
            kept = {"recall": before.recall, "recall_queries": before.recall_queries}
            return day.model_copy(update=kept | {"recall_at_ms": before.recall_at_ms})
        seen = recall.measure(objects, rows)
        if seen is None:
            return day
        found = {"recall": seen.recall, "recall_queries": seen.queries, "recall_at_ms": now_ms}
        return day.model_copy(update=found)

    def _grown(self, table: Any) -> bool:
        fragments = table.stats()["fragment_stats"]["num_fragments"]
        return bool(fragments - self._settled.get(table.name, 0) >= SMALL_FRAGMENTS)

    def _compact(self, kind: str, table: Any) -> None:
        """Compact, drop old versions, and extend every index by what was added since."""
        indexed = {index.columns[0] for index in table.list_indices()}
        for column, config in _SCALAR[kind].items():
            # A column of a later version is there once the archiver has opened the day.
            if column not in indexed and column in table.schema.names:
                table.create_index(column, config=config)
        table.optimize(cleanup_older_than=KEEP_VERSIONS)
        self._settled[table.name] = table.stats()["fragment_stats"]["num_fragments"]

    def _build(self, objects: Any, *, closed: bool, recall: float | None) -> Build:
        if "vector" not in objects.schema.names:
            return Build.NOTHING
        state = replace(_index_state(objects), recall=recall)
        vectors = _vectors(objects)
        build = next_build(state, vectors, closed=closed)
        if build not in {Build.OPEN, Build.FULL}:
            return build
        name = index_name(build, vectors)
        config = IvfSq(distance_type="cosine", num_partitions=partitions(vectors), sample_rate=64, max_iterations=20)
        old = [index.name for index in objects.list_indices() if index.columns == ["vector"] and index.name != name]
        objects.create_index("vector", config=config, name=name)
        # In this order: at every moment one of them is there.
        for each in old:
            objects.drop_index(each)
        return build

    def _keep_held(self, names: tuple[str, ...], now_ms: int) -> None:
        """Copy what is held of the days that retention is about to drop, and delete holds that have ended."""
        self._holds.expire(now_ms)
        oldest = day_name(now_ms - self._retention_days * _DAY_MS, self._offset_minutes)
        for name in names:
            if name < oldest:
                self._holds.copy_day(name)


def _index_state(objects: Any) -> IndexState:
    names = [index.name for index in objects.list_indices() if index.columns == ["vector"]]
    if not names:
        return IndexState()
    stats = objects.index_stats(names[-1])
    return IndexState(names[-1], stats.num_indexed_rows, stats.num_unindexed_rows, stats.num_indices or 1)


def _vectors(objects: Any) -> int:
    """About how many rows have a vector: counted on a sample, since counting reads all of them."""
    rows = objects.count_rows()
    if not rows:
        return 0
    offsets = sorted({int((i + 0.5) * rows / _SAMPLE) for i in range(min(_SAMPLE, rows))})
    found = objects.take_offsets(offsets).select(["vector"]).to_arrow().column("vector")
    return int(rows * (1 - found.null_count / len(offsets)))


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    path = directory / "upkeep.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveInUse(f"{path}: another upkeep is at work; let it end") from error
        yield
    finally:
        os.close(lock)


@contextmanager
def _lance_errors(where: str) -> Iterator[None]:
    """Lance says RuntimeError or OSError, and ValueError for a table that was dropped meanwhile."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise UpkeepFailed(f"{where}: {str(error)[:300]}; it is tried again") from error
