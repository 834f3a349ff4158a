"""Decodes YuNet: boxes of faces. Of its outputs the landmarks are dropped when the model is fetched.

Network: Wu et al., YuNet, Machine Intelligence Research 2023.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from engines.detection.postprocess import Candidates, Floats
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

STRIDES: Final = (8, 16, 32)


def yunet(outputs: Mapping[str, Tensor], _size: Size, _spec: Output, floor: float) -> Candidates:
    """Decode `cls_S` and `obj_S` 1 x h x w (logits), `bbox_S` 4 x h x w (x, y, log width, log height), strides S.

    The score is the geometric mean of face and object.
    """
    boxes, scores = [], []
    for stride in STRIDES:
        face, thing, sides = (outputs[f"{role}_{stride}"] for role in ("cls", "obj", "bbox"))
        score = np.sqrt(_sigmoid(face[0]) * _sigmoid(thing[0]))
        rows, columns = np.nonzero(score >= floor)
        dx, dy, log_width, log_height = sides[:, rows, columns]
        x, y = (columns + dx) * stride, (rows + dy) * stride
        # A box is never wider than e^10 cells: what a broken model says must not overflow.
        half_width, half_height = (np.exp(np.minimum(log, 10)) * stride / 2 for log in (log_width, log_height))
        boxes.append(np.stack([x - half_width, y - half_height, x + half_width, y + half_height], axis=1))
        scores.append(score[rows, columns])
    return Candidates(np.concatenate(boxes).astype(np.float32), np.concatenate(scores)[:, None])


def _sigmoid(logits: Tensor) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)
