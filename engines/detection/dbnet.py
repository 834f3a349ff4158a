"""Decodes a text detector of the DBNet family (PP-OCR): boxes of text lines, to be covered. No text is read.

The net marks the core of each line in a map of probabilities; the line itself is larger by an amount that follows from
the core's area and perimeter (Liao et al., Real-time Scene Text Detection with Differentiable Binarization, §3.3).
"""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from engines.detection.postprocess import MAX_CANDIDATES, Candidates
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

CORE: Final = 0.3
"""Probability from which a pixel belongs to the core of a line."""
GROWTH: Final = 1.6
"""Growth of a core to its line, as PP-OCR's own configuration has it."""
LEAST_PX: Final = 2
"""Least side of a core in pixels of the tensor: smaller ones are noise."""
LEAST_FILLED: Final = 0.5
"""Least share of its upright box that a core fills. A slanted row of balconies fills less, an upright line .7 to 1."""


def dbnet(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    """Decode `map` 1 x H x W (probability of a line's core). The score of a line is its core's mean probability.

    Lines are level or upright, as cameras write. Two that overlap are two lines.
    """
    (plane,) = spec.classes.values()
    chances = outputs["map"][plane]
    if chances.shape != size[::-1]:
        raise ValueError(f"a map of {chances.shape[1]} x {chances.shape[0]} for {size[0]} x {size[1]} pixels")
    count, labels, stats, _ = cv2.connectedComponentsWithStats((chances >= CORE).astype(np.uint8), connectivity=8)
    x, y, width, height, area = stats[1:].T.astype(np.float32)
    sums = np.bincount(labels.ravel(), weights=chances.ravel(), minlength=count)[1:]
    scores = (sums / np.maximum(area, 1)).astype(np.float32)
    is_line = (np.minimum(width, height) >= LEAST_PX) & (area >= LEAST_FILLED * width * height)
    kept = np.flatnonzero(is_line & (scores >= floor))
    kept = kept[np.argsort(-area[kept], kind="stable")][:MAX_CANDIDATES]
    x, y, width, height = x[kept], y[kept], width[kept], height[kept]
    further = GROWTH * width * height / (2 * (width + height))
    boxes = np.stack([x - further, y - further, x + width + further, y + height + further], axis=1)
    return Candidates(boxes, scores[kept, None], distinct=True)
