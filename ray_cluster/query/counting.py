"""Counts machines by class and time, hour of the week and camera, from single columns of their table.

Each machine of a row counts once. Machines of a commit under way may be counted a moment before their snapshot can be
found. People are not counted here: no table of machines has them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provisioning.contracts.query.search import MAX_BINS, CameraCount, MachineCounts, TimeBin, WeekHour
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.lance_tables import batches, read_errors
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.windows import days_of, span_ms
from ray_cluster.errors import BadRequest
from ray_cluster.query import sql
from ray_cluster.query.filters import MAX_TIME_MS, Filter

MAX_ROWS: Final = 5_000_000
"""Most machines read for one request, some seconds' worth; the answer names the older days that were left out."""
_ROWS_AT_ONCE: Final = 250_000
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

    def __init__(self, tables: Any, offset_minutes: int) -> None:
        self._tables = tables
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
        read = 0
        left_out: list[str] = []
        without: list[str] = []
        for window in windows:
            with read_errors(window):
                table = self._tables.open_table(OBJECTS + window)
                if not sql.needed(wanted.wanted) <= set(table.schema.names):
                    without.append(window)
                    continue
                condition = wanted.object_conditions(span_ms(window, self._offset_minutes))
                rows = 0 if left_out else table.count_rows(condition)
                if left_out or read + rows > MAX_ROWS:
                    left_out.append(window)
                    continue
                read += rows
                self._read(window, table, condition, wanted, bin_ms, tally)
        return _answer(tally, wanted.from_ms, bin_ms).model_copy(
            update={"rows_read": read, "days_left_out": days_of(left_out)[::-1], "days_without": days_of(without)[::-1]}
        )

    def _read(self, window: str, table: Any, condition: str, wanted: Filter, bin_ms: int, tally: _Tally) -> None:
        keys = self._pictures(window, wanted)
        query = table.search().where(condition).select(["row_key", "camera_id", "captured_at_ms", "cls"])
        for rows in _joined(batches(query)):
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
                # A key is an agent's id, a colon and 32 hexadecimal digits.
                "agent": pc.utf8_slice_codeunits(rows.column("row_key"), 0, -33),
                "camera": rows.column("camera_id"),
                "cls": rows.column("cls"),
                "bin": pc.divide(pc.subtract(at_ms, from_ms), bin_ms),
                "hour": pc.subtract(hours, pc.multiply(pc.divide(hours, _WEEK_H), _WEEK_H)),
            }
        )
        tally.bins.update(_grouped(table, "bin", "cls"))
        tally.hours.update(_grouped(table, "hour", "cls"))
        tally.cameras.update(_grouped(table, "agent", "camera", "cls"))


def _joined(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Join batches: to group each of Lance's small ones took four times as long in all (measured)."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS_AT_ONCE:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


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
