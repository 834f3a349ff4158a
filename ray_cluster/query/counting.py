"""Counts machines by class and time, hour of the week and camera.

Upkeep keeps counts of a window by five minutes (`summaries/machine_counts.py`). They answer where the bins lie on that
grid and nothing but time, cameras and class is asked; rows that they do not cover, and all rows otherwise, are read.

Each machine of a row counts once. Machines of a commit under way may be counted a moment before their snapshot can be
found. People are not counted here: no table of machines has them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from provisioning.contracts.query.search import COUNT_GRID_MS, MAX_BINS, CameraCount, MachineCounts, TimeBin, WeekHour
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.lance_tables import batches, joined, newest_version, read_errors
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS, agents_of
from ray_cluster.archive.summaries.counts_store import CountsStore
from ray_cluster.archive.summaries.machine_counts import CLASSES, WindowCounts
from ray_cluster.archive.windows import days_of, span_ms
from ray_cluster.errors import BadRequest
from ray_cluster.query import sql
from ray_cluster.query.filters import MAX_TIME_MS, Filter
from ray_cluster.query.row_reader import pinned

MAX_ROWS: Final = 5_000_000
"""Most machines read for one request, some seconds' worth; the answer names the older days that were left out."""
_ROWS_AT_ONCE: Final = 250_000
"""Grouping each of Lance's small batches took four times as long in all (measured)."""
_HOUR_MS: Final = 3_600_000
_THURSDAY: Final = 3
"""Weekday on which 1970 began; 0 is Monday."""
_WEEK_H: Final = 7 * 24


@dataclass(slots=True)
class _Tally:
    """Machines by (bin, class), (hour of a week that began on a Thursday, class) and (agent, camera, class)."""

    bins: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    hours: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    cameras: Counter[tuple[Any, ...]] = field(default_factory=Counter)


class Counting:
    """Counts machines in the tables of one archive."""

    def __init__(self, tables: Any, kept: CountsStore, offset_minutes: int) -> None:
        self._tables = tables
        self._kept = kept
        self._offset_ms = offset_minutes * 60_000
        self._offset_minutes = offset_minutes

    def count(self, windows: Sequence[str], wanted: Filter, bin_ms: int) -> MachineCounts:
        """Count in `windows`, newest first; bins begin at the span's beginning.

        Raises:
            BadRequest: the span has no end, or too many bins.
            ArchiveUnreadable: try again.
        """
        if wanted.to_ms == MAX_TIME_MS or wanted.to_ms - wanted.from_ms > MAX_BINS * bin_ms:
            raise BadRequest(f"from_ms, to_ms, bin_ms: give a span of at most {MAX_BINS} bins")
        tally = _Tally()
        totals = _Totals(wanted, bin_ms, self._offset_ms)
        read = 0
        left_out: list[str] = []
        without: list[str] = []
        for window in windows:
            with read_errors(window):
                kept = self._kept.of(window) if totals.are_enough and not left_out else None
                if kept is not None and self._is_all(kept, window, wanted):
                    totals.add(kept, span_ms(window, self._offset_minutes))
                    continue
                table = pinned(self._tables, OBJECTS + window)
                if not sql.needed(wanted.wanted) <= set(table.schema.names):
                    without.append(window)
                    continue
                later = None if kept is None else kept.later(table)
                condition = self._condition(window, wanted, is_kept=later is not None)
                rows = 0 if left_out or condition is None else table.count_rows(condition)
                if left_out or read + rows > MAX_ROWS:
                    left_out.append(window)
                    continue
                read += rows
                if kept is not None and later is not None:
                    span = span_ms(window, self._offset_minutes)
                    totals.add(kept, span)
                    read += later.num_rows
                    self._add(_fitting(later, wanted, span), tally, wanted.from_ms, bin_ms)
                if rows and condition is not None:
                    self._read(window, table, condition, wanted, bin_ms, tally)
        totals.give(tally)
        return _answer(tally, wanted.from_ms, bin_ms).model_copy(
            update={"rows_read": read, "days_left_out": days_of(left_out)[::-1], "days_without": days_of(without)[::-1]}
        )

    def _is_all(self, kept: WindowCounts, window: str, wanted: Filter) -> bool:
        """True if kept counts are of the newest version of a table, and the span does not end within five minutes."""
        end_ms = min(wanted.to_ms, span_ms(window, self._offset_minutes)[1])
        return end_ms % COUNT_GRID_MS == 0 and kept.version == newest_version(self._tables, OBJECTS + window)

    def _condition(self, window: str, wanted: Filter, *, is_kept: bool) -> str | None:
        """Return Lance SQL for the rows of a window to read by condition: all, or if counts are kept what they lack.

        That is the part of five minutes in which the span ends; None if it has none.
        """
        span = span_ms(window, self._offset_minutes)
        if not is_kept:
            return wanted.object_conditions(span)
        if not min(wanted.to_ms, span[1]) % COUNT_GRID_MS:
            return None
        return replace(wanted, from_ms=max(wanted.from_ms, _whole_until(wanted, span))).object_conditions(span)

    def _read(self, window: str, table: Any, condition: str, wanted: Filter, bin_ms: int, tally: _Tally) -> None:
        keys = self._pictures(window, wanted)
        query = table.search().where(condition).select(["row_key", "camera_id", "captured_at_ms", "cls"])
        for rows in joined(batches(query), _ROWS_AT_ONCE):
            fitting = rows if keys is None else rows.filter(pc.is_in(rows.column("row_key"), value_set=keys))
            if fitting.num_rows:
                self._add(fitting, tally, wanted.from_ms, bin_ms)

    def _pictures(self, window: str, wanted: Filter) -> pa.Array | None:
        """Find keys of the snapshots with a picture as wanted; None without conditions on pictures."""
        if not wanted.wanted.of_picture:
            return None
        query = self._tables.open_table(SNAPSHOTS + window).search().where(wanted.conditions(None)).select(["row_key"])
        return batches(query).read_all().column("row_key").combine_chunks()

    def _add(self, rows: pa.Table, tally: _Tally, from_ms: int, bin_ms: int) -> None:
        at_ms = rows.column("captured_at_ms")
        hours = pc.divide(pc.add(at_ms, self._offset_ms), _HOUR_MS)
        table = pa.table(
            {
                "agent": agents_of(rows.column("row_key")),
                "camera": rows.column("camera_id"),
                "cls": rows.column("cls"),
                "bin": pc.divide(pc.subtract(at_ms, from_ms), bin_ms),
                "hour": pc.subtract(hours, pc.multiply(pc.divide(hours, _WEEK_H), _WEEK_H)),
            }
        )
        tally.bins.update(_grouped(table, "bin", "cls"))
        tally.hours.update(_grouped(table, "hour", "cls"))
        tally.cameras.update(_grouped(table, "agent", "camera", "cls"))


