"""Reads one partition of an archive page by page. Opens its own tables and writes none."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provisioning.contracts.query.archive import (
    ArchiveGrowth,
    CommitPage,
    HoldMarks,
    ObjectRow,
    Observation,
    ObservationPage,
    SnapshotRow,
    StorageStatus,
    UpkeepStatus,
)
from provisioning.contracts.query.search import MachineCounts, SearchPlan
from provisioning.contracts.query.zone_counts import ZoneCounts, ZoneSpan
from provisioning.contracts.wire.messages import PictureState
from ray_cluster.archive import retention
from ray_cluster.archive.disk_usage import Storage
from ray_cluster.archive.hold_store import HoldStore
from ray_cluster.archive.lance_tables import batches, connect, in_order, read_errors, window_names
from ray_cluster.archive.object_store.claim import open_packs
from ray_cluster.archive.schema import OBJECT_COLUMNS, OBJECTS, SNAPSHOTS, filed_at_ms, object_row, snapshot_row
from ray_cluster.archive.summaries.counts_store import CountsStore
from ray_cluster.archive.summaries.store import Pruner, Summaries
from ray_cluster.archive.upkeep_status import alarms, read_status
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.archive.windows import WindowsOfDays, day_name, day_of, days_of, span_ms
from ray_cluster.coded_errors import CodedText
from ray_cluster.errors import (
    PictureDamaged,
    PictureErased,
    PictureLeaked,
    PictureWithheld,
    UnknownObservation,
)
from ray_cluster.query.counting import Counting
from ray_cluster.query.explain import plan
from ray_cluster.query.filters import MAX_TIME_MS, Cursor, Filter, checked_row_key
from ray_cluster.query.growth import Growth
from ray_cluster.query.machine_search import MachinePages
from ray_cluster.query.row_reader import by_key, matching, pinned, records
from ray_cluster.query.zone_counting import ZoneCounting

_NEWEST: Final = ("filed_at_ms", "row_key")


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a partition. `row_keys`: of every row, for a count of distinct ones over all partitions."""

    days: tuple[str, ...]
    rows: int
    objects: int
    leaks: int
    last_commit_seq: int
    row_keys: tuple[pa.Array, ...]


