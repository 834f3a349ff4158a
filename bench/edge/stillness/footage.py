"""Real footage of a fixed camera: heads are labelled by what moves, since nobody labelled all of it by hand."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.edge.stillness.camera import Shot
from bench.evaluation.photographs import Image, resized
from edge_agent.evaluation.labels import LabelKind, Object

STREET: Final = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
"""Of Debian's opencv-doc: 80 s of a fixed camera over a street with walkers, 768×576."""
MOVES: Final = 25
"""Levels of grey off the median of the film, from which something is not the background."""
WALKER: Final = ((45, 160), (0.25, 0.75))
"""Height in pixels of the footage, and width by height: of one walker, upright and alone."""
FILLED: Final = 0.35
"""Of his box, how much moves."""
HEAD: Final = 0.2
"""The upper fifth of what moves."""


def pictures(file: Path, every_s: float) -> list[Image]:
    """Pictures of a film, so far apart.

    Raises:
        FileNotFoundError: there is none, or it has no pictures.
    """
    film = cv2.VideoCapture(str(file))
    step = max(1, round(film.get(cv2.CAP_PROP_FPS) * every_s))
    found: list[Image] = []
    number = 0
    while film.grab():
        if number % step == 0:
            found.append(np.asarray(film.retrieve()[1], np.uint8))
        number += 1
    if not found:
        raise FileNotFoundError(f"{file}: no film; vtest.avi is in Debian's opencv-doc, or name it with --street")
    return found


def walked(shown: Sequence[Image], scale: float) -> Iterator[Shot]:
    """Pictures of one fixed camera enlarged by `scale`, with heads labelled."""
    greys = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in shown]
    background = np.median(np.stack(greys), axis=0)
    for image, grey in zip(shown, greys, strict=True):
        heads = tuple(_head(box, scale) for box in _walkers(np.abs(grey - background) > MOVES))
        yield Shot(image if scale == 1 else resized(image, scale), heads)


def _walkers(moving: NDArray[np.bool_]) -> Iterator[tuple[float, float, float, float]]:
    closed = cv2.morphologyEx(moving.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 5), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    height, width = moving.shape
    for x, y, w, h, area in cv2.connectedComponentsWithStats(opened)[2][1:].tolist():
        (least, most), (narrow, wide) = WALKER
        inside = x > 0 and y > 0 and x + w < width and y + h < height
        if inside and least <= h <= most and narrow <= w / h <= wide and area >= FILLED * w * h:
            (top,) = np.nonzero(opened[y : y + round(HEAD * h), x : x + w].max(axis=0))
            yield x + int(top.min()), y, x + int(top.max()) + 1, y + HEAD * h


def _head(box: tuple[float, float, float, float], scale: float) -> Object:
    x0, y0, x1, y1 = (edge * scale for edge in box)
    return Object(kind=LabelKind.HEAD, box=(x0, y0, x1, y1))
