"""Decodes YOLOX: one row a cell of three grids, as its own exporter writes them.

Megvii's `tools/export_onnx.py` writes one output, B x cells x (5 + classes): x, y, width, height, objectness, classes;
the last two already sigmoid. Without `--decode_in_inference`, its default, the first four are relative to the cell.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from engines.detection.postprocess import SCORE_SLACK, Candidates, Floats, strongest
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

OUTPUT: Final = "output"
_BOX, _OBJECTNESS, _CLASSES = 4, 4, 5
_WIDEST: Final = 12.0
"""Largest logarithm of a side in cells: beyond e^12, the number is a side in pixels."""


@lru_cache(maxsize=16)
def cells(size: Size, strides: Sequence[int]) -> Floats:
    """Tabulate the cells, one a row (column, row, stride), grid after grid and row after row."""
    grids = []
    for stride in strides:
        row, column = np.indices((size[1] // stride, size[0] // stride))
        grids.append(np.stack([column, row, np.full_like(row, stride)], axis=-1).reshape(-1, 3))
    table = np.concatenate(grids).astype(np.float32)
    table.setflags(write=False)  # it is shared by every caller
    return table


def yolox(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    """Decode `output`: cells x (5 + classes). Score = objectness x class, as YOLOX's own post-processing has it."""
    rows = outputs[OUTPUT]
    table = cells(size, spec.strides)
    columns = [_CLASSES + index for index in spec.classes.values()]
    if rows.ndim != 2 or len(rows) != len(table) or rows.shape[1] <= max(columns):
        raise ValueError(
            f"{OUTPUT} is {' x '.join(map(str, rows.shape))}, "
            f"wanted {len(table)} cells of {size[0]} x {size[1]} pixels x at least {max(columns) + 1}"
        )
    parts = rows[:, [_OBJECTNESS, *columns]].astype(np.float32)
    if parts.min() < -SCORE_SLACK or parts.max() > 1 + SCORE_SLACK:
        raise ValueError(f"scores from {parts.min():.3g} to {parts.max():.3g}; export them with their sigmoid")
    sides = rows[:, 2:_BOX].astype(np.float32)
    if spec.decoded and sides.min() < 0:
        raise ValueError("sides under 0: this export is not decoded; say `decoded = false`")
    if not spec.decoded and sides.max() > _WIDEST:
        raise ValueError(f"sides of e^{sides.max():.3g} cells: this export is decoded already; say `decoded = true`")
    scores = parts[:, :1] * parts[:, 1:]
    kept = strongest(scores, floor)
    centre, side = rows[kept, :2].astype(np.float32), sides[kept]
    if not spec.decoded:
        corner, stride = table[kept, :2], table[kept, 2:]
        centre, side = (centre + corner) * stride, np.exp(side) * stride
    return Candidates(np.concatenate([centre - side / 2, centre + side / 2], axis=1), scores[kept])
