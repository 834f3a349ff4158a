"""Decodes the outputs of YuNet as `engines.convert.libfacedetection` writes it: boxes and scores of faces."""

from collections.abc import Mapping

import numpy as np

from engines.convert.libfacedetection import STRIDES
from engines.detection.postprocess import Candidates, Floats
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor


def yunet(outputs: Mapping[str, Tensor], _size: Size, _spec: Output, floor: float) -> Candidates:
    """Decode `map_S` 6 x h x w for strides S = 8, 16, 32; the score is the geometric mean of face and object."""
    boxes, scores = [], []
    for stride in STRIDES:
        planes = outputs[f"map_{stride}"]
        if len(planes) != 6:
            raise ValueError(f"map_{stride} has {len(planes)} planes")
        score = np.sqrt(_sigmoid(planes[0]) * _sigmoid(planes[1]))
        rows, columns = np.nonzero(score >= floor)
        dx, dy, log_width, log_height = planes[2:, rows, columns]
        x, y = (columns + dx) * stride, (rows + dy) * stride
        # A box is never wider than e^10 cells: what a broken model says must not overflow.
        half_width, half_height = (np.exp(np.minimum(log, 10)) * stride / 2 for log in (log_width, log_height))
        boxes.append(np.stack([x - half_width, y - half_height, x + half_width, y + half_height], axis=1))
        scores.append(score[rows, columns])
    return Candidates(np.concatenate(boxes).astype(np.float32), np.concatenate(scores)[:, None])


def _sigmoid(logits: Tensor) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)
