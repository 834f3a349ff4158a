"""The recall canary: a held sample searched exactly and by index, so that an index that misses is seen."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ray_cluster.query.vector_search import Nearest, nearest

NEIGHBOURS: Final = 10
_BUDGET_ROWS: Final = 20_000_000
"""Rows that the exact searches of one canary may read: ten seconds on two cores (0.5 s a million, measured)."""
_MOST: Final = 32
_FEWEST: Final = 4
_SAME: Final = 1e-5
"""Two rows at the same distance are equally right."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall@10 over `queries` vectors of the table itself."""

    recall: float
    queries: int


def held_sample(objects: Any, rows: int) -> NDArray[np.float32]:
    """Vectors spread evenly over the table, the same ones as long as the table is the same: float32, (n, 256)."""
    count = max(_FEWEST, min(_MOST, _BUDGET_ROWS // max(rows, 1)))
    offsets = sorted({int((i + 0.5) * rows / count) for i in range(count)})
    found = objects.take_offsets(offsets).select(["vector"]).to_arrow().column("vector")
    held = [vector for vector in found.to_pylist() if vector is not None]
    return np.asarray(held, np.float32).reshape(len(held), -1)


def measure(objects: Any, rows: int) -> Recall | None:
    """Search the sample both ways; None where it has no vector."""
    sample = held_sample(objects, rows)
    if not len(sample):
        return None
    found = wanted = 0
    for vector in sample:
        exact = _distances(nearest(objects, Nearest(vector, NEIGHBOURS, exact=True)))
        index = _distances(nearest(objects, Nearest(vector, NEIGHBOURS)))
        wanted += len(exact)
        found += min(len(exact), int((index <= exact.max(initial=0.0) + _SAME).sum()))
    return Recall(found / max(wanted, 1), len(sample))


def _distances(records: Any) -> NDArray[np.float64]:
    return np.asarray(records.column("_distance").to_numpy(), np.float64)
