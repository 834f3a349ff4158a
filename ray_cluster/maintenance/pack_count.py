"""Counts the packs of an archive that lie in an object store: a day at a time, since a day is a hundred requests."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.query.archive import StoredPacks
from ray_cluster.archive.lance_tables import packs_of, read_errors
from ray_cluster.archive.object_store.claim import open_packs, store_of
from ray_cluster.archive.schema import SNAPSHOTS
from ray_cluster.archive.windows import day_of
from ray_cluster.errors import ClusterError

NEWEST_MS: Final = 3600 * 1000
"""Age at which the two newest days are counted again."""
OLDER_MS: Final = 24 * NEWEST_MS
"""The same of the others, which change by erasures and the sweep alone."""
AGAIN_MS: Final = 60 * 1000
"""Pause after a failure: each may take the client's whole patience, and other upkeep waits meanwhile."""
_IN_COMMIT_NS: Final = 10 * 60 * 1_000_000_000
"""Age under which a pack without rows may be one of a commit under way."""


@dataclass(frozen=True, slots=True)
class _Day:
    at_ms: int
    packs: int
    size_bytes: int
    unreferenced: int


class PackCount:
    """Counts packs; an instance is used by one thread.

    Args:
        directory: the archive's.
        tables: its tables.
        total: the last count of an earlier process, which stands until all days are counted again.
    """

    def __init__(self, directory: Path, tables: Any, total: StoredPacks | None) -> None:
        self._directory = directory
        self._tables = tables
        self.total = total
        """Count of all days; None before the first, or if the packs lie on disk."""
        self._days: dict[str, _Day] = {}
        self._due: deque[str] = deque()
        self._listed_ms = -NEWEST_MS
        self._failed_ms = -AGAIN_MS
        self._fault = ""

    def count(self, windows: Sequence[str], *, now_ms: int) -> list[str]:
        """Count a day that is due, if there is one; return the fault of the last count, if it failed."""
        if now_ms - self._failed_ms >= AGAIN_MS:
            try:
                self._count(windows, now_ms)
                self._fault = ""
            except ClusterError as error:
                self._fault, self._failed_ms = f"count of packs: {error}", now_ms
        return [self._fault] if self._fault else []

    def _count(self, windows: Sequence[str], now_ms: int) -> None:
        if store_of(self._directory, None) is None:
            self.total = None
            return
        if not self._due and now_ms - self._listed_ms >= NEWEST_MS:
            days = open_packs(self._directory).days()
            self._listed_ms = now_ms
            self._days = {day: self._days[day] for day in days if day in self._days}
            self._due.extend(day for day in reversed(days) if day in days[-2:] or self._is_old(day, now_ms))
            if not days:
                self.total = StoredPacks(at_ms=now_ms, packs=0, size_bytes=0, unreferenced=0)
        if self._due:
            day = self._due[0]
            self._days[day] = self._count_day(day, [name for name in windows if day_of(name) == day], now_ms)
            self._due.popleft()
            if not self._due:
                counted = self._days.values()
                self.total = StoredPacks(
                    at_ms=min(each.at_ms for each in counted),
                    packs=sum(each.packs for each in counted),
                    size_bytes=sum(each.size_bytes for each in counted),
                    unreferenced=sum(each.unreferenced for each in counted),
                )

    def _is_old(self, day: str, now_ms: int) -> bool:
        return day not in self._days or now_ms - self._days[day].at_ms >= OLDER_MS

    def _count_day(self, day: str, windows: Sequence[str], now_ms: int) -> _Day:
        # The packs first: rows that come later can only make one of them referenced.
        files = list(open_packs(self._directory).files(day))
        referenced: set[str] = set()
        for name in windows:
            with read_errors(name):
                referenced |= packs_of(self._tables.open_table(SNAPSHOTS + name))
        lost = [
            file
            for file in files
            if file.pack not in referenced and now_ms * 1_000_000 - file.changed_ns >= _IN_COMMIT_NS
        ]
        return _Day(now_ms, len(files), sum(file.size for file in files), len(lost))
