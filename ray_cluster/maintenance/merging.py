"""Merges the windows of a closed day into wider ones: a search costs some milliseconds a table, whatever is in it.

The new tables are made as drafts, which no reader lists, a step a round of upkeep. Then, with commits locked out and
only if nothing has changed in the old windows, the drafts get their names and the record of the merge is renamed into
place: from then on the new windows are in force. The old ones are removed ten minutes later, when nobody reads them.
Killed before the record, a merge leaves drafts, which are removed, and the day as it was.
"""

import logging
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ray_cluster.archive.bloom import marks_of_column
from ray_cluster.archive.fencing import locked
from ray_cluster.archive.lance_tables import (
    batches,
    connect,
    create_draft,
    is_closed,
    joined,
    newest_version,
    publish_draft,
    remove_drafts,
    remove_window,
    settle_draft,
    superseded_names,
    window_names,
)
from ray_cluster.archive.merged_days import MergedDay, MergedDays
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.summaries.counts_store import CountsStore
from ray_cluster.archive.summaries.store import Summaries
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.archive.windows import closed_hours, day_of, days_of, hours_by_day, wider
from ray_cluster.errors import ClusterError, UpkeepFailed
from ray_cluster.maintenance.indexing import KEEP_VERSIONS, build_vector_index, compact, lance_errors
from ray_cluster.query.sql import literal

LOG = logging.getLogger(__name__)
RETRY_MS: Final = 3600 * 1000
"""Time for which a day stays as it is after a merge of it failed, or a late row or an erasure overtook it."""
SPARE_BYTES: Final = 2 * 1024**3
"""Bytes of the disk that a merge leaves to commits."""
_GROWTH: Final = 1.1
"""Bytes of a window's tables and indexes, over those of the windows that it is made of."""
_DRAFT_VERSIONS: Final = timedelta(milliseconds=1)
"""Age of versions of a draft, which nobody reads, before they are dropped."""
_CACHE_BYTES: Final = 1024**3
_SORTED_ROWS: Final = 65_536
"""Machines that are sorted by camera at once: some 70 MB of a window's, and as much again while they are sorted."""


class _Overtaken(Exception):
    """The windows have changed since they were copied: nothing is lost, and the copy is of no use."""


@dataclass(frozen=True, slots=True)
class _Digest:
    """Digest of rows in any order: their number, and the sums of their keys' hashes and of their numbers."""

    rows: int = 0
    keys: int = 0
    indexes: int = 0

    def __add__(self, other: "_Digest") -> "_Digest":
        keys = (self.keys + other.keys) % 2**64
        return _Digest(self.rows + other.rows, keys, self.indexes + other.indexes)

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> "_Digest":
        keys = int(marks_of_column(batch.column("row_key")).sum(dtype=np.uint64)) if batch.num_rows else 0
        is_object = "index" in batch.schema.names
        return cls(batch.num_rows, keys, (pc.sum(batch.column("index")).as_py() or 0) if is_object else 0)


