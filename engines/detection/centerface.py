"""Decodes CenterFace: boxes of faces, to be covered. Its landmark output is dropped when the model is fetched."""

from collections.abc import Mapping

import numpy as np

from engines.detection.postprocess import Candidates
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

STRIDE_PX = 4


def centerface(outputs: Mapping[str, Tensor], _size: Size, _spec: Output, floor: float) -> Candidates:
    """Decode `heat` 1 x h x w (centre score), `scale` 2 x h x w (log height, log width), `offset` 2 x h x w (y, x).

    A map cell is 4 pixels of the input tensor.
    """
    heat, scale, offset = outputs["heat"][0], outputs["scale"], outputs["offset"]
    rows, columns = np.nonzero(heat >= floor)
    height, width = np.exp(scale[:, rows, columns]) * STRIDE_PX
    y, x = (np.stack([rows, columns]) + offset[:, rows, columns] + 0.5) * STRIDE_PX
    boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
    return Candidates(boxes.astype(np.float32), heat[rows, columns][:, None])
