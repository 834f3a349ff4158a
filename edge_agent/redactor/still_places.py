"""Finds the places of a fixed camera's picture that have looked the same for an hour, as no living head does.

A bush, a sign or a crack in the asphalt that a detector takes for a face is taken for one in every picture. What lies
in a place that has not changed for an hour is asked again more strictly (`faces.settle`, `people.covered`).

Averages over 8 x 8 pixels are kept, in memory alone: of a face of 40 px, five by five. The hour is that of the
machine's monotonic clock, so that a clock which is set forward makes no hour out of a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.redactor.cover import Image, Rect

CELL_PX: Final = 8
DIFFERS: Final = 8.0
"""Levels of 255 by which a cell changes in any colour, apart from what the whole picture's exposure changes by.

Where nothing moves, two films of a crossing change by up to 6 (a fifth of the cells by more than 4: their encoder). A
head of 24 px, 24 levels darker than what it hides, changes a cell by 9 when it moves by a quarter of its breadth,
however it lies to the cells.
"""
STILL_S: Final = 3600.0
LOOKS: Final = 30
"""Pictures of that hour at least: between two that are far apart somebody may have come and gone."""
PAUSE_S: Final = 300.0
"""Without a picture for so long everything begins anew."""
AROUND: Final = 0.5
"""Share of its sides by which a rectangle is judged beyond itself: shoulders move before a face does."""

IsStill = Callable[[Rect], bool]


def never(_rect: Rect) -> bool:
    """Answer for a picture that stands alone."""
    return False


@dataclass(slots=True)
class _Seen:
    levels: NDArray[np.float32]
    """Rows x columns x 3, each cell as it was when it last changed."""
    since_s: NDArray[np.float64]
    looks: NDArray[np.int64]
    at_s: float


class StillPlaces:
    """Follows one camera. Pure: the time is told."""

    def __init__(self) -> None:
        self._seen: _Seen | None = None

    def look(self, image: Image, at_s: float) -> IsStill:
        """Note a picture (H×W×3) at a monotonic second; returns the judge of rectangles in it."""
        now = _reduced(image)
        seen = self._seen
        if seen is None or seen.levels.shape != now.shape or not 0 <= at_s - seen.at_s <= PAUSE_S:
            cells = now.shape[:2]
            self._seen = _Seen(now, np.full(cells, at_s), np.zeros(cells, np.int64), at_s)
            return never
        change = now - seen.levels
        change -= np.median(change, axis=(0, 1))
        changed = np.abs(change).max(axis=2) >= DIFFERS
        seen.levels[changed] = now[changed]
        seen.since_s[changed] = at_s
        seen.looks = np.where(changed, 0, seen.looks + 1)
        seen.at_s = at_s
        still = (at_s - seen.since_s >= STILL_S) & (seen.looks >= LOOKS)
        return lambda rect: _all_within(still, rect)


def _reduced(image: Image) -> NDArray[np.float32]:
    size = tuple(max(1, side // CELL_PX) for side in (image.shape[1], image.shape[0]))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _all_within(still: NDArray[np.bool_], rect: Rect) -> bool:
    x, y = AROUND * rect.width, AROUND * rect.height
    left, top = (max(0, int(edge / CELL_PX)) for edge in (rect.x0 - x, rect.y0 - y))
    right, bottom = (ceil(edge / CELL_PX) for edge in (rect.x1 + x, rect.y1 + y))
    part = still[top:bottom, left:right]
    return part.size > 0 and bool(part.all())
