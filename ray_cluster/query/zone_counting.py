"""Computes mean and maximum of the people counted in single pictures, by camera and bin, from five columns.

Answers consist of whole groups that never change and have at least three pictures each, so that no difference of two
answers has fewer. A group is of one camera and archive day: its pictures lie in one cell of five minutes, or in
consecutive ones if that has too few, and were archived in time, or within one hour of the clock if they came late. A
group is counted once it is complete, in the bin that holds all of it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provisioning.contracts.query.zone_counts import (
    GRID_MS,
    MAX_ZONE_BINS,
    MIN_PICTURES,
    ZoneBin,
    ZoneCount,
    ZoneCounts,
    ZoneSpan,
)
from ray_cluster.archive.lance_tables import batches, read_errors
from ray_cluster.archive.schema import SNAPSHOTS
from ray_cluster.archive.windows import day_name, day_of, span_ms
from ray_cluster.errors import BadRequest
from ray_cluster.query.filters import Filter

MAX_ROWS: Final = 5_000_000
"""Most pictures read for one request; the answer names the older days that were left out."""
SETTLE_MS: Final = 60_000
"""Longest time from the commit time in a row until the row can be read."""
IN_TIME_MS: Final = GRID_MS - SETTLE_MS
"""Time after the end of its cell until which an archived picture counts as in time."""
_HOUR_MS: Final = 3_600_000
_COLUMNS: Final = ["agent_id", "camera_id", "filed_at_ms", "committed_at_ms", "people"]
_GROUP: Final = ["agent_id", "camera_id", "late", "cell"]


@dataclass(slots=True)
class _Sum:
    """Sums over the pictures of a group, or of the groups of a bin."""

    pictures: int = 0
    total: int = 0
    most: int = 0

    def add(self, pictures: int, total: int, most: int) -> None:
        self.pictures += pictures
        self.total += total
        self.most = max(self.most, most)


class ZoneCounting:
    """Counts people in the tables of one archive."""

    def __init__(self, tables: Any, offset_minutes: int) -> None:
        self._tables = tables
        self._offset_minutes = offset_minutes

    def reach(self, cameras: Filter) -> Filter:
        """Widen a request to the beginning of its first day, from which groups are made."""
        day = day_name(cameras.from_ms, self._offset_minutes)
        return replace(cameras, from_ms=max(0, span_ms(day, self._offset_minutes)[0]))

    def count(self, windows: Sequence[str], span: ZoneSpan, cameras: Filter, *, now_ms: int) -> ZoneCounts:
        """Count people in `windows`, newest first, all that `reach` gives; `cameras` has conditions on cameras alone.

        A row without a trusted capture time is in no bin.

        Raises:
            BadRequest: the answer would be too large.
            ArchiveUnreadable: try again.
        """
        told_to_ms = max(0, (now_ms - GRID_MS) // GRID_MS * GRID_MS)
        full_bins = max(0, min(span.to_ms, told_to_ms) - span.from_ms) // span.bin_ms
        to_ms = span.from_ms + full_bins * span.bin_ms
        condition = f"{self.reach(cameras).conditions(None)} AND filed_at_ms < {to_ms} AND time_trusted"
        sums: defaultdict[tuple[str, str, int], _Sum] = defaultdict(_Sum)
        read = 0
        left_out: list[str] = []
        for day, of in groupby(windows if full_bins else (), key=day_of):
            rows = None if left_out else self._day(tuple(of), condition, MAX_ROWS - read)
            if rows is None:
                left_out.append(day)
                continue
            read += rows.num_rows
            _add(rows, span, to_ms, now_ms, sums)
            if len(sums) > MAX_ZONE_BINS:
                raise BadRequest(f"more than {MAX_ZONE_BINS} bins in all: ask for fewer cameras or wider bins")
        return ZoneCounts(
            zones=_zones(sums, span), told_to_ms=told_to_ms, rows_read=read, days_left_out=tuple(left_out[::-1])
        )

    def _day(self, windows: Sequence[str], condition: str, at_most: int) -> pa.Table | None:
        """Read a day's rows; None if there are too many."""
        tables = []
        for window in windows:
            with read_errors(window):
                table = self._tables.open_table(SNAPSHOTS + window)
                at_most -= table.count_rows(condition)
                if at_most < 0:
                    return None
                tables.append(batches(table.search().where(condition).select(_COLUMNS)).read_all())
        return pa.concat_tables(tables)


def _add(
    rows: pa.Table, span: ZoneSpan, to_ms: int, now_ms: int, sums: defaultdict[tuple[str, str, int], _Sum]
) -> None:
    """Add a day's groups to the bins that hold all of them."""
    for agent, camera, from_ms, end_ms, group in _groups(rows, now_ms):
        if span.from_ms <= from_ms and end_ms <= to_ms:
            number = (from_ms - span.from_ms) // span.bin_ms
            if number == (end_ms - 1 - span.from_ms) // span.bin_ms:
                sums[agent, camera, number].add(group.pictures, group.total, group.most)


def _groups(rows: pa.Table, now_ms: int) -> Iterator[tuple[str, str, int, int, _Sum]]:
    """Make the complete groups of a day: agent, camera, beginning, end and sum of each."""
    cell = pc.divide(rows.column("filed_at_ms"), GRID_MS)
    committed_ms = rows.column("committed_at_ms")
    is_late = pc.greater(committed_ms, pc.add(pc.multiply(cell, GRID_MS), GRID_MS + IN_TIME_MS))
    # Late pictures: the end of the hour in which they came; 0 for those in time.
    late = pc.if_else(is_late, pc.add(pc.divide(committed_ms, _HOUR_MS), 1), 0)
    grouped = (
        rows.append_column("cell", cell)
        .append_column("late", late)
        .group_by(_GROUP)
        .aggregate([([], "count_all"), ("people", "sum"), ("people", "max")])
        .sort_by([(name, "ascending") for name in _GROUP])
    )
    names = (*_GROUP, "count_all", "people_sum", "people_max")
    before, from_ms, group = None, 0, _Sum()
    for *of, number, pictures, total, most in zip(*(grouped.column(each).to_pylist() for each in names), strict=True):
        agent, camera, hour = of
        if of != before or not group.pictures:
            before, from_ms, group = of, number * GRID_MS, _Sum()
        if hour and hour * _HOUR_MS + SETTLE_MS > now_ms:
            continue
        group.add(pictures, total, most)
        if group.pictures >= MIN_PICTURES:
            yield agent, camera, from_ms, (number + 1) * GRID_MS, group
            group = _Sum()


def _zones(sums: dict[tuple[str, str, int], _Sum], span: ZoneSpan) -> tuple[ZoneCount, ...]:
    bins: defaultdict[tuple[str, str], list[ZoneBin]] = defaultdict(list)
    for (agent, camera, number), found in sorted(sums.items()):
        bins[agent, camera].append(
            ZoneBin(
                from_ms=span.from_ms + number * span.bin_ms,
                pictures=found.pictures,
                mean=round(found.total / found.pictures, 1),
                most=found.most,
            )
        )
    return tuple(
        ZoneCount(agent_id=agent, camera_id=camera, bins=tuple(of)) for (agent, camera), of in sorted(bins.items())
    )