class _Totals:
    """Sums of the counts that upkeep keeps, over the windows of one question."""

    def __init__(self, wanted: Filter, bin_ms: int, offset_ms: int) -> None:
        self._wanted = wanted
        self._bin_ms = bin_ms
        self._offset_ms = offset_ms
        self._cameras = frozenset(wanted.camera_ids)
        self._sources = frozenset(f"{agent}/{camera}" for agent, camera in wanted.sources)
        self._classes = np.array([not wanted.wanted.cls or cls in wanted.wanted.cls for cls in CLASSES])
        self._bins = np.zeros((-(-(wanted.to_ms - wanted.from_ms) // bin_ms), len(CLASSES)), np.int64)
        self._hours = np.zeros((_WEEK_H, len(CLASSES)), np.int64)
        self._numbers: dict[str, int] = {}
        self._by_source = np.zeros((0, len(CLASSES)), np.int64)

    @property
    def are_enough(self) -> bool:
        """True if kept counts can answer the question, so far as they reach."""
        wanted = self._wanted.wanted
        on_grid = not any(each % COUNT_GRID_MS for each in (self._wanted.from_ms, self._bin_ms, self._offset_ms))
        return on_grid and not wanted.of_machine and not wanted.of_picture

    def add(self, kept: WindowCounts, span: tuple[int, int]) -> None:
        """Add the counts of a window, which spans these milliseconds: all that lie in the question's span whole."""
        first = max(0, self._wanted.from_ms - span[0]) // COUNT_GRID_MS
        end = (_whole_until(self._wanted, span) - span[0]) // COUNT_GRID_MS
        asked = np.array([self._is_asked(source) for source in kept.sources], np.bool_)
        if first >= end or not asked.any():
            return
        part = kept.machines[:, first:end]
        if not asked.all():
            part = part[asked]
        begins = span[0] + COUNT_GRID_MS * np.arange(first, end)
        of_times = np.where(self._classes, part.sum(axis=0, dtype=np.int64), 0)
        np.add.at(self._bins, (begins - self._wanted.from_ms) // self._bin_ms, of_times)
        np.add.at(self._hours, (begins + self._offset_ms) // _HOUR_MS % _WEEK_H, of_times)
        numbers = [
            self._numbers.setdefault(source, len(self._numbers))
            for source, is_asked in zip(kept.sources, asked, strict=True)
            if is_asked
        ]
        if len(self._numbers) > len(self._by_source):
            room = np.zeros((len(self._numbers) - len(self._by_source), len(CLASSES)), np.int64)
            self._by_source = np.concatenate([self._by_source, room])
        self._by_source[numbers] += np.where(self._classes, part.sum(axis=1, dtype=np.int64), 0)

    def give(self, tally: _Tally) -> None:
        """Add the sums to a tally."""
        tally.bins.update(dict(_counted(self._bins)))
        tally.hours.update(dict(_counted(self._hours)))
        names = list(self._numbers)
        for (number, cls), count in _counted(self._by_source):
            agent, _, camera = names[number].partition("/")
            tally.cameras[agent, camera, cls] += count

    def _is_asked(self, source: str) -> bool:
        return (not self._cameras or source.partition("/")[2] in self._cameras) and (
            not self._sources or source in self._sources
        )


def _counted(sums: NDArray[np.int64]) -> Iterator[tuple[tuple[int, str], int]]:
    """Yield row, class and number of all numbers but 0."""
    rows, classes = np.nonzero(sums)
    for row, cls in zip(rows.tolist(), classes.tolist(), strict=True):
        yield (row, CLASSES[cls]), int(sums[row, cls])


def _whole_until(wanted: Filter, span: tuple[int, int]) -> int:
    """Return the end of the last five minutes of a window that lie in a question's span whole."""
    end_ms = min(wanted.to_ms, span[1])
    return end_ms - end_ms % COUNT_GRID_MS


def _fitting(rows: pa.Table, wanted: Filter, span: tuple[int, int]) -> pa.Table:
    """Choose the rows of a question by cameras and classes alone, in the five minutes that lie in its span whole."""
    at_ms, camera = rows.column("captured_at_ms"), rows.column("camera_id")
    fits = pc.and_(pc.greater_equal(at_ms, max(wanted.from_ms, span[0])), pc.less(at_ms, _whole_until(wanted, span)))
    if wanted.wanted.cls:
        fits = pc.and_(fits, pc.is_in(rows.column("cls"), value_set=pa.array(wanted.wanted.cls, pa.string())))
    if wanted.camera_ids:
        fits = pc.and_(fits, pc.is_in(camera, value_set=pa.array(wanted.camera_ids)))
    if wanted.sources:
        source = pc.binary_join_element_wise(agents_of(rows.column("row_key")), camera, "/")
        asked = pa.array([f"{agent}/{camera}" for agent, camera in wanted.sources])
        fits = pc.and_(fits, pc.is_in(source, value_set=asked))
    return rows.filter(fits)


def _grouped(table: pa.Table, *names: str) -> dict[tuple[Any, ...], int]:
    grouped = table.group_by(list(names)).aggregate([([], "count_all")])
    columns = [grouped.column(name).to_pylist() for name in (*names, "count_all")]
    return {tuple(row[:-1]): row[-1] for row in zip(*columns, strict=True)}


def _by_class(counter: Counter[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], dict[MachineClass, int]]]:
    found: defaultdict[tuple[Any, ...], dict[MachineClass, int]] = defaultdict(dict)
    for (*what, cls), count in counter.items():
        found[tuple(what)][MachineClass(cls)] = count
    return sorted(found.items())


def _answer(tally: _Tally, from_ms: int, bin_ms: int) -> MachineCounts:
    week: defaultdict[tuple[int, int], Counter[MachineClass]] = defaultdict(Counter)
    for (hour,), of in _by_class(tally.hours):
        week[(hour // 24 + _THURSDAY) % 7, hour % 24].update(of)
    return MachineCounts(
        machines=tally.bins.total(),
        bins=tuple(TimeBin(from_ms=from_ms + number * bin_ms, machines=of) for (number,), of in _by_class(tally.bins)),
        week=tuple(WeekHour(weekday=day, hour=hour, machines=dict(of)) for (day, hour), of in sorted(week.items())),
        cameras=tuple(
            CameraCount(agent_id=agent, camera_id=camera, machines=of)
            for (agent, camera), of in _by_class(tally.cameras)
        ),
        rows_read=0,
    )
