"""Checks pictures and turns them into input tensors."""

import math

import numpy as np
from numpy.typing import NDArray

from engines.errors import BadImage, ExtraMissing
from engines.manifest import Input

try:
    import cv2
except ModuleNotFoundError as error:
    raise ExtraMissing("cv2", "edge") from error

Picture = NDArray[np.uint8]
"""Picture: H x W x 3, uint8, BGR, as OpenCV and PyAV's `bgr24` have it."""

Size = tuple[int, int]
"""Size: width, height in pixels."""

MAX_SIDE_PX = 16_384
MOST_ENLARGED = 1.3
"""Most pixels of a picture that is enlarged for a pass, in its own: further enlarged, cars are found less often."""
PAD_GREY = 114
"""Grey around a padded picture: the value that detectors of this family are trained with."""


def check_picture(picture: Picture) -> Size:
    """Return the picture's size. Raises BadImage for any array that is no picture."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise BadImage(f"{picture.dtype} of shape {picture.shape}")
    height, width = picture.shape[:2]
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise BadImage(f"{width} x {height} pixels")
    return width, height


def tensor_covers(picture: Size, tensor: Size, spec: Input) -> tuple[float, float]:
    """Return the width and height, in picture pixels, that a tensor spans: more than the picture if it is padded."""
    if spec.fit == "stretch":
        return picture
    scale = max(picture[0] / tensor[0], picture[1] / tensor[1])
    return tensor[0] * scale, tensor[1] * scale


def tensor_size(picture: Picture, spec: Input, size: Size | None = None) -> Size:
    """Return width and height of the tensor for a picture.

    A model of fixed size has that; with `pixels` it takes another `size`. Others take `size`, or the picture's own.
    Sizes are rounded up to the multiple that the model wants. Raises BadImage.
    """
    width, height = size or check_picture(picture)
    if spec.width is not None and spec.height is not None and (size is None or spec.pixels is None):
        return spec.width, spec.height
    step = spec.multiple_of
    return -(-width // step) * step, -(-height // step) * step


def pass_size(own: Size, spec: Input) -> Size:
    """Return the size to which a picture is scaled for one pass, in its own proportions: by `pixels`."""
    area = own[0] * own[1]
    return _scaled(own, math.sqrt(min(MOST_ENLARGED, (spec.pixels or area) / area)))


def trained_size(own: Size, spec: Input) -> Size:
    """Return the largest size within width and height that has the picture's proportions."""
    return _scaled(own, min((spec.width or own[0]) / own[0], (spec.height or own[1]) / own[1]))


def _scaled(own: Size, scale: float) -> Size:
    return max(1, round(own[0] * scale)), max(1, round(own[1] * scale))


def tensor_of(
    picture: Picture, spec: Input, size: Size | None = None, *, into: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Convert a picture to a 3 x H x W tensor of the model's size; written into `into` if that is given.

    Plane by plane, since `cv2.dnn.blobFromImage` takes five times as long for the same numbers (2592 x 1472: 50 and
    10 ms of one core). Raises BadImage.
    """
    check_picture(picture)
    target = tensor_size(picture, spec, size)
    tensor = np.empty((3, target[1], target[0]), np.float32) if into is None else into
    planes = _planes(picture, target, spec)
    # The mean and the deviation are in the order of the model, like the manifest's.
    for plane, mean, std, own in zip(
        planes[:: -1 if spec.colour == "RGB" else 1], spec.mean_255, spec.std_255, tensor, strict=True
    ):
        np.copyto(own, plane)
        if mean:
            np.subtract(own, np.float32(mean), out=own)
        if std != 1.0:
            np.divide(own, np.float32(std), out=own)
    return tensor


def _planes(picture: Picture, target: Size, spec: Input) -> list[Picture]:
    """Split and resize the three colours. The smaller picture is split: the same numbers in half the time."""
    if spec.fit == "pad":
        return _colours(_padded(picture, target))
    height, width = picture.shape[:2]
    if target == (width, height):
        return _colours(picture)
    if target[0] * target[1] > width * height:
        return [_stretched(plane, target) for plane in _colours(picture)]
    return _colours(_stretched(picture, target))


def _colours(picture: Picture) -> list[Picture]:
    return [np.asarray(plane, np.uint8) for plane in cv2.split(picture)]


def _stretched(picture: Picture, target: Size) -> Picture:
    return np.asarray(cv2.resize(picture, target, interpolation=cv2.INTER_LINEAR), np.uint8)


def _padded(picture: Picture, target: Size) -> Picture:
    """Place the picture, in its own proportions, in the upper left of a grey one of the target's size."""
    height, width = picture.shape[:2]
    scale = min(target[0] / width, target[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    canvas = np.full((target[1], target[0], 3), PAD_GREY, np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(picture, inner, interpolation=cv2.INTER_LINEAR)
    return canvas
