"""Maintains a partition of an archive beside its writer: compaction, indexes, recall canary, copies for legal holds.

Upkeep works on versions: the archiver adds rows meanwhile, and neither waits for the other. Its findings are in
`upkeep.json` in the partition's folder, where `query` reads them.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.query.archive import DayUpkeep, UpkeepStatus
from ray_cluster.archive import retention
from ray_cluster.archive.atomic_files import replace_text
from ray_cluster.archive.index_policy import SMALL_FRAGMENTS, Build
from ray_cluster.archive.lance_tables import connect, has_leftovers, is_closed, newest_version, window_names
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.summaries.counts_store import CountsStore
from ray_cluster.archive.summaries.store import Summaries
from ray_cluster.archive.upkeep_status import STATUS_FILE, by_day, read_status
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.archive.windows import day_name, days_of, span_ms
from ray_cluster.errors import ArchiveInUse, ClusterError, UpkeepFailed
from ray_cluster.maintenance import recall_check as recall
from ray_cluster.maintenance.holds import PartitionHolds
from ray_cluster.maintenance.index_check import unreadable_indexes
from ray_cluster.maintenance.indexing import KEEP_VERSIONS, build_vector_index, compact, index_state, lance_errors
from ray_cluster.maintenance.merging import DayMerger
from ray_cluster.maintenance.pack_count import PackCount

CANARY_MS: Final = 3600 * 1000
CHECK_MS: Final = 3600 * 1000
"""Longest time for which the files of indexes are taken to be readable; after a fault of their window they are not."""
OVER_AFTER_MS: Final = 10 * 60 * 1000
"""Time after its end at which a window is over: its snapshots have arrived by then, except those of an outage."""
RESEAL_MS: Final = 3600 * 1000
"""Longest time without seal and summary for a window that got late rows: a seal takes a second for two million rows."""
_CACHE_BYTES: Final = 1024**3
"""Cache of indexes: twice those of an hour of a million machines. Upkeep goes from window to window, and Lance would
keep up to 6 GiB of them: 5.2 GB after seven windows of .83 million (measured)."""


class Upkeep:
    """Maintains one partition, one process at a time; an instance is used by one thread."""

    def __init__(self, directory: Path, *, offset_minutes: int) -> None:
        self._directory = directory
        self._offset_minutes = offset_minutes
        self._tables = connect(directory, cache_bytes=_CACHE_BYTES)
        self._holds = PartitionHolds(directory, offset_minutes=offset_minutes)
        self._seals = Seals(directory, self._tables)
        self._merger = DayMerger(directory, self._tables, offset_minutes=offset_minutes)
        self._summaries = Summaries(directory, self._tables)
        self._counts = CountsStore(directory, offset_minutes=offset_minutes)
        self._sealed_at_ms: dict[str, int] = {}
        self._summarised_at_ms: dict[str, int] = {}
        self._settled: dict[str, int] = {}
        self._checked_ms: dict[str, int] = {}
        """Time at which the indexes of each window were last found readable."""
        self._left_at: dict[str, tuple[int, int]] = {}
        """Versions of a window's tables when no work was left in it: sealed, and summarised."""
        status = read_status(directory)
        self._windows = {} if status is None else {window.name: window for window in status.days}
        self._packs = PackCount(directory, self._tables, None if status is None else status.packs)

    def run_once(self, *, now_ms: int) -> UpkeepStatus:
        """Do the work that is due, newest window first. A failed window is named in `faults` and tried again.

        An index that is trained on a whole window ends the round, and so does a step of a merge, so that the current
        window never waits for several.

        Raises:
            ArchiveInUse: another upkeep is at work here.
            ArchiveUnreadable: a table is of another release.
            ArchiveWriteFailed: the status file cannot be written.
        """
        faults: list[str] = []
        with _alone(self._directory):
            names = window_names(self._tables)
            held_back = self._merger.held_back(names, now_ms)
            built = Build.NOTHING
            for name in reversed(names):
                if self._merger.is_under_way(name):  # another version of its tables would overtake the merge
                    continue
                try:
                    with lance_errors(name):
                        dropped = self._drop_unreadable_indexes(name, now_ms)
                        faults += dropped
                        built = self._look_after(name, now_ms, is_bare=bool(dropped), is_merged=name in held_back)
                except UpkeepFailed as error:
                    self._checked_ms.pop(name, None)
                    faults.append(str(error))
                    continue
                if built is Build.FULL:
                    break
            try:
                if built is not Build.FULL:
                    faults += self._merger.run_step(names, now_ms)
            except ClusterError as error:
                faults.append(f"merging: {error}")
            try:
                self._keep_held(days_of(names), now_ms)
            except ClusterError as error:
                faults.append(f"legal hold: {error}")
            faults += self._packs.count(names, now_ms=now_ms)
            self._windows = {name: self._windows[name] for name in names if name in self._windows}
            status = UpkeepStatus(
                at_ms=now_ms, days=tuple(self._windows.values()), faults=tuple(faults), packs=self._packs.total
            )
            replace_text(self._directory / STATUS_FILE, status.model_dump_json())
        return by_day(status)

    def _drop_unreadable_indexes(self, name: str, now_ms: int) -> list[str]:
        """Drop the indexes of a window that cannot be read: it is read without them until they are built anew."""
        dropped: list[str] = []
        if now_ms - self._checked_ms.get(name, -CHECK_MS) >= CHECK_MS:
            tables = connect(self._directory, cache_bytes=_CACHE_BYTES)
            for kind in (SNAPSHOTS, OBJECTS):
                table = tables.open_table(kind + name)
                for index, error in list(unreadable_indexes(table)):
                    table.drop_index(index)
                    dropped.append(f"{kind}{name}: index {index} could not be read ({error}); it is built anew")
            self._checked_ms[name] = now_ms
        return dropped

    def _look_after(self, name: str, now_ms: int, *, is_bare: bool, is_merged: bool) -> Build:
        """Do the work that is due in one window; return the action on its vector index.

        `is_bare`: it lacks indexes. `is_merged`: it is about to be merged into a wider one, which is then closed.
        """
        before = self._windows.get(name)
        closed = is_closed(name, now_ms, self._offset_minutes) and not (is_merged and not (before and before.closed))
        over = now_ms >= span_ms(name, self._offset_minutes)[1] + OVER_AFTER_MS
        settles = is_bare or (over and (before is None or (before.over, before.closed) != (over, closed)))
        cleans = over and any(has_leftovers(self._tables, kind + name, KEEP_VERSIONS) for kind in (SNAPSHOTS, OBJECTS))
        if not settles and not cleans and self._left_at.get(name) == self._versions(name):
            return Build.NOTHING
        snapshots = self._tables.open_table(SNAPSHOTS + name)
        objects = self._tables.open_table(OBJECTS + name)
        built = Build.NOTHING
        if self._grown(snapshots) or settles or cleans:
            self._compact(SNAPSHOTS, snapshots)
            self._sealed_at_ms.pop(name, None)
        grown = self._grown(objects) or settles
        if grown:
            built = build_vector_index(objects, closed=closed, recall=None if before is None else before.recall)
        if grown or cleans:
            self._compact(OBJECTS, objects)
            self._summarised_at_ms.pop(name, None)
        if grown or cleans or self._counts.of(name) is None:
            self._counts.write(name, objects)
        window = _measured(name, objects).model_copy(update={"over": over, "closed": closed})
        if window.index:
            asked_ms = None if before is None or built in {Build.OPEN, Build.FULL} else before.recall_at_ms
            # A window that is over and gets no rows keeps its recall.
            due = asked_ms is None or ((grown or not over) and now_ms - asked_ms >= CANARY_MS)
            window = window.model_copy(update=_canary(objects, window.rows, now_ms) if due else _recall_of(before))
        self._windows[name] = window
        if over:
            self._left_at[name] = self._seal(name, snapshots, now_ms), self._summarise(name, objects, now_ms)
        return built

    def _versions(self, name: str) -> tuple[int, int]:
        return newest_version(self._tables, SNAPSHOTS + name), newest_version(self._tables, OBJECTS + name)

    def _seal(self, name: str, snapshots: Any, now_ms: int) -> int:
        """Seal a window if due; return the version that its seal describes, 0 without a seal."""
        seal = self._seals.of(name)
        if seal is None and now_ms - self._sealed_at_ms.get(name, 0) >= RESEAL_MS:
            seal = self._seals.write(name, snapshots)
            self._sealed_at_ms[name] = now_ms
        return 0 if seal is None else seal.version

    def _summarise(self, name: str, objects: Any, now_ms: int) -> int:
        """Summarise a window if due; return the version that its summary describes, 0 without a summary."""
        summary = self._summaries.of(name)
        if summary is None and now_ms - self._summarised_at_ms.get(name, 0) >= RESEAL_MS:
            self._summaries.write(name, objects)
            self._summarised_at_ms[name] = now_ms
            summary = self._summaries.of(name)
        return 0 if summary is None else summary.version

    def _grown(self, table: Any) -> bool:
        fragments = table.stats()["fragment_stats"]["num_fragments"]
        return bool(fragments - self._settled.get(table.name, 0) >= SMALL_FRAGMENTS)

    def _compact(self, kind: str, table: Any) -> None:
        compact(kind, table, keep=KEEP_VERSIONS)
        self._settled[table.name] = table.stats()["fragment_stats"]["num_fragments"]

    def _keep_held(self, days: tuple[str, ...], now_ms: int) -> None:
        """Copy held rows of the days that retention is about to drop, and delete holds that have ended."""
        due_ms = retention.due_ms(self._directory, now_ms)
        if due_ms is not None:
            self._holds.expire(due_ms)
        horizon_ms = retention.horizon_ms(self._directory)
        if horizon_ms is None:
            return
        oldest = day_name(horizon_ms, self._offset_minutes)
        for day in days:
            if day < oldest:
                self._holds.copy_day(day)


def _measured(name: str, objects: Any) -> DayUpkeep:
    state = index_state(objects)
    rows = objects.count_rows()
    return DayUpkeep(
        name=name,
        rows=rows,
        fragments=objects.stats()["fragment_stats"]["num_fragments"],
        index=state.name,
        indexed=state.rows,
        unindexed=state.unindexed if state.name else rows,
        segments=state.segments,
        closed=False,
    )


def _canary(objects: Any, rows: int, now_ms: int) -> dict[str, Any]:
    seen = recall.measure(objects, rows)
    if seen is None:
        return {}
    return {"recall": seen.recall, "recall_queries": seen.queries, "recall_at_ms": now_ms}


def _recall_of(before: DayUpkeep | None) -> dict[str, Any]:
    return {} if before is None else before.model_dump(include={"recall", "recall_queries", "recall_at_ms"})


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
