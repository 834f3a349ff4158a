"""Counts the machines of a window by five minutes, source and class, so that a count of them reads no row.

Row ids grow as rows are added and stay with them (`lance_tables`). The counts cover the rows below one id: rows that
came later are read beside them, or added to them, and no row is counted twice. A count of a day of a million machines
took 335 ms of processor time from their rows.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from provisioning.contracts.query.search import COUNT_GRID_MS
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.lance_tables import batches
from ray_cluster.archive.schema import agents_of

CLASSES: Final = tuple(cls.value for cls in MachineClass)
MOST_CELLS: Final = 20_000_000
"""Most numbers of a window, 14,000 sources over a day; one with more is always read."""
MOST_LATER: Final = 500_000
"""Most rows that are read beside the counts: many times those of the 50 commits after which upkeep adds them."""
_COLUMNS: Final = ("row_key", "camera_id", "captured_at_ms", "cls")


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """Machines of a window's rows below `end_row_id`, as of one version of its table.

    `rows`: all those rows. `machines`: (source, five minutes from the window's begin, class of `CLASSES`), without
    those that were captured outside of the window.
    """

    version: int
    rows: int
    end_row_id: int
    sources: tuple[str, ...]
    """AGENT/CAMERA of each source."""
    machines: NDArray[np.unsignedinteger[Any]]

    @classmethod
    def of_nothing(cls, span_ms: tuple[int, int]) -> Self:
        """Return counts as of before the first version of a table, so that every row came later."""
        cells = (span_ms[1] - span_ms[0]) // COUNT_GRID_MS
        return cls(0, 0, 0, (), np.zeros((0, cells, len(CLASSES)), np.uint32))

    def later(self, objects: Any) -> pa.Table | None:
        """Return the rows that are not counted here, of a table that is checked out at a version: four columns of each.

        None: rows that are counted were deleted, or have another id, so nothing is known from these counts; or so many
        came later that they are better read by what is asked.
        """
        if not 0 <= objects.count_rows() - self.rows <= MOST_LATER:
            return None
        # No other condition: each would be looked up in its index for the whole table, which costs ten times as much.
        query = objects.search().where(f"_rowid >= {self.end_row_id}").select(list(_COLUMNS))
        found: pa.Table = batches(query).read_all()
        return found if objects.count_rows() - found.num_rows == self.rows else None

    def is_of(self, objects: Any) -> bool:
        """True if the rows of a table below `end_row_id` are those that were counted."""
        return bool(objects.version == self.version or objects.count_rows(f"_rowid < {self.end_row_id}") == self.rows)


def brought_up(before: WindowCounts | None, objects: Any, span_ms: tuple[int, int]) -> WindowCounts:
    """Add the rows that `before` does not cover, of a table that is checked out at a version.

    `span_ms`: first millisecond of the window, and the first behind it.

    Raises:
        ValueError: a machine is of a class of a newer release.
    """
    if before is None or not before.is_of(objects):
        before = WindowCounts.of_nothing(span_ms)
    sources = {source: number for number, source in enumerate(before.sources)}
    machines: NDArray[np.uint32] = before.machines.astype(np.uint32)
    rows, end = before.rows, before.end_row_id
    query = objects.search().where(f"_rowid >= {end}").select(list(_COLUMNS)).with_row_id(True)
    for batch in batches(query):
        if not batch.num_rows:
            continue
        rows += batch.num_rows
        end = max(end, pc.max(batch.column("_rowid")).as_py() + 1)
        *places, counts = _grouped(batch, span_ms, sources)
        if len(sources) * machines.shape[1] * machines.shape[2] > MOST_CELLS:
            return WindowCounts.of_nothing(span_ms)
        if len(sources) > len(machines):
            room = np.zeros((2 * len(sources) - len(machines), *machines.shape[1:]), np.uint32)
            machines = np.concatenate([machines, room])
        machines[tuple(places)] += counts
    return WindowCounts(int(objects.version), rows, end, tuple(sources), machines[: len(sources)])


def _grouped(batch: pa.RecordBatch, span_ms: tuple[int, int], sources: dict[str, int]) -> tuple[NDArray[Any], ...]:
    """Group the machines of a batch that were captured in the window: source, time, class, each once; and how many.

    Sources that are new get the next number.
    """
    at_ms = batch.column("captured_at_ms")
    table = pa.table(
        {
            "agent": agents_of(batch.column("row_key")),
            "camera": batch.column("camera_id"),
            "cls": batch.column("cls"),
            "cell": pc.divide(pc.subtract(at_ms, span_ms[0]), COUNT_GRID_MS),
        }
    ).filter(pc.and_(pc.greater_equal(at_ms, span_ms[0]), pc.less(at_ms, span_ms[1])))
    found = table.group_by(["agent", "camera", "cls", "cell"]).aggregate([([], "count_all")])
    names = zip(found.column("agent").to_pylist(), found.column("camera").to_pylist(), strict=True)
    numbers = [sources.setdefault(f"{agent}/{camera}", len(sources)) for agent, camera in names]
    classes = [CLASSES.index(cls) for cls in found.column("cls").to_pylist()]
    counts = found.column("count_all").to_numpy().astype(np.uint32)
    return np.array(numbers, np.intp), found.column("cell").to_numpy(), np.array(classes, np.intp), counts
