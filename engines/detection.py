"""From a model's candidates to detections in the picture: thresholds, scale, and suppression within a group."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.engine import Tensor
from engines.errors import UnexpectedOutput
from engines.manifest import ClassName, Group, Output
from engines.pictures import Size

Floats = NDArray[np.float32]

GROUP_OF: Mapping[ClassName, Group] = {
    "car": "vehicle",
    "bus": "vehicle",
    "truck": "vehicle",
    "bicycle": "two_wheeler",
    "motorcycle": "two_wheeler",
    "person": "person",
    "face": "face",
    "plate": "plate",
}
"""Classes that a detector confuses with one another. Suppression per class would leave one van as car and truck and bus
(measured on one clip: 13 false vehicles, 2 with groups)."""


class Box(NamedTuple):
    """A rectangle in picture pixels; x1 and y1 are just outside."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing in one picture. A person is a place to cover and one more in a count: it has no other property."""

    class_name: ClassName
    score: float
    box: Box

    @property
    def group(self) -> Group:
        """The classes that this one competes with."""
        return GROUP_OF[self.class_name]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a decoder makes of raw outputs. `boxes`: n x 4 (x0 y0 x1 y1) in pixels of the input tensor.

    `scores`: n x classes, in the order of the manifest's `classes`.
    """

    boxes: Floats
    scores: Floats


Decode = Callable[[Mapping[str, Tensor], Size, Output, float], Candidates]
"""(outputs of one picture, without the batch axis; tensor size; what to look for; lowest score of interest).

Raises KeyError, ValueError or IndexError when the outputs are not those of such a model: `decoded` says it properly."""


def decoded(
    decode: Decode, engine: str, outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float
) -> Candidates:
    """Run a decoder. Raises UnexpectedOutput when the model is not of the kind that it reads."""
    try:
        candidates = decode(outputs, size, spec, floor)
    except (KeyError, ValueError, IndexError) as error:
        raise UnexpectedOutput(engine, f"{type(error).__name__} {error}") from error
    return candidates


def detections(
    candidates: Candidates,
    tensor: Size,
    spans: tuple[float, float],
    picture: Size,
    spec: Output,
    thresholds: Mapping[Group, float],
) -> list[Detection]:
    """Detections in picture pixels, best first. `tensor` spans `spans` picture pixels; thresholds are per group.

    A class is the best of its group at that place; each group is judged by itself, so that a rider is a person whatever
    the motorcycle under him scores.
    """
    scale = np.array([spans[0] / tensor[0], spans[1] / tensor[1]] * 2, np.float32)
    limit = np.array([picture[0], picture[1]] * 2, np.float32)
    names = list(spec.classes)
    found: list[Detection] = []
    for group, threshold in thresholds.items():
        columns = [column for column, name in enumerate(names) if GROUP_OF[name] == group]
        if not columns or not len(candidates.scores):
            continue
        scores = candidates.scores[:, columns]
        best = scores.max(axis=1)
        rows = np.flatnonzero(best >= threshold)
        rows = rows[suppress(candidates.boxes[rows], best[rows], spec.overlap)]
        for row in rows:
            box = Box(*(float(edge) for edge in np.clip(candidates.boxes[row] * scale, 0, limit)))
            if box.width > 0 and box.height > 0:
                name = names[columns[int(scores[row].argmax())]]
                found.append(Detection(name, float(best[row]), box))
    return sorted(found, key=lambda detection: -detection.score)


def suppress(boxes: Floats, scores: Floats, overlap: float) -> NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the boxes that stay, best first. Boxes n x 4 (x0 y0 x1 y1)."""
    order = np.argsort(-scores, kind="stable")
    areas = np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)
    kept: list[int] = []
    while order.size:
        first, rest = order[0], order[1:]
        kept.append(int(first))
        low = np.maximum(boxes[first, :2], boxes[rest, :2])
        high = np.minimum(boxes[first, 2:], boxes[rest, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        union = areas[first] + areas[rest] - shared
        order = rest[shared <= overlap * union]
    return np.array(kept, np.intp)


def nanodet(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    """NanoDet: `class_S` (cells x 80, already sigmoid) and `box_S` (cells x 44) for strides S = 8, 16, 32.

    A side's distance from the cell's centre is the mean of a distribution over 0..10 strides (4 sides x 11 bins).
    """
    columns = list(spec.classes.values())
    boxes, scores = [], []
    for stride in (8, 16, 32):
        classes, sides = outputs[f"class_{stride}"], outputs[f"box_{stride}"]
        across, down = size[0] // stride, size[1] // stride
        if classes.shape[0] != across * down:
            raise ValueError(f"class_{stride} has {classes.shape[0]} cells for {size[0]} x {size[1]} pixels")
        wanted = classes[:, columns]
        cells = np.flatnonzero(wanted.max(axis=1) >= floor)
        bins = sides[cells].reshape(cells.size, 4, sides.shape[1] // 4)
        weights = np.exp(bins - bins.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        left, top, right, bottom = (weights @ np.arange(bins.shape[2], dtype=np.float32) * stride).T
        x = (cells % across + 0.5) * stride
        y = (cells // across + 0.5) * stride
        boxes.append(np.stack([x - left, y - top, x + right, y + bottom], axis=1))
        scores.append(wanted[cells])
    return Candidates(np.concatenate(boxes).astype(np.float32), np.concatenate(scores))