class DayMerger:
    """Merges the windows of closed days of one partition, newest day first. An instance is used by one thread."""

    def __init__(self, directory: Path, tables: Any, *, offset_minutes: int) -> None:
        self._directory = directory
        self._tables = tables
        self._offset_minutes = offset_minutes
        self._records = MergedDays(directory)
        self._seals = Seals(directory, tables)
        self._summaries = Summaries(directory, tables)
        self._counts = CountsStore(directory, offset_minutes=offset_minutes)
        self._day = ""
        """Day whose merge is under way; empty if none is."""
        self._steps: Iterator[None] = iter(())
        self._left: dict[str, tuple[int, str]] = {}
        """Days that stay as they are for now: until when, and the fault if there is one."""
        self._machines: dict[str, int] = {}

    def held_back(self, names: Sequence[str], now_ms: int) -> frozenset[str]:
        """List the windows that are merged soon, and so need no index of their own."""
        days = {*self._due(names, now_ms), self._day}
        return frozenset(name for name in names if day_of(name) in days)

    def is_under_way(self, name: str) -> bool:
        """True if a window is being merged: until then its tables should stay as they are."""
        return day_of(name) == self._day

    def run_step(self, names: Sequence[str], now_ms: int) -> tuple[str, ...]:
        """Do one step of a merge that is due or under way, and remove what earlier ones left. `names`: those in force.

        Returns a line for each day that cannot be merged, with the remedy.
        """
        with lance_errors("merged windows"):
            faults = [*self._clean(names)]
        due = [] if self._day else self._due(names, now_ms)
        if due:
            self._day, self._steps = due[0], self._merge([name for name in names if day_of(name) == due[0]])
        if self._day:
            self._step(now_ms)
        days = days_of(names)
        self._machines = {name: self._machines[name] for name in names if name in self._machines}
        self._left = {day: left for day, left in self._left.items() if day in days and left[0] > now_ms}
        return (*faults, *(fault for _, fault in self._left.values() if fault))

    def _step(self, now_ms: int) -> None:
        try:
            with lance_errors(self._day):
                next(self._steps)
        except StopIteration:
            LOG.info("day %s: its windows were merged", self._day)
        except _Overtaken:
            LOG.info("day %s: changed while its windows were merged; again in an hour", self._day)
            self._leave(self._day, now_ms, "")
        except ClusterError as error:
            self._leave(self._day, now_ms, str(error))
        else:
            return
        self._day = ""

    def _leave(self, day: str, now_ms: int, fault: str) -> None:
        text = f"day {day}: its windows were not merged, and it is searched as it is: {fault}"
        self._left[day] = now_ms + RETRY_MS, text if fault else ""

    def _due(self, names: Sequence[str], now_ms: int) -> list[str]:
        """List the days to merge, newest first."""
        if not self._records.are_followed():
            return []
        merged, due = self._records.days(), []
        for day in reversed(days_of(names)):
            windows = [name for name in names if day_of(name) == day]
            is_left = day in self._left and self._left[day][0] > now_ms
            if len(windows) < 2 or day in merged or is_left or not is_closed(day, now_ms, self._offset_minutes):
                continue
            try:
                if self._hours(windows) > hours_by_day(windows)[day]:
                    due.append(day)
            except UpkeepFailed as error:
                self._leave(day, now_ms, str(error))
        return due

    def _hours(self, windows: Sequence[str]) -> int:
        for name in windows:
            if name not in self._machines:
                with lance_errors(name):
                    self._machines[name] = self._tables.open_table(OBJECTS + name).count_rows()
        return closed_hours({name: self._machines[name] for name in windows})

    def _merge(self, windows: list[str]) -> Iterator[None]:
        """Merge the windows of a day, a step at a time.

        Raises:
            _Overtaken: a window has changed meanwhile.
            UpkeepFailed, ArchiveInUse, ArchiveFull, ArchiveWriteFailed: the day is as before.
        """
        day, hours = day_of(windows[0]), self._hours(windows)
        # A session of its own: what is cached of a draft must not outlive it.
        tables = connect(self._directory, cache_bytes=_CACHE_BYTES)
        versions = self._versions(windows)
        self._check_room(tables, windows, hours)
        targets: dict[str, list[str]] = {}
        for name in windows:
            targets.setdefault(wider(name, hours), []).append(name)
        for target, sources in targets.items():
            draft = create_draft(tables, target)
            for kind, table in ((SNAPSHOTS, draft.snapshots), (OBJECTS, draft.objects)):
                _copy([tables.open_table(kind + name) for name in sources], table)
            yield
            build_vector_index(draft.objects, closed=True, recall=None)
            compact(OBJECTS, draft.objects, keep=_DRAFT_VERSIONS)
            compact(SNAPSHOTS, draft.snapshots, keep=_DRAFT_VERSIONS)
            settle_draft(tables, target)
            yield
        with locked(self._directory):
            # A late row of an hour that had none has made a window more.
            present = [name for name in window_names(self._tables) if day_of(name) == day]
            if present != windows or self._versions(windows) != versions or not self._records.are_followed():
                raise _Overtaken
            for target in targets:
                publish_draft(tables, target)
            self._records.write(day, MergedDay(hours=hours, sources=versions))

    def _versions(self, windows: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Read the versions of the two tables of each window."""
        return {
            name: (newest_version(self._tables, SNAPSHOTS + name), newest_version(self._tables, OBJECTS + name))
            for name in windows
        }

    def _check_room(self, tables: Any, windows: Sequence[str], hours: int) -> None:
        live: Counter[str] = Counter()
        for name in windows:
            for kind in (SNAPSHOTS, OBJECTS):
                live[wider(name, hours)] += int(tables.open_table(kind + name).stats()["total_bytes"])
        # A compaction writes one window a second time.
        needed = int((live.total() + max(live.values())) * _GROWTH) + SPARE_BYTES
        free = shutil.disk_usage(self._directory).free
        if free < needed:
            raise UpkeepFailed(
                f"merging needs {needed:,} bytes and {free:,} are free in {self._directory}; free some, it is tried "
                "again within an hour"
            )

    def _clean(self, names: Sequence[str]) -> Iterator[str]:
        """Remove drafts, windows and records that are of no use any more; yield a line for each window that stays."""
        if not self._day:
            remove_drafts(self._tables)
        hours = hours_by_day(names)
        for day in self._records.days():
            record = self._records.of(day)
            if record is not None and hours.get(day) != record.hours:  # the day was dropped, or taken from a backup
                self._records.drop(day)
        for name in superseded_names(self._tables):
            record = self._records.of(day_of(name))
            if record is None:  # a merge was cut off before its record
                remove_window(self._tables, name)
            elif self._records.age_s(day_of(name), time.time()) >= KEEP_VERSIONS.total_seconds():
                if record.sources.get(name, (0, 0)) != self._versions([name])[name]:
                    yield (
                        f"{name}: rows were added after its merge, by a writer of an older release: remove "
                        f"merged/{day_of(name)} while nothing runs, and let this release merge the day again"
                    )
                    continue
                with self._records.unneeded() as is_unneeded:
                    if is_unneeded:
                        remove_window(self._tables, name)
                        self._seals.drop(name)
                        self._summaries.drop(name)
                        self._counts.drop(name)


def _copy(sources: Sequence[Any], target: Any) -> None:
    """Copy the rows of tables, as they are now, into an empty one, and compare what is in it with what is in them."""
    foreign = {name for table in sources for name in table.schema.names} - set(target.schema.names)
    if foreign:
        raise UpkeepFailed(f"a column {min(foreign)} is of a newer release; use that")

    def rows() -> Iterator[pa.RecordBatch]:
        for table in sources:
            there = [name for name in target.schema.names if name in table.schema.names]
            for batch in _by_looks(table, there) if "cls" in there else batches(table.search().select(there)):
                yield _filled(batch, target.schema)

    target.add(pa.RecordBatchReader.from_batches(target.schema, rows()), on_bad_vectors="null")
    wanted = sum((_digest(table) for table in sources), _Digest())
    written = _digest(target)
    if written != wanted:
        raise UpkeepFailed(f"{target.name}: {written.rows} rows were written of {wanted.rows}, or others")


def _digest(table: Any) -> _Digest:
    columns = [name for name in ("row_key", "index") if name in table.schema.names]
    return sum((_Digest.of(batch) for batch in batches(table.search().select(columns))), _Digest())


def _by_looks(objects: Any, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield the machines of each class and colour, those of a camera beside each other, `_SORTED_ROWS` at a time.

    What a filter by camera leaves is compared one by one, and Lance reads rows that lie together in one go.
    """
    for condition in _looks(objects):
        for rows in joined(batches(objects.search().where(condition).select(columns)), _SORTED_ROWS):
            yield from rows.combine_chunks().sort_by("camera_id").to_batches()


def _looks(objects: Any) -> list[str]:
    """List a condition for each class and colour in a table; each row meets one of them.

    In this order rows of one class and colour lie beside each other, so that the list of those that fit a filter is
    short: a search with one takes half of the processor time, since each row that it reads is looked up in that list.
    """
    columns = [name for name in ("cls", "colour") if name in objects.schema.names]
    found = {tuple(row.values()) for batch in batches(objects.search().select(columns)) for row in _distinct(batch)}
    return [
        " AND ".join(
            f"{name} IS NULL" if value is None else f"{name} = {literal(value)}"
            for name, value in zip(columns, values, strict=True)
        )
        for values in sorted(found, key=lambda values: [value or "" for value in values])
    ]


def _distinct(batch: pa.RecordBatch) -> list[dict[str, str | None]]:
    rows: list[dict[str, str | None]] = (
        pa.Table.from_batches([batch]).group_by(batch.schema.names).aggregate([]).to_pylist()
    )
    return rows


def _filled(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch with the columns of a schema; those that an older release did not write are empty."""
    there = set(batch.schema.names)
    columns = [
        batch.column(field.name).cast(field.type) if field.name in there else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