class PartitionReader:
    """Reads the folder of one partition, which may not exist yet. Thread-safe."""

    def __init__(self, directory: Path, *, offset_minutes: int) -> None:
        self._directory = directory
        self._held = HoldStore(directory)
        self._offset_minutes = offset_minutes
        self._tables = connect(directory)
        self._seals = Seals(directory, self._tables)
        self._summaries = Summaries(directory, self._tables)
        self._kept_counts = CountsStore(directory, offset_minutes=offset_minutes)
        self._made: set[str] = set()
        self._storage = Storage(directory)
        self._growth = Growth(self._tables)

    @property
    def exists(self) -> bool:
        """True once the folder is there."""
        return self._directory.is_dir()

    def observations(
        self, wanted: Filter, *, limit: int, cursor: Cursor | None = None, only_day: str | None = None
    ) -> ObservationPage:
        """Return a page, newest filed time first; of `only_day` if that is given.

        With conditions on machines other than their class, machines are searched instead of snapshots: such a page may
        be shorter than `limit`, or empty, and still have a cursor.

        Raises:
            ArchiveUnreadable: try again.
        """
        windows = [name for name in self._windows_of(wanted, cursor) if only_day in {None, day_of(name)}]
        pruner = Pruner(self._summaries, wanted.wanted, wanted.camera_ids, wanted.sources)
        if wanted.wanted.of_machine:
            pages = MachinePages(self._tables, self._offset_minutes)
            found, next_cursor = pages.page(windows, wanted, limit, cursor, pruner)
            following = None if next_cursor is None else str(next_cursor)
            return ObservationPage(items=self._with_machines(found), next_cursor=following)
        rows: list[SnapshotRow] = []
        for window in windows:
            with read_errors(window):
                # A row whose picture shows no machine has no class, and no summary knows of it.
                if wanted.wanted.cls and pruner.excludes(window):
                    continue
                for part in wanted.parts(span_ms(window, self._offset_minutes), cursor):
                    left = limit + 1 - len(rows)
                    if left:
                        rows += self._rows(window, part.conditions(cursor), _NEWEST, ascending=False, limit=left)
            if len(rows) > limit:
                break
        page = rows[:limit]
        following = str(Cursor(filed_at_ms(page[-1]), page[-1].row_key)) if len(rows) > limit else None
        return ObservationPage(items=self._with_machines(page), next_cursor=following)

    def observation(self, row_key: str) -> Observation:
        """Return one row with its machines.

        Raises:
            BadRequest: not a row key.
            UnknownObservation: no such row.
        """
        checked_row_key(row_key)
        row = self._row(row_key)
        if row is not None:
            return self._with_machines([row])[0]
        return self._held_observation(row_key)

    def holds(self, row_key: str) -> HoldMarks:
        """List the legal holds that name one row.

        Raises:
            BadRequest, UnknownObservation: as `observation`.
            ArchiveUnreadable: a hold cannot be read.
        """
        return HoldMarks(holds=self._held.marks(self.observation(row_key).snapshot))

    def picture(self, row_key: str) -> bytes:
        """Return the JPEG of one row.

        Raises:
            PictureWithheld, PictureLeaked: the row never had one here.
            PictureErased, PictureDamaged: the row had one.
            BadRequest, UnknownObservation: as `observation`.
        """
        checked_row_key(row_key)
        row = self._row(row_key)
        return self.picture_of(self._held_observation(row_key).snapshot if row is None else row)

    def picture_of(self, row: SnapshotRow) -> bytes:
        """Return the JPEG of a row that was read before. Raises as `picture`."""
        if row.picture is PictureState.LEAK:
            raise PictureLeaked(f"{row.row_key}: a face was found in the picture; it was not kept")
        if row.place is None:
            raise PictureWithheld(f"{row.row_key}: the edge withheld the picture")
        if row.erased_at_ms is not None:
            raise PictureErased(f"{row.row_key}: the picture was erased")
        try:
            return open_packs(self._directory).read(row.place, row.picture_sha256)
        except PictureDamaged:
            # A day that was dropped has no packs, but a legal hold may have a copy.
            held = self._held.picture(row)
            if held is None:
                raise
            return held

    def commits(self, *, after: int, limit: int) -> CommitPage:
        """Return a page of rows in commit order.

        Two passes: the first finds where the page ends, the second reads it. The writer makes rows visible in the order
        of their numbers, so when the first pass has seen number n, the second sees every row below n, also those that
        came into a day after the first pass had left it.
        """
        condition = f"commit_seq > {after}"
        numbers: list[int] = []
        for first, window in self._by_commit(after):
            if len(numbers) == limit and first > numbers[-1]:
                break
            with read_errors(window):
                query = self._snapshots(window).search().where(condition).select(["commit_seq"])
                found = in_order(query, ("commit_seq",)).limit(limit).to_arrow()
            numbers = sorted(numbers + found.column("commit_seq").to_pylist())[:limit]
        if not numbers:
            return CommitPage(items=(), last_commit_seq=after)
        last = numbers[-1]
        rows: list[SnapshotRow] = []
        for first, window in self._by_commit(after):
            if first > last:
                break
            with read_errors(window):
                rows += self._rows(
                    window, f"{condition} AND commit_seq <= {last}", ("commit_seq",), ascending=True, limit=limit
                )
        rows = sorted(rows, key=lambda row: row.commit_seq)[:limit]
        return CommitPage(items=self._with_machines(rows), last_commit_seq=rows[-1].commit_seq)

    def count(self, wanted: Filter) -> int:
        """Count the rows of a span and of cameras. Raises `ArchiveUnreadable`."""
        rows = 0
        for window in self._windows_of(wanted, None):
            with read_errors(window):
                rows += self._snapshots(window).count_rows(wanted.conditions(None))
        return rows

    def counts(self, wanted: Filter, bin_ms: int) -> MachineCounts:
        """Count machines by class and time, hour of the week and camera.

        Raises:
            BadRequest: the span has no end, or too many bins.
            ArchiveUnreadable: try again.
        """
        counting = Counting(self._tables, self._kept_counts, self._offset_minutes)
        return counting.count(self._windows_of(wanted, None), wanted, bin_ms)

    def zones(self, span: ZoneSpan, cameras: Filter, *, now_ms: int) -> ZoneCounts:
        """Count people before cameras, as means and maxima of bins.

        Raises:
            BadRequest: the answer would be too large.
            ArchiveUnreadable: try again.
        """
        counting = ZoneCounting(self._tables, self._offset_minutes)
        windows = self._windows_of(counting.reach(cameras), None)
        return counting.count(windows, span, cameras, now_ms=now_ms)

    def plan(self, wanted: Filter) -> SearchPlan:
        """Explain how `observations` would be answered. Raises `ArchiveUnreadable`."""
        return plan(self._tables, self._windows_of(wanted, None), wanted, self._offset_minutes)

    def tally(self) -> Tally:
        """Count the partition from its tables, so that the ledger does not rely on counters of other processes.

        Reads two columns of every row: about a second for ten million.
        """
        rows = objects = leaks = last = 0
        keys: list[pa.Array] = []
        windows = self._windows().names
        for window in windows:
            with read_errors(window):
                table = self._snapshots(window)
                columns = batches(table.search().select(["row_key", "commit_seq"])).read_all()
                leaks += table.count_rows(f"picture = '{PictureState.LEAK}'")
                objects += self._tables.open_table(OBJECTS + window).count_rows()
            rows += columns.num_rows
            keys += columns.column("row_key").chunks
            last = max(last, pc.max(columns.column("commit_seq")).as_py() or 0)
        return Tally(days_of(windows), rows, objects, leaks, last, tuple(keys))

    def open_newest(self) -> None:
        """Open the newest tables but read no row: for frequent polls.

        Raises:
            ArchiveUnreadable: the tables, or the list of windows, cannot be read.
        """
        for window in self._windows().names[-1:]:
            with read_errors(window):
                self._snapshots(window)
                self._tables.open_table(OBJECTS + window)

    def upkeep(self) -> UpkeepStatus | None:
        """Read the findings of the last upkeep, by window; None before the first."""
        return read_status(self._directory)

    def storage(self) -> StorageStatus:
        """Measure the disk under the archive, and the size of the newest day that is over.

        Raises:
            ArchiveUnreadable: the disk cannot be read.
        """
        today = day_name(time.time_ns() // 1_000_000, self._offset_minutes)
        with read_errors("disk"):
            return self._storage.measure(tuple(day for day in self.days() if day < today))

    def growth(self) -> ArchiveGrowth:
        """Count the rows of each day. Raises `ArchiveUnreadable`."""
        today = day_name(time.time_ns() // 1_000_000, self._offset_minutes)
        return self._growth.count(self._windows().names, today=today)

    def alarms(self) -> tuple[CodedText, ...]:
        """List alarms of upkeep and retention for the operator.

        Raises:
            ArchiveUnreadable: the state of retention cannot be read.
        """
        return (*alarms(self.upkeep()), *retention.alarms(self._directory))

    def days(self) -> tuple[str, ...]:
        """List the days with rows, oldest first.

        Raises:
            ArchiveUnreadable: the directory cannot be listed.
        """
        return days_of(self._windows().names)

    def _windows(self) -> WindowsOfDays:
        with read_errors("tables"):
            return WindowsOfDays(window_names(self._tables, self._made), self._offset_minutes)

    def _windows_of(self, wanted: Filter, cursor: Cursor | None) -> list[str]:
        """List the windows that may have rows of the span, up to the cursor, newest first."""
        newest = min(wanted.to_ms, cursor.at_ms + 1 if cursor else MAX_TIME_MS)
        return self._windows().touching(wanted.from_ms, newest)

    def _by_commit(self, after: int) -> list[tuple[int, str]]:
        """List the windows that may have later commits, each with the first number that may be in it."""
        found = []
        for name in self._windows().names:
            seal = self._seals.of(name)
            if seal is None or seal.last_commit_seq > after:
                found.append((0 if seal is None else seal.first_commit_seq, name))
        return sorted(found)

    def _snapshots(self, window: str) -> Any:
        return pinned(self._tables, SNAPSHOTS + window)

    def _rows(
        self, window: str, condition: str, order: Sequence[str], *, ascending: bool, limit: int
    ) -> list[SnapshotRow]:
        table = self._snapshots(window)
        ids = matching(table, condition, order=order, ascending=ascending, limit=limit)
        return [snapshot_row(record) for record in records(table, ids)]

    def _row(self, row_key: str) -> SnapshotRow | None:
        """Find a row without its machines, which take as long to find; None if no table has it."""
        for window in self._seals.holding(reversed(self._windows().names), [row_key]):
            with read_errors(window):
                table = self._snapshots(window)
                found = records(table, by_key(table, [row_key]).get(row_key, ()))
            if found:
                return snapshot_row(found[0])
        return None

    def _held_observation(self, row_key: str) -> Observation:
        """Read a row of a dropped day from a legal hold. Raises UnknownObservation."""
        held = self._held.observation(row_key)
        if held is None:
            raise UnknownObservation(f"{row_key}: no such observation; it may have passed its retention")
        return held

    def _with_machines(self, rows: Sequence[SnapshotRow]) -> tuple[Observation, ...]:
        machines: dict[str, list[ObjectRow]] = {row.row_key: [] for row in rows}
        windows = self._windows()
        by_window: dict[str, list[str]] = {}
        for row in rows:
            window = windows.at(filed_at_ms(row)) if row.classes else None
            if window is not None:
                by_window.setdefault(window, []).append(row.row_key)
        for window, keys in by_window.items():
            with read_errors(window):
                table = pinned(self._tables, OBJECTS + window)
                there = set(table.schema.names)
                columns = [name for name in OBJECT_COLUMNS if name in there]
                ids = list(chain.from_iterable(by_key(table, keys).values()))
                for record in records(table, ids, columns):
                    machines[record["row_key"]].append(object_row(record))
        return tuple(
            Observation(snapshot=row, machines=tuple(sorted(machines[row.row_key], key=lambda machine: machine.index)))
            for row in rows
        )
