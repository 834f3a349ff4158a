"""Computes with many boxes at once: arrays of n × 4 (x0 y0 x1 y1) in pixels."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sizes_of(boxes: Floats) -> Floats:
    """Geometric mean of width and height, n."""
    return np.asarray(np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])))


def centres_of(boxes: Floats) -> Floats:
    """Centres of the boxes, n × 2."""
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2)


def overlaps(one: Floats, other: Floats) -> Floats:
    """Intersection over union of each with each, n × m."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    return np.asarray(shared / (sizes_of(one)[:, None] ** 2 + sizes_of(other)[None] ** 2 - shared))
