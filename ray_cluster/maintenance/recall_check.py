"""Measures the recall of the vector index: searches a held sample exactly and by index."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ray_cluster.query.vector_search import Nearest, nearest

NEIGHBOURS: Final = 10
_BUDGET_ROWS: Final = 20_000_000
"""Most rows that the exact searches of one canary read: ten seconds on two cores (0.5 s a million, measured)."""
_MOST: Final = 32
_FEWEST: Final = 4
_SAME: Final = 1e-5
"""Tolerance of distances: two rows at the same distance are equally right."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall@10 over `queries` vectors of the table itself."""

    recall: float
    queries: int


def held_sample(objects: Any, rows: int) -> NDArray[np.float32]:
    """Read vectors spread evenly over the table, the same ones for the same table: float32, (n, 256)."""
    count = max(_FEWEST, min(_MOST, _BUDGET_ROWS // max(rows, 1)))
    offsets = sorted({int((i + 0.5) * rows / count) for i in range(count)})
    found = objects.take_offsets(offsets).select(["vector"]).to_arrow().column("vector")
    held = [vector for vector in found.to_pylist() if vector is not None]
    return np.asarray(held, np.float32).reshape(len(held), -1)


def measure(objects: Any, rows: int) -> Recall | None:
    """Search the sample exactly and by index; None without vectors."""
    sample = held_sample(objects, rows)
    if not len(sample):
        return None
    found = wanted = 0
    for vector in sample:
        exact = _distances(objects, Nearest(vector, NEIGHBOURS, exact=True))
        index = _distances(objects, Nearest(vector, NEIGHBOURS))
        wanted += len(exact)
        found += min(len(exact), int((index <= exact.max(initial=0.0) + _SAME).sum()))
    return Recall(found / max(wanted, 1), len(sample))


def _distances(objects: Any, wanted: Nearest) -> NDArray[np.float64]:
    return np.array([record["_distance"] for record in nearest(objects, wanted)])
