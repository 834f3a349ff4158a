"""Searches machines by a vector, in one window or several: by the index, or exactly.

Two steps. Each window names its best machines by row id and distance; then the columns of the hits alone are read. With
both in one query, a day's windows read every column of ten machines for one that is a hit, which takes as much
processor time as finding them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ray_cluster.archive.index_policy import partitions
from ray_cluster.archive.schema import OBJECT_COLUMNS

REFINE: Final = 4
"""Candidates of the index for one hit, whose full vectors are compared: recall@10 0.88 becomes 1.0 (measured)."""
PROBES: Final = 80
"""Partitions that are read where what is sought lies in few of them. Lance reads as many as a search allows at most,
and not the fewest that it asks for: without a limit, all. With 40 the canary found .95 in one of three windows of .83
million, and 80 took .5 ms more of 5 (measured).
"""
EXACT_ROWS: Final = 8_000
"""Rows that a filter leaves at most for an exact search: as fast, and complete. In a window of 833,334 machines, 8,400
take 68 ms of processor time exactly and 56 by the index, 33,000 take 200 and 73 (measured, recall@10 1.0).
"""
TOGETHER: Final = 32
"""One in so many rows is left at most for an exact search where those that fit lie beside each other, and Lance reads
them in one go. In a merged window of 3.3 million machines 60,000 of one class and colour take 60 ms of processor time
exactly and 80 by the index, 122,000 take 99 and 103, and both cores take part, which they do not by the index; 182,000
take 203 and 98 (measured, one in 55, 27 and 18).
"""
ALL_PARTITIONS: Final = 0
_ID: Final = "_rowid"
_DISTANCE: Final = "_distance"


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """A nearest-neighbour search.

    `vector`: float32, (256,), length 1. `condition`: SQL over the object columns, applied before the search.
    `by_looks`: it is on class or colour, so machines that fit may all be far from the vector, in any partition.
    `together`: machines that fit lie beside each other: it is on class and colour, and the table in their order.
    """

    vector: NDArray[np.float32]
    limit: int
    condition: str = ""
    by_looks: bool = False
    together: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The `limit` most similar machines of one table, best first: row ids, and distances (1 − cosine)."""

    objects: Any
    ids: Sequence[int]
    distances: Sequence[float]


def find(objects: Any, wanted: Nearest) -> Found:
    """Find the most similar machines of a table.

    Rows that no index has yet are compared exactly in either case. Rows without a vector are never found.
    """
    query = objects.search(wanted.vector, vector_column_name="vector").distance_type("cosine").limit(wanted.limit)
    fitting = objects.count_rows(wanted.condition or None)
    rows = objects.count_rows()
    few_rows = max(EXACT_ROWS, rows // TOGETHER) if wanted.together else EXACT_ROWS
    exact = wanted.exact or (bool(wanted.condition) and fitting <= few_rows)
    if wanted.condition or exact:
        query = query.where(wanted.condition or "vector IS NOT NULL", prefilter=True)
    if exact:
        query = query.bypass_vector_index()
    else:
        in_probes = fitting * PROBES // partitions(rows)
        few = wanted.by_looks or in_probes < 2 * wanted.limit * REFINE
        query = query.minimum_nprobes(PROBES).maximum_nprobes(ALL_PARTITIONS if few else PROBES).refine_factor(REFINE)
    found = query.select([_DISTANCE]).with_row_id(True).to_arrow()
    found = found.filter(pa.compute.is_valid(found.column(_DISTANCE)))
    return Found(objects, found.column(_ID).to_pylist(), found.column(_DISTANCE).to_pylist())


class Hits:
    """Merges what was found in several tables, and reads the columns of the hits, of each once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._best: list[tuple[float, int, int]] = []
        """Distance, table and row id of the hits so far, best first."""
        self._tables: list[Any] = []
        self._read: dict[tuple[int, int], dict[str, Any]] = {}
        self.failed: dict[str, Exception] = {}
        """Tables whose rows cannot be read any more, each with its error: dropped by retention, for example."""

    def add(self, found: Found) -> None:
        """Add what was found in one more table."""
        table = len(self._tables)
        self._tables.append(found.objects)
        more = [(distance, table, row_id) for distance, row_id in zip(found.distances, found.ids, strict=True)]
        self._best = sorted(self._best + more)[: self._limit]

    def records(self) -> list[dict[str, Any]]:
        """Read the hits so far, best first: `OBJECT_COLUMNS` and `_distance`. Those in `failed` tables are missing."""
        missing: dict[int, list[int]] = {}
        for _, table, row_id in self._best:
            if (table, row_id) not in self._read:
                missing.setdefault(table, []).append(row_id)
        for table, ids in missing.items():
            try:
                rows = _rows(self._tables[table], ids)
            except (OSError, RuntimeError, ValueError) as error:
                self.failed[self._tables[table].name] = error
            else:
                self._read |= {(table, row.pop(_ID)): row for row in rows}
        return [
            self._read[table, row_id] | {_DISTANCE: distance}
            for distance, table, row_id in self._best
            if (table, row_id) in self._read
        ]


def nearest(objects: Any, wanted: Nearest) -> list[dict[str, Any]]:
    """Find the `limit` most similar machines of one table, best first: `OBJECT_COLUMNS`, `_distance` (1 − cosine)."""
    hits = Hits(wanted.limit)
    hits.add(find(objects, wanted))
    records = hits.records()
    for error in hits.failed.values():
        raise error
    return records


def _rows(objects: Any, ids: Sequence[int]) -> list[dict[str, Any]]:
    there = set(objects.schema.names)
    columns = [name for name in OBJECT_COLUMNS if name in there]
    rows: list[dict[str, Any]] = objects.take_row_ids(list(ids)).with_row_id().select(columns).to_list()
    return rows
