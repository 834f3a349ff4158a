"""Counts the rows of each day from the tables' own totals: no row is read."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from provisioning.contracts.query.archive import ArchiveGrowth, DayRows
from ray_cluster.archive.lance_tables import read_errors
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.windows import day_of
from ray_cluster.query.row_reader import pinned

_FRESH_S: Final = 3600.0
"""Age at which a day that is over is counted again: only late rows are added to it."""


class Growth:
    """Counts the days of one archive. Thread-safe: at worst two threads count the same day at once."""

    def __init__(self, tables: Any, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._tables = tables
        self._monotonic_s = monotonic_s
        self._counted: dict[str, tuple[DayRows, float]] = {}
        """Days that are over, each with the time of its count."""

    def count(self, windows: Sequence[str], *, today: str) -> ArchiveGrowth:
        """Count the days of these windows, which are in the order of time.

        Raises:
            ArchiveUnreadable: try again.
        """
        by_day: dict[str, list[str]] = {}
        for window in windows:
            by_day.setdefault(day_of(window), []).append(window)
        days = tuple(self._day(day, by_day[day], is_over=day < today) for day in sorted(by_day))
        self._counted = {day: counted for day, counted in self._counted.items() if day in by_day}
        return ArchiveGrowth(days=days)

    def _day(self, day: str, windows: Sequence[str], *, is_over: bool) -> DayRows:
        now_s = self._monotonic_s()
        known = self._counted.get(day)
        if known is not None and now_s - known[1] < _FRESH_S:
            return known[0]
        snapshots = machines = 0
        for window in windows:
            with read_errors(window):
                snapshots += pinned(self._tables, SNAPSHOTS + window).count_rows()
                machines += pinned(self._tables, OBJECTS + window).count_rows()
        rows = DayRows(day=day, snapshots=snapshots, machines=machines)
        if is_over:
            self._counted[day] = rows, now_s
        return rows
