"""Decodes set predictors: DETR, RT-DETR, D-FINE, RF-DETR. Each query is one object or none; no suppression.

Two kinds of export: logits and boxes as the network makes them (DETR, RF-DETR), and `decoded`, post-processed in the
graph (D-FINE and RT-DETR, with their input `orig_target_sizes`).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from engines.detection.postprocess import Candidates, Floats, strongest
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

LOGITS: Final = "logits"
BOXES: Final = "boxes"
LABELS: Final = "labels"
SCORES: Final = "scores"
_FAR: Final = 2.0
"""Largest normalised coordinate: such a one may lie a little outside the picture, one in pixels lies far outside."""


def detr(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    """Decode `logits` queries x classes, `boxes` queries x 4 (centre x, centre y, width, height), 0..1 of the input.

    Softmax runs over all columns, the one of "nothing" among them, wherever it stands. Decoded: `labels` n, `scores` n
    and `boxes` n x 4 (x0 y0 x1 y1) in pixels of the input.
    """
    if spec.decoded:
        return _decoded(outputs, size, spec, floor)
    logits, boxes = outputs[LOGITS], outputs[BOXES]
    columns = list(spec.classes.values())
    if logits.ndim != 2 or boxes.shape != (len(logits), 4) or logits.shape[1] <= max(columns):
        raise ValueError(
            f"{LOGITS} is {_shape(logits)} and {BOXES} {_shape(boxes)}, "
            f"wanted queries x at least {max(columns) + 1} and queries x 4"
        )
    scores = _probabilities(logits.astype(np.float32), spec.activation)[:, columns]
    kept = strongest(scores, floor)
    chosen = boxes[kept].astype(np.float32)
    if chosen.size and np.abs(chosen).max() > _FAR:
        raise ValueError(f"a box reaches {np.abs(chosen).max():.3g} of the picture; these are no normalised boxes")
    chosen = chosen * np.array([*size, *size], np.float32)
    centre, half = chosen[:, :2], chosen[:, 2:] / 2
    return Candidates(np.concatenate([centre - half, centre + half], axis=1), scores[kept], distinct=True)


def _decoded(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    labels, boxes, scores = outputs[LABELS], outputs[BOXES], outputs[SCORES]
    if labels.ndim != 1 or scores.shape != labels.shape or boxes.shape != (len(labels), 4):
        raise ValueError(
            f"{LABELS} is {_shape(labels)}, {BOXES} {_shape(boxes)}, {SCORES} {_shape(scores)}; wanted n, n x 4 and n"
        )
    wanted = np.array(list(spec.classes.values()))
    table = np.where(labels[:, None] == wanted, scores[:, None], 0).astype(np.float32)
    kept = strongest(table, floor)
    if kept.size and boxes.max() <= _FAR:
        raise ValueError(
            f"no box of {size[0]} x {size[1]} pixels reaches beyond {boxes.max():.3g}; these are normalised"
        )
    return Candidates(boxes[kept].astype(np.float32), table[kept], distinct=True)


def _probabilities(logits: Floats, activation: str) -> Floats:
    if activation == "sigmoid":
        # The form that does not overflow, whatever the sign.
        small = np.exp(-np.abs(logits))
        return np.where(logits >= 0, 1 / (1 + small), small / (1 + small)).astype(np.float32)
    highest = logits.max(axis=1, keepdims=True, initial=-np.inf)
    if not np.isfinite(highest).all():
        raise ValueError(f"{LOGITS} without end")
    weights = np.exp(logits - highest)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
