"""Turns a machine's box into a vector: crop, colour histogram, and the projection of both.

Hidden pixels (`Crop.visible` is False there) get the same neutral fill before anything is computed, and are not counted
in the histogram. So no part of a vector depends on the pixels under a cover.

    features: network's output, length 1 ┐
                                          ├─▶ side by side ─▶ seeded orthogonal projection ─▶ length 1
    histogram: √ of shares, length 1 × w ┘
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.detection.postprocess import Box, Floats
from engines.detection.preprocess import Picture, Size, check_picture
from engines.errors import BadImage
from engines.manifest import Embedding, Input

FILL: Final = 127
"""Grey of pixels that are hidden or outside the picture: zero once the input is normalised."""
HUES: Final = 16
SATURATIONS: Final = 8
BINS: Final = HUES * SATURATIONS
SAMPLES_A_SIDE: Final = 256
"""Samples a side of a histogram, which takes every n-th row and column of a larger crop."""
STEP: Final = 1 / 32_767
"""Step of a projection's numbers: rounded to it, they are the same with another machine's linear algebra."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A machine cut out of its picture.

    Attributes:
        pixels: h x w x 3, uint8, BGR; `FILL` wherever `visible` is False.
        visible: h x w.
    """

    pixels: Picture
    visible: Mask

    @property
    def size(self) -> Size:
        return self.visible.shape[1], self.visible.shape[0]


def cut(picture: Picture, box: Box, hidden: Mask, *, margin: float) -> Crop:
    """Cut out a box with a margin (a share of its sides) around it. `hidden`: height x width of the picture.

    Raises BadImage when nothing of the box lies in the picture, or the mask is another picture's.
    """
    width, height = check_picture(picture)
    if hidden.shape != (height, width):
        raise BadImage(f"a mask of {hidden.shape} for {width} x {height} pixels")
    inside = min(box.x1, width) > max(box.x0, 0) and min(box.y1, height) > max(box.y0, 0)
    if not inside or box.width > 2 * width or box.height > 2 * height:
        raise BadImage(f"box {tuple(box)} in {width} x {height} pixels")
    dx, dy = margin * box.width, margin * box.height
    x0, y0, x1, y1 = floor(box.x0 - dx), floor(box.y0 - dy), ceil(box.x1 + dx), ceil(box.y1 + dy)
    visible = np.zeros((y1 - y0, x1 - x0), np.bool_)
    pixels = np.full((*visible.shape, 3), FILL, np.uint8)
    rows, columns = slice(max(y0, 0), min(y1, height)), slice(max(x0, 0), min(x1, width))
    to = slice(rows.start - y0, rows.stop - y0), slice(columns.start - x0, columns.stop - x0)
    visible[to] = ~hidden[rows, columns]
    np.copyto(pixels[to], picture[rows, columns], where=visible[to][:, :, None])
    return Crop(pixels, visible)


def tensor_of_crop(crop: Crop, spec: Input) -> Floats:
    """Convert a crop to a normalised 3 x H x W tensor in the model's colour order; `pad` keeps its proportions.

    Raises BadImage if the manifest gives no fixed size.
    """
    if spec.width is None or spec.height is None:
        raise BadImage("an embedding needs a fixed width and height")
    width, height = crop.size
    target = (spec.width, spec.height)
    scale = min(target[0] / width, target[1] / height)
    inner = target if spec.fit == "stretch" else (max(1, round(width * scale)), max(1, round(height * scale)))
    shrinks = inner[0] * inner[1] < width * height
    small = cv2.resize(crop.pixels, inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    canvas = np.full((target[1], target[0], 3), FILL, np.uint8)
    left, top = (target[0] - inner[0]) // 2, (target[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = small
    ordered = canvas[:, :, ::-1] if spec.colour == "RGB" else canvas
    normal = (ordered.astype(np.float32) - np.asarray(spec.mean, np.float32)) / np.asarray(spec.std, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1))


def histogram(crop: Crop) -> Floats:
    """Count visible pixels in 16 hues x 8 saturations: roots of shares, a vector of length 1.

    All zeros if no pixel is visible.
    """
    step = max(1, -(-max(crop.size) // SAMPLES_A_SIDE))
    pixels, visible = crop.pixels[::step, ::step], crop.visible[::step, ::step]
    hsv = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_BGR2HSV)[visible].astype(np.intp)
    if not len(hsv):
        return np.zeros(BINS, np.float32)
    bins = hsv[:, 0] * HUES // 180 * SATURATIONS + hsv[:, 1] * SATURATIONS // 256
    return np.sqrt(np.bincount(bins, minlength=BINS) / len(hsv)).astype(np.float32)


def joined(features: Floats, histograms: Floats, weight: float) -> Floats:
    """Concatenate features (n x f) of length 1 with histograms (n x 128) of length `weight`."""
    return np.concatenate([unit(features), unit(histograms) * np.float32(weight)], axis=1)


def unit(rows: Floats) -> Floats:
    """Normalise each row (n x d) to length 1; a zero row stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)


def projection(seed: int, rows: int, columns: int) -> Floats:
    """Make a matrix `rows` x `columns` (rows ≥ columns), columns orthonormal to 1e-4, the same on every machine.

    A random subspace keeps every angle about as well as it can be kept without looking at data (Johnson and
    Lindenstrauss); a PCA would want more crops than there are.
    """
    # The one stream of numbers that NumPy promises never to change (NEP 19).
    drawn = np.random.RandomState(seed).standard_normal((rows, columns))
    basis, triangle = np.linalg.qr(drawn)
    basis = basis * np.sign(np.diagonal(triangle))  # which sign a column gets is the library's choice
    return np.asarray(np.round(basis / STEP) * STEP, np.float32)


def projection_sha256(matrix: Floats) -> str:
    """Hash a projection: its numbers in steps, row by row, as little-endian 16-bit integers."""
    return hashlib.sha256(np.round(matrix / np.float32(STEP)).astype("<i2").tobytes()).hexdigest()


def vectors(features: Floats, crops: Sequence[Crop], spec: Embedding, matrix: Floats) -> Floats:
    """Compute vectors (n x `spec.dimensions`) of length 1 from the network's features (n x f) and their crops."""
    histograms = np.stack([histogram(crop) for crop in crops])
    return unit(joined(features, histograms, spec.histogram_weight) @ matrix)
