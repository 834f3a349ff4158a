"""The same machine as another moment, lens or link might show it. Seeded: every run degrades alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.detection.postprocess import Box
from engines.detection.preprocess import Picture

SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Query:
    """A picture around the machine, and its box there."""

    picture: Picture
    box: Box


def degraded(picture: Picture, box: Box, random: np.random.Generator) -> dict[str, Query]:
    """By what was done to it."""
    found = {}
    for name, (change, scale, jitter) in KINDS.items():
        side = max(box.width, box.height)
        left, top = max(0, int(box.x0 - side)), max(0, int(box.y0 - side))
        around = picture[top : int(box.y1 + side), left : int(box.x1 + side)]
        dx0, dx1 = random.uniform(-jitter, jitter, 2) * box.width
        dy0, dy1 = random.uniform(-jitter, jitter, 2) * box.height
        moved = Box(box.x0 - left + dx0, box.y0 - top + dy0, box.x1 - left + dx1, box.y1 - top + dy1)
        if name == "mirrored":
            width = around.shape[1]
            moved = Box(width - moved.x1, moved.y0, width - moved.x0, moved.y1)
        found[name] = Query(change(around), Box(*(edge * scale for edge in moved)))
    return found


def _coded(picture: NDArray[np.generic], quality: int) -> Picture:
    done, content = cv2.imencode(".jpg", np.asarray(np.clip(picture, 0, 255), np.uint8), [1, quality])
    decoded = cv2.imdecode(content, cv2.IMREAD_COLOR)
    if not done or decoded is None:
        raise ValueError("OpenCV codes no JPEG")
    return np.asarray(decoded, np.uint8)


def _half(picture: Picture) -> Picture:
    return _coded(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 40)


def _dark(picture: Picture) -> Picture:
    return _coded(picture * 0.65, 70)


def _warm(picture: Picture) -> Picture:
    return _coded(255 * (picture / 255.0) ** 1.3 * np.array([0.85, 1, 1.12]), 70)


def _blurred(picture: Picture) -> Picture:
    small = cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    return _coded(cv2.GaussianBlur(small, (0, 0), 1.2), 50)


def _mirrored(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


KINDS: Final[Mapping[str, tuple[Callable[[Picture], Picture], float, float]]] = {
    "half size, quality 40": (_half, 0.5, 0.03),
    "dark": (_dark, 1.0, 0.08),
    "warm light": (_warm, 1.0, 0.05),
    "blurred, 0.7 of the size": (_blurred, 0.7, 0.08),
    "mirrored": (_mirrored, 1.0, 0.05),
}
"""What is done, how much smaller it becomes, and by what share of its sides the box is off."""
