"""Decodes NanoDet-Plus: one row a cell of four grids, as its own exporter writes them (`tools/export_onnx.py`).

One output, B x cells x (classes + 32): classes, already sigmoid, then 8 bins for each side. It differs from NanoDet in
three ways: a fourth grid, cells counted up where a side is no multiple of the stride, and centres at their corners.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np

from engines.detection.postprocess import Candidates, Floats, strongest
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

OUTPUT: Final = "output"
STRIDES: Final = (8, 16, 32, 64)
BINS: Final = 8
"""Steps of the distribution of a side's distance, in strides: all its configurations say `reg_max` 7."""
_SIDES: Final = 4 * BINS


@lru_cache(maxsize=16)
def centres(size: Size) -> Floats:
    """Tabulate the cells, one a row (x, y, stride), grid after grid and row after row."""
    grids = []
    for stride in STRIDES:
        row, column = np.indices((-(-size[1] // stride), -(-size[0] // stride)))
        grids.append(np.stack([column * stride, row * stride, np.full_like(row, stride)], axis=-1).reshape(-1, 3))
    table = np.concatenate(grids).astype(np.float32)
    table.setflags(write=False)  # it is shared by every caller
    return table


def nanodet_plus(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    """Decode `output`: cells x (classes + 32). A side's distance from the centre is the mean of its distribution."""
    rows, table, columns = outputs[OUTPUT], centres(size), list(spec.classes.values())
    if rows.ndim != 2 or len(rows) != len(table) or rows.shape[1] - _SIDES <= max(columns):
        raise ValueError(
            f"{OUTPUT} is {' x '.join(map(str, rows.shape))}, "
            f"wanted {len(table)} cells of {size[0]} x {size[1]} pixels x at least {max(columns) + 1 + _SIDES}"
        )
    scores = rows[:, columns].astype(np.float32)
    kept = strongest(scores, floor)
    bins = rows[kept, -_SIDES:].astype(np.float32).reshape(kept.size, 4, BINS)
    weights = np.exp(bins - bins.max(axis=2, keepdims=True, initial=-np.inf))
    weights /= weights.sum(axis=2, keepdims=True)
    x, y, stride = table[kept].T
    left, top, right, bottom = (weights @ np.arange(BINS, dtype=np.float32)).T * stride
    return Candidates(np.stack([x - left, y - top, x + right, y + bottom], axis=1), scores[kept])
