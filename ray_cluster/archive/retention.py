"""Decides which days of an archive are past their retention, and reports alarms about it.

The archiver alone advances the archive's retention time, inside its fencing epoch; upkeep, backups and `query` read it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc

from provisioning.contracts.causes import cluster
from provisioning.retention.clock import FILE, RetentionClock, read_state, why_stopped
from provisioning.retention.state import DAY_MS, TOLERANCE_MS, Clocks, Retention
from ray_cluster.archive.atomic_files import disk_errors
from ray_cluster.archive.hold_store import HoldStore
from ray_cluster.archive.lance_tables import batches, read_errors, window_names
from ray_cluster.archive.schema import SNAPSHOTS
from ray_cluster.archive.windows import day_name, span_ms
from ray_cluster.coded_errors import CodedText

ARCHIVE: Final = "archive"
"""Kind under which the retention state keeps the days of an archive."""


class ArchiveRetention:
    """Retention time of one archive, advanced by its only writer.

    Raises (all methods but `filed_at_ms`):
        ArchiveFull, ArchiveWriteFailed: it cannot be written down, so no day may be dropped.
    """

    def __init__(self, directory: Path, tables: Any, *, retention_days: int, offset_minutes: int) -> None:
        self._directory = directory
        self._tables = tables
        self._keep_ms = retention_days * DAY_MS
        self._offset_minutes = offset_minutes
        self._clock = RetentionClock(directory, newest_ms=self._newest_ms)
        self._at_ms = 0
        self.stopped = ""
        """Reason why no day is dropped for its age; empty while days are dropped as usual."""

    def advance(self, now: Clocks) -> None:
        """Advance retention time and write it down."""
        with disk_errors(self._directory / FILE):
            self._look_at(self._clock.advance(now), now)

    def first_kept(self, days: Iterable[str], now: Clocks) -> str | None:
        """Return the first day that stays: those of `days` before it may be dropped. None while none may."""
        oldest_ms = min((span_ms(day, self._offset_minutes)[0] for day in days), default=None)
        with disk_errors(self._directory / FILE):
            horizon_ms = self._clock.horizon_ms(ARCHIVE, self._keep_ms, now, oldest_ms=oldest_ms)
            self._look_at(self._clock.advance(now), now)
        return None if horizon_ms is None else day_name(horizon_ms, self._offset_minutes)

    def filed_at_ms(self, received_at_ms: int) -> int:
        """Return the time of receipt that a row is filed by: retention time if the wall clock is far behind.

        Filed by a clock that was set back, a row would lie in a day that is dropped as soon as the clock is right.
        """
        return self._at_ms if received_at_ms < self._at_ms - TOLERANCE_MS else received_at_ms

    def _look_at(self, state: Retention, now: Clocks) -> None:
        self._at_ms = state.at_ms
        self.stopped = why_stopped(state, now.wall_ms)

    def _newest_ms(self) -> int | None:
        """Time of the newest commit in the last window or of the last hold, if later; None in an empty archive."""
        placed = [hold.placed_at_ms for hold in HoldStore(self._directory).all()]
        for name in reversed(window_names(self._tables)):
            rows = batches(self._tables.open_table(SNAPSHOTS + name).search().select(["committed_at_ms"])).read_all()
            if rows.num_rows:
                return max(int(pc.max(rows.column("committed_at_ms")).as_py()), *placed, 0)
        return max(placed, default=None)


def confirm(directory: Path, now: Clocks, today: str, *, retention_days: int) -> Retention:
    """Confirm the wall clock by the date `today` that a person gave, so that days past retention by it are due.

    Raises:
        WrongDateError: the clock shows another date; nothing is changed.
        ArchiveFull, ArchiveWriteFailed: it cannot be written down; nothing is changed.
    """
    # An archive without a state has no archiver that waits: a state begun here is confirmed at once.
    clock = RetentionClock(directory, newest_ms=lambda: None)
    with disk_errors(directory / FILE):
        return clock.confirm(now, today, {ARCHIVE: retention_days * DAY_MS})


def due_ms(directory: Path, wall_ms: int) -> int | None:
    """Return the time up to which holds have ended, by the archiver's last state; None while clocks disagree.

    Raises:
        ArchiveUnreadable: the file cannot be read.
    """
    state = _state_of(directory)
    return None if state is None else state.due_ms(wall_ms)


def horizon_ms(directory: Path) -> int | None:
    """Return the time before which the archiver last dropped days; None before the first, or until a confirmation.

    Raises:
        ArchiveUnreadable: the file cannot be read.
    """
    state = _state_of(directory)
    if state is None or ARCHIVE in state.waiting or ARCHIVE not in state.marks:
        return None
    return state.marks[ARCHIVE].horizon_ms


def alarms(directory: Path) -> tuple[CodedText, ...]:
    """List alarms for the operator with their remedies; as of the archiver's last reading of the clocks.

    Raises:
        ArchiveUnreadable: the file cannot be read.
    """
    state = _state_of(directory)
    stopped = "" if state is None else why_stopped(state, state.wall_ms)
    if not stopped:
        return ()
    text = f"retention: {stopped}; set the clock right, or confirm: wayside-cluster retention"
    return (CodedText(text, cluster.RETENTION_STOPPED(detail=stopped)),)


def _state_of(directory: Path) -> Retention | None:
    with read_errors(FILE):
        return read_state(directory / FILE)[0]
