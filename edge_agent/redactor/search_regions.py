"""Selects the parts of a picture to search, if not all of it is."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.redactor.cover import Image, Rect
from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from provisioning.contracts.wire.messages import Box

CELL_PX: Final = 32
"""Places begin and end at multiples of it, as CenterFace wants its pictures: a part is seen as it is in the whole."""
CONTEXT_CELLS: Final = 1
"""Cells to each side: a detector judges a place by its surroundings as well."""
RUN_CELLS: Final = 8
"""Fixed cost of a search, in cells: one takes 0.3 CPU ms, and three detectors 2 or 3 for the call alone."""
WHOLE_FROM: Final = 0.7
"""Places that make up more than this share of a picture are dearer than the picture."""

MOST_PARTS: Final = 48
"""Most parts, since joining them takes the square of their number."""

Cells = NDArray[np.bool_]
"""Rows x columns of squares of `CELL_PX`, the last of each perhaps cut off by the picture's edge."""
Places = Sequence[Box] | None
"""Boxes to search; None: everywhere."""
_Parts = NDArray[np.intp]
"""Left, top, right and bottom in cells, of one part or of each."""


def around(wanted: Cells | None, size: tuple[int, int]) -> Places:
    """Return rectangles that together hold every wanted cell and its context. None: they are most of the picture.

    `size`: width, height of the picture.
    """
    if wanted is None:
        return None
    if _near(wanted).mean() > WHOLE_FROM:
        return None
    parts = _parts(wanted)
    places = [_placed(part, size) for part in _joined(parts)]
    if sum((p.x1 - p.x0) * (p.y1 - p.y0) for p in places) > WHOLE_FROM * size[0] * size[1]:
        return None
    return places


def _parts(wanted: Cells) -> _Parts:
    """Return the connected parts, so that a large face is seen in one piece; if too many, near ones are merged."""
    parts = _components(wanted) + np.array([-1, -1, 1, 1]) * CONTEXT_CELLS
    while len(parts) > MOST_PARTS:
        wanted = _near(wanted)
        parts = _components(wanted)
    return np.asarray(np.clip(parts, 0, np.tile(wanted.shape[::-1], 2)), np.intp)


def _components(cells: Cells) -> _Parts:
    # The first is what is not wanted.
    parts = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=8)[2][1:, :4].astype(np.intp)
    parts[:, 2:] += parts[:, :2]
    return parts


def _near(wanted: Cells) -> Cells:
    """Grow the wanted cells by their context."""
    reach = 2 * CONTEXT_CELLS + 1
    return np.asarray(cv2.dilate(wanted.astype(np.uint8), np.ones((reach, reach), np.uint8)), np.bool_)


def cells_of(rects: Iterable[Rect | Box], size: tuple[int, int]) -> Cells:
    """Return the cells that rectangles touch."""
    cells = np.zeros((-(-size[1] // CELL_PX), -(-size[0] // CELL_PX)), np.bool_)
    for one in rects:
        x0, y0 = (max(0, int(edge // CELL_PX)) for edge in (one.x0, one.y0))
        x1, y1 = (max(0, int(-(-edge // CELL_PX))) for edge in (one.x1, one.y1))
        cells[y0:y1, x0:x1] = True
    return cells


def found_in(image: Image, places: Places, search: Callable[[Image], list[Detection]]) -> list[Detection]:
    """Run `search` on the whole image or on each place; returns detections in pixels of `image`, best first."""
    if places is None:
        return search(image)
    found = [
        Detection(one.class_name, one.score, _moved(one.box, place))
        for place in places
        for one in search(image[place.y0 : place.y1, place.x0 : place.x1])
    ]
    return sorted(found, key=lambda one: -one.score)


def touches(rect: Rect, places: Places) -> bool:
    """True if any part of a rectangle is searched."""
    return places is None or any(
        p.x0 < rect.x1 and rect.x0 < p.x1 and p.y0 < rect.y1 and rect.y0 < p.y1 for p in places
    )


def _moved(box: Found, place: Box) -> Found:
    return Found(box.x0 + place.x0, box.y0 + place.y0, box.x1 + place.x0, box.y1 + place.y0)


def _placed(part: _Parts, size: tuple[int, int]) -> Box:
    """Convert cells to pixels. At an edge that is no multiple of a cell a part is moved in, to be as large."""
    x0, y0, x1, y1 = (int(edge) * CELL_PX for edge in part)
    x, y = max(0, x1 - size[0]), max(0, y1 - size[1])
    return Box(x0=max(0, x0 - x), y0=max(0, y0 - y), x1=x1 - x, y1=y1 - y)


def _joined(parts: _Parts) -> _Parts:
    """Join parts as long as one around two is cheaper to search than both."""
    while len(parts) > 1:
        low = np.minimum(parts[:, None, :2], parts[None, :, :2])
        high = np.maximum(parts[:, None, 2:], parts[None, :, 2:])
        costs = _cost(parts[:, 2:] - parts[:, :2])
        saved = costs[:, None] + costs[None, :] - _cost(high - low)
        np.fill_diagonal(saved, -1)
        one, other = np.unravel_index(np.argmax(saved), saved.shape)
        if saved[one, other] < 0:
            break
        both = np.concatenate([low[one, other], high[one, other]])
        parts = np.concatenate([np.delete(parts, [one, other], axis=0), both[None]])
    return parts


def _cost(sides: NDArray[np.intp]) -> NDArray[np.intp]:
    """Cost of one search each, in cells."""
    return np.asarray(sides[..., 0] * sides[..., 1] + RUN_CELLS)
