"""Turns a model's candidates into detections of the picture: thresholds, scale, and suppression within a group."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.detection.preprocess import Size
from engines.errors import UnexpectedOutput
from engines.manifest import ClassName, Group, Output
from engines.runtimes.engine import Tensor

Floats = NDArray[np.float32]

BLOCK: Final = 64
"""Boxes that `suppress` settles at a time."""

GROUP_OF: Mapping[ClassName, Group] = {
    "car": "vehicle",
    "bus": "vehicle",
    "truck": "vehicle",
    "bicycle": "two_wheeler",
    "motorcycle": "two_wheeler",
    "person": "person",
    "face": "face",
    "plate": "plate",
    "text": "text",
}
"""Class → group of classes that a detector confuses. Suppression per class would leave one van as car, truck and bus
(measured on one clip: 13 false vehicles, 2 with groups)."""

SCORE_SLACK: Final = 0.01
"""Amount by which rounding (half precision, int8) may carry a probability past 0 or 1."""
_MOST: Final = 1 + SCORE_SLACK
MAX_CANDIDATES: Final = 1000
"""Most boxes of a picture that go into suppression, which compares pairs. A street picture has a few hundred."""


class Box(NamedTuple):
    """A rectangle in picture pixels; x1 and y1 lie just outside."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Detection:
    """An object in one picture. A person is a box to cover and one more in a count, without any other property."""

    class_name: ClassName
    score: float
    box: Box

    @property
    def group(self) -> Group:
        """Group of classes that this one competes with."""
        return GROUP_OF[self.class_name]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes and scores that a decoder reads out of raw outputs, before suppression.

    `boxes`: n x 4 (x0 y0 x1 y1) in pixels of the input tensor. `scores`: n x classes, in the order of the manifest's
    `classes`, 0 to 1. `distinct`: the model predicts a set, in which two rows that overlap are two objects.
    """

    boxes: Floats
    scores: Floats
    distinct: bool = False


Decode = Callable[[Mapping[str, Tensor], Size, Output, float], Candidates]
"""Decoder: (outputs of one picture, without the batch axis; tensor size; manifest's output; lowest score) → candidates.

Raises KeyError, ValueError or IndexError for outputs of another model, which `decoded` turns into UnexpectedOutput."""


def decoded(
    decode: Decode, engine: str, outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float
) -> Candidates:
    """Run a decoder. Raises UnexpectedOutput if the outputs do not fit it or hold values that are no numbers.

    A score that is NaN would pass for no detection, and the broken model would go unnoticed.
    """
    broken = [name for name, value in outputs.items() if value.dtype.kind == "f" and np.isnan(value).any()]
    if broken:
        raise UnexpectedOutput(engine, f"{broken[0]} holds values that are no numbers")
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what has no end is found below
            candidates = decode(outputs, size, spec, floor)
    except (KeyError, ValueError, IndexError) as error:
        raise UnexpectedOutput(engine, f"{type(error).__name__} {error}") from error
    if not (np.isfinite(candidates.boxes).all() and np.isfinite(candidates.scores).all()):
        raise UnexpectedOutput(engine, "boxes or scores without end")
    if candidates.scores.size and not -SCORE_SLACK <= candidates.scores.min() <= candidates.scores.max() <= _MOST:
        low, high = candidates.scores.min(), candidates.scores.max()
        raise UnexpectedOutput(engine, f"scores from {low:.3g} to {high:.3g}, where probabilities belong")
    return candidates


def strongest(scores: Floats, floor: float) -> NDArray[np.intp]:
    """Select rows of n x classes scores whose best reaches `floor`: at most MAX_CANDIDATES, the best ones."""
    best = scores.max(axis=1, initial=0.0)
    rows = np.flatnonzero(best >= floor)
    if rows.size > MAX_CANDIDATES:
        rows = np.sort(rows[np.argpartition(-best[rows], MAX_CANDIDATES)[:MAX_CANDIDATES]])
    return rows


def detections(
    candidates: Candidates,
    tensor: Size,
    spans: tuple[float, float],
    picture: Size,
    spec: Output,
    thresholds: Mapping[Group, float],
) -> list[Detection]:
    """Build detections in picture pixels, best first. `tensor` spans `spans` picture pixels; thresholds are per group.

    A box takes the best class of its group; each group is judged by itself, so that a rider is a person at any score
    of the motorcycle.
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
        if not candidates.distinct:
            rows = rows[suppress(candidates.boxes[rows], best[rows], spec.overlap)]
        boxes = np.clip(candidates.boxes[rows] * scale, 0, limit).tolist()
        classes = scores[rows].argmax(axis=1).tolist()
        for edges, score, column in zip(boxes, best[rows].tolist(), classes, strict=True):
            box = Box(*edges)
            if box.width > 0 and box.height > 0:
                found.append(Detection(names[columns[column]], score, box))
    return sorted(found, key=lambda detection: -detection.score)


def suppress(boxes: Floats, scores: Floats, overlap: float) -> NDArray[np.intp]:
    """Suppress non-maxima greedily: return indices of the kept boxes, best first. Boxes n x 4 (x0 y0 x1 y1).

    In blocks: the `BLOCK` best boxes are settled among themselves, then against all others at once. Box by box, the
    2,000 candidates of a street picture cost 44 ms instead of 7.
    """
    order = np.argsort(-scores, kind="stable")
    edges = np.ascontiguousarray(boxes[order].T)
    areas = np.maximum(edges[2] - edges[0], 0) * np.maximum(edges[3] - edges[1], 0)
    kept: list[int] = []
    while order.size:
        first = edges[:, :BLOCK, None]
        width = np.maximum(np.minimum(first[2], edges[2]) - np.maximum(first[0], edges[0]), 0)
        height = np.maximum(np.minimum(first[3], edges[3]) - np.maximum(first[1], edges[1]), 0)
        shared = width * height
        same = shared > overlap * (areas[:BLOCK, None] + areas - shared)
        count = len(same)
        stays = np.ones(count, np.bool_)
        for row in range(count):
            if stays[row]:
                stays[row + 1 :] &= ~same[row, row + 1 : count]
        kept += order[:count][stays].tolist()
        rest = ~same[stays].any(axis=0)
        rest[:count] = False
        order, areas, edges = order[rest], areas[rest], edges[:, rest]
    return np.array(kept, np.intp)


def nanodet(outputs: Mapping[str, Tensor], size: Size, spec: Output, floor: float) -> Candidates:
    """Decode NanoDet: `class_S` (cells x 80, already sigmoid) and `box_S` (cells x 44) for strides S = 8, 16, 32.

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
