"""Summarises the machines of a window: which kinds each source has, and the bounds of each kind.

A kind is a class with a colour. There are some fifty of them and some hundreds of sources, so a summary of a million
machines is a few kilobytes.
"""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from provisioning.contracts.wire.messages import Count, Message
from ray_cluster.archive.lance_tables import batches
from ray_cluster.archive.schema import agents_of

MOST_KINDS: Final = 64
"""Bits of a number: a window with more kinds is always read. Classes and colours make 60."""
MOST_ZONES: Final = 1000
"""A window with more names of zones is always read."""
_GROUP: Final = ("agent", "camera", "cls", "colour")
_COLUMNS: Final = ("row_key", "camera_id", "captured_at_ms", "cls", "colour", "x0", "y0", "x1", "y1")
_LATER_COLUMNS: Final = ("colour", "share", "heading_deg", "zones")
"""Columns that a window of an earlier release may lack."""
_FOLDED: Final = (
    ("machines", "sum"),
    ("headed", "sum"),
    ("side_min", "min"),
    ("side_max", "max"),
    ("share_min", "min"),
    ("share_max", "max"),
)


class Kind(Message):
    """Machines of one class and colour. Bounds are of the shorter side of the box, and of its share of the picture."""

    cls: str
    colour: str | None
    machines: Count
    side_min: int
    side_max: int
    share_min: float | None
    share_max: float | None
    headed: Count
    """Machines with a direction of travel."""


class WindowSummary(Message):
    """Facts about one version of a window's table of machines."""

    version: Count
    complete: bool
    """False: the window has more kinds or zones than a summary holds; nothing but the version is stated."""
    first_ms: int = 0
    last_ms: int = 0
    """First and last capture time: of a row whose time was not trusted it may lie outside of the window."""
    kinds: tuple[Kind, ...] = ()
    sources: tuple[str, ...] = ()
    """AGENT/CAMERA of each source."""
    looks: tuple[int, ...] = ()
    """Kinds by source: a number with a bit for each of `kinds`, in their order, 1 for one that it has."""
    machines: tuple[int, ...] = ()
    """Number of machines by source."""
    zones: tuple[str, ...] = ()


def summarise(objects: Any, version: int) -> WindowSummary:
    """Summarise a table that is checked out at `version`."""
    parts: list[pa.Table] = []
    zones: set[str] = set()
    first, last = [], []
    there = set(objects.schema.names)
    later = [name for name in _LATER_COLUMNS if name in there and name not in _COLUMNS]
    columns = [name for name in _COLUMNS if name in there] + later
    for batch in batches(objects.search().select(columns)):
        if batch.num_rows:
            parts.append(_grouped(batch))
            zones |= set(_zones(batch))
            bounds = pc.min_max(batch.column("captured_at_ms")).as_py()
            first.append(bounds["min"])
            last.append(bounds["max"])
    found = _folded(parts) if parts else []
    kinds = sorted({(each["cls"], each["colour"] or "") for each in found})
    if len(kinds) > MOST_KINDS or len(zones) > MOST_ZONES:
        return WindowSummary(version=version, complete=False)
    numbers = {kind: number for number, kind in enumerate(kinds)}
    looks: dict[str, int] = {}
    machines: dict[str, int] = {}
    for each in found:
        source = f"{each['agent']}/{each['camera']}"
        looks[source] = looks.get(source, 0) | 1 << numbers[each["cls"], each["colour"] or ""]
        machines[source] = machines.get(source, 0) + each["machines"]
    return WindowSummary(
        version=version,
        complete=True,
        first_ms=min(first, default=0),
        last_ms=max(last, default=0),
        kinds=tuple(_kinds(found, kinds)),
        sources=tuple(looks),
        looks=tuple(looks.values()),
        machines=tuple(machines.values()),
        zones=tuple(sorted(zones)),
    )


def _grouped(batch: pa.RecordBatch) -> pa.Table:
    """Group the machines of a batch by source and kind."""
    names, rows = set(batch.schema.names), batch.num_rows

    def column(name: str, kind: pa.DataType) -> pa.Array:
        return batch.column(name) if name in names else pa.nulls(rows, kind)

    width = pc.subtract(batch.column("x1"), batch.column("x0"))
    height = pc.subtract(batch.column("y1"), batch.column("y0"))
    side = pc.min_element_wise(width, height)
    share = column("share", pa.float64())
    table = pa.table(
        {
            "agent": agents_of(batch.column("row_key")),
            "camera": batch.column("camera_id"),
            "cls": batch.column("cls"),
            "colour": column("colour", pa.string()),
            "machines": pa.repeat(1, rows),
            "headed": pc.is_valid(column("heading_deg", pa.float64())).cast(pa.int64()),
            "side_min": side,
            "side_max": side,
            "share_min": share,
            "share_max": share,
        }
    )
    return _folded_table(table)


def _folded_table(table: pa.Table) -> pa.Table:
    grouped = table.group_by(list(_GROUP)).aggregate(list(_FOLDED))
    return grouped.rename_columns([*_GROUP, *(name for name, _ in _FOLDED)])


def _folded(parts: list[pa.Table]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _folded_table(pa.concat_tables(parts)).to_pylist()
    return sorted(found, key=lambda each: (each["agent"], each["camera"]))


def _kinds(found: list[dict[str, Any]], kinds: list[tuple[str, str]]) -> Iterator[Kind]:
    by_kind: dict[tuple[str, str], list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for each in found:
        by_kind[each["cls"], each["colour"] or ""].append(each)
    for (cls, colour), of in by_kind.items():
        lowest = [each["share_min"] for each in of if each["share_min"] is not None]
        highest = [each["share_max"] for each in of if each["share_max"] is not None]
        yield Kind(
            cls=cls,
            colour=colour or None,
            machines=sum(each["machines"] for each in of),
            side_min=min(each["side_min"] for each in of),
            side_max=max(each["side_max"] for each in of),
            share_min=min(lowest, default=None),
            share_max=max(highest, default=None),
            headed=sum(each["headed"] for each in of),
        )


def _zones(batch: pa.RecordBatch) -> list[str]:
    if "zones" not in batch.schema.names:
        return []
    found: list[str] = pc.unique(pc.list_flatten(batch.column("zones"))).to_pylist()
    return [zone for zone in found if zone is not None]
