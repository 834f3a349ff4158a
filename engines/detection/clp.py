"""Decodes the plate detector: boxes of licence plates, to be covered. Their corners and text are never read."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engines.detection.postprocess import Candidates
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

PRIORS_PX = {8: (24, 48), 16: (96, 192), 32: (384, 768)}
"""Stride → sides of the two square priors in each cell."""

CENTRE_VARIANCE = 0.1
SIZE_VARIANCE = 0.2


@lru_cache(maxsize=16)
def priors(size: Size) -> NDArray[np.float32]:
    """Tabulate the priors (centre x, centre y, side) in pixels: cells row by row, a cell's two sides in turn."""
    width, height = size
    levels = []
    for stride, sides in PRIORS_PX.items():
        across, down = -(-width // stride), -(-height // stride)
        y, x, side = np.meshgrid(
            (np.arange(down) + 0.5) * stride, (np.arange(across) + 0.5) * stride, sides, indexing="ij"
        )
        levels.append(np.stack([x, y, side], axis=-1).reshape(-1, 3))
    table = np.concatenate(levels).astype(np.float32)
    table.setflags(write=False)  # it is shared by every caller
    return table


def clp(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    """Decode `loc` n x 4 (centre and log-size offsets from a prior), `conf` n x 2 (softmax)."""
    loc, conf = outputs["loc"], outputs["conf"][:, list(spec.classes.values())]
    table = priors(size)
    if loc.shape != (len(table), 4) or len(conf) != len(table):
        raise ValueError(f"{len(loc)} boxes for {len(table)} priors of {size[0]} x {size[1]} pixels")
    rows = np.flatnonzero(conf.max(axis=1) >= floor)
    centre, side = table[rows, :2], table[rows, 2:]
    middle = centre + loc[rows, :2] * CENTRE_VARIANCE * side
    half = side * np.exp(loc[rows, 2:] * SIZE_VARIANCE) / 2
    return Candidates(np.concatenate([middle - half, middle + half], axis=1), conf[rows])
