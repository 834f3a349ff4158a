"""Says which days of an archive are past their retention, and what an operator must be told of it.

The archiver alone advances the archive's retention time, inside its fencing epoch; upkeep, backups and `query` read it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc

from provisioning.retention.clock import FILE, RetentionClock, read_state, why_stopped
from provisioning.retention.state import DAY_MS, TOLERANCE_MS, Clocks, Retention
from ray_cluster.archive.atomic_files import disk_errors
from ray_cluster.archive.hold_store import HeldArea
from ray_cluster.archive.lance_tables import batches, read_errors, window_names
from ray_cluster.archive.schema import SNAPSHOTS
from ray_cluster.archive.windows import day_name, span_ms

ARCHIVE: Final = "archive"
"""The kind of thing that retention knows days of an archive by."""


class ArchiveRetention:
    """The retention time of one archive, as its only writer advances it.

    Raises (all methods but `filed_at_ms`):
        ArchiveFull, ArchiveWriteFailed: it cannot be written down, so nothing may be dropped.
    """

    def __init__(self, directory: Path, tables: Any, *, retention_days: int, offset_minutes: int) -> None:
        self._directory = directory
        self._tables = tables
        self._keep_ms = retention_days * DAY_MS
        self._offset_minutes = offset_minutes
        self._clock = RetentionClock(directory, newest_ms=self._newest_ms)
        self._at_ms = 0
        self.stopped = ""
        """Why nothing is dropped for its age; empty while nothing is held up."""

    def advance(self, now: Clocks) -> None:
        """Write down how far retention time has come."""
        with disk_errors(self._directory / FILE):
            self._look_at(self._clock.advance(now), now)

    def first_kept(self, days: Iterable[str], now: Clocks) -> str | None:
        """Give the first day that stays: those of `days` before it may be dropped. None while none may."""
        oldest_ms = min((span_ms(day, self._offset_minutes)[0] for day in days), default=None)
        with disk_errors(self._directory / FILE):
            horizon_ms = self._clock.horizon_ms(ARCHIVE, self._keep_ms, now, oldest_ms=oldest_ms)
            self._look_at(self._clock.advance(now), now)
        return None if horizon_ms is None else day_name(horizon_ms, self._offset_minutes)

    def filed_at_ms(self, received_at_ms: int) -> int:
        """Give the time of receipt that a row is filed by: retention time where the wall clock is far behind that.

        Filed by a clock that was set back, a row would lie in a day that is dropped as soon as the clock is right.
        """
        return self._at_ms if received_at_ms < self._at_ms - TOLERANCE_MS else received_at_ms

    def _look_at(self, state: Retention, now: Clocks) -> None:
        self._at_ms = state.at_ms
        self.stopped = why_stopped(state, now.wall_ms)

    def _newest_ms(self) -> int | None:
        """When the newest of the last window was committed, or the last hold placed; None in an empty archive."""
        placed = [hold.placed_at_ms for hold in HeldArea(self._directory).all()]
        for name in reversed(window_names(self._tables)):
            rows = batches(self._tables.open_table(SNAPSHOTS + name).search().select(["committed_at_ms"])).read_all()
            if rows.num_rows:
                return max(int(pc.max(rows.column("committed_at_ms")).as_py()), *placed, 0)
        return max(placed, default=None)


def confirm(directory: Path, now: Clocks, today: str, *, retention_days: int) -> Retention:
    """Take the wall clock as the time, by a person's word for `today`, and what is past retention by it as due.

    Raises:
        WrongDateError: the clock shows another date; nothing is changed.
        ArchiveFull, ArchiveWriteFailed: it cannot be written down; nothing is changed.
    """
    # An archive without a state has no archiver that waits: what is begun here is confirmed in the same breath.
    clock = RetentionClock(directory, newest_ms=lambda: None)
    with disk_errors(directory / FILE):
        return clock.confirm(now, today, {ARCHIVE: retention_days * DAY_MS})


def due_ms(directory: Path, wall_ms: int) -> int | None:
    """Give the moment up to which holds have ended, by the archiver's last word; None while clocks disagree.

    Raises:
        ArchiveUnreadable: the file cannot be read.
    """
    state = _state_of(directory)
    return None if state is None else state.due_ms(wall_ms)


def horizon_ms(directory: Path) -> int | None:
    """Give the moment before which the archiver last dropped days; None where none was, or a person is waited for.

    Raises:
        ArchiveUnreadable: the file cannot be read.
    """
    state = _state_of(directory)
    if state is None or ARCHIVE in state.waiting or ARCHIVE not in state.marks:
        return None
    return state.marks[ARCHIVE].horizon_ms


def alarms(directory: Path) -> tuple[str, ...]:
    """Say what an operator must be told, with what to do; as the clocks were when the archiver looked last.

    Raises:
        ArchiveUnreadable: the file cannot be read.
    """
    state = _state_of(directory)
    stopped = "" if state is None else why_stopped(state, state.wall_ms)
    return (f"retention: {stopped}; set the clock right, or confirm: wayside-cluster retention",) if stopped else ()


def _state_of(directory: Path) -> Retention | None:
    with read_errors(FILE):
        return read_state(directory / FILE)[0]
