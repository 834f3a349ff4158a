"""Mean and maximum of the people counted in single pictures, by camera and bin: four columns read, no row answered."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provisioning.contracts.zone_counts import (
    GRID_MS,
    MAX_ZONE_BINS,
    MIN_PICTURES,
    ZoneBin,
    ZoneCount,
    ZoneCounts,
    ZoneSpan,
)
from ray_cluster.day_tables import batches, read_errors
from ray_cluster.errors import BadRequest
from ray_cluster.filters import Filter
from ray_cluster.tables import SNAPSHOTS
from ray_cluster.windows import days_of

MAX_ROWS: Final = 5_000_000
"""Pictures read for one question; of days with older ones it is said that they were left out."""
_COLUMNS: Final = ["agent_id", "camera_id", "filed_at_ms", "people"]


@dataclass(slots=True)
class _Sum:
    """Of one bin: a window's end may lie inside it."""

    pictures: int = 0
    total: int = 0
    most: int = 0


class ZoneCounting:
    """Counts in the open tables of one archive."""

    def __init__(self, tables: Any) -> None:
        self._tables = tables

    def count(self, windows: Sequence[str], span: ZoneSpan, cameras: Filter, *, now_ms: int) -> ZoneCounts:
        """Of `windows`, newest first. `cameras` is of the same span and says nothing but cameras.

        A row whose time the archive does not believe is in no bin.

        Raises:
            BadRequest: the answer would be too large.
            ArchiveUnreadable: try again.
        """
        told_to_ms = max(0, (now_ms - GRID_MS) // GRID_MS * GRID_MS)
        whole = max(0, min(span.to_ms, told_to_ms) - span.from_ms) // span.bin_ms
        condition = (
            f"{cameras.conditions(None)} AND filed_at_ms < {span.from_ms + whole * span.bin_ms} AND time_trusted"
        )
        sums: defaultdict[tuple[str, str, int], _Sum] = defaultdict(_Sum)
        read = 0
        left_out: list[str] = []
        for window in windows if whole else ():
            with read_errors(window):
                table = self._tables.open_table(SNAPSHOTS + window)
                rows = 0 if left_out else table.count_rows(condition)
                if left_out or read + rows > MAX_ROWS:
                    left_out.append(window)
                    continue
                read += rows
                _add(batches(table.search().where(condition).select(_COLUMNS)).read_all(), span, sums)
            if len(sums) > MAX_ZONE_BINS:
                raise BadRequest(f"more than {MAX_ZONE_BINS} bins in all: ask for fewer cameras or wider bins")
        return ZoneCounts(
            zones=_zones(sums, span), told_to_ms=told_to_ms, rows_read=read, days_left_out=days_of(left_out)[::-1]
        )


def _add(rows: pa.Table, span: ZoneSpan, sums: defaultdict[tuple[str, str, int], _Sum]) -> None:
    number = pc.divide(pc.subtract(rows.column("filed_at_ms"), span.from_ms), span.bin_ms)
    grouped = (
        rows.append_column("bin", number)
        .group_by(["agent_id", "camera_id", "bin"])
        .aggregate([([], "count_all"), ("people", "sum"), ("people", "max")])
    )
    for record in grouped.to_pylist():
        found = sums[record["agent_id"], record["camera_id"], record["bin"]]
        found.pictures += record["count_all"]
        found.total += record["people_sum"]
        found.most = max(found.most, record["people_max"])


def _zones(sums: dict[tuple[str, str, int], _Sum], span: ZoneSpan) -> tuple[ZoneCount, ...]:
    bins: defaultdict[tuple[str, str], list[ZoneBin]] = defaultdict(list)
    for (agent, camera, number), found in sorted(sums.items()):
        if found.pictures >= MIN_PICTURES:
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
