"""The parts of a picture that are searched, where not all of it is."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_agent.redactor.cover import Image, Rect
from engines.detection import Box as Found
from engines.detection import Detection
from provisioning.contracts.messages import Box

CELL_PX: Final = 32
"""Places begin and end at multiples of it, as CenterFace wants its pictures: a part is seen as it is in the whole."""
CONTEXT_CELLS: Final = 1
"""A detector judges a place by what is around it as well: so many cells to each side."""
RUN_CELLS: Final = 8
"""What a search costs besides, in cells: one takes 0.3 CPU ms, and three detectors 2 or 3 to be asked at all."""
WHOLE_FROM: Final = 0.5
"""Places that make up more than this share of a picture are dearer than the picture."""

Cells = NDArray[np.bool_]
"""Rows x columns of squares of `CELL_PX`, the last of each perhaps cut off by the picture's edge."""
Places = Sequence[Box] | None
"""None: everywhere."""
_Part = tuple[int, int, int, int]
"""Left, top, right and bottom in cells."""
_Sides = TypeVar("_Sides", int, NDArray[np.intp])


def around(wanted: Cells | None, size: tuple[int, int]) -> Places:
    """Rectangles that together hold every wanted cell and its context. None: they are most of the picture.

    `size`: width, height of the picture.
    """
    if wanted is None:
        return None
    places = [_placed(part, size) for part in _parts(wanted, 0, 0)]
    if sum((p.x1 - p.x0) * (p.y1 - p.y0) for p in places) > WHOLE_FROM * size[0] * size[1]:
        return None
    return places


def cells_of(rects: Iterable[Rect | Box], size: tuple[int, int]) -> Cells:
    """The cells that rectangles touch."""
    cells = np.zeros((-(-size[1] // CELL_PX), -(-size[0] // CELL_PX)), np.bool_)
    for one in rects:
        x0, y0 = (max(0, int(edge // CELL_PX)) for edge in (one.x0, one.y0))
        x1, y1 = (max(0, int(-(-edge // CELL_PX))) for edge in (one.x1, one.y1))
        cells[y0:y1, x0:x1] = True
    return cells


def found_in(image: Image, places: Places, search: Callable[[Image], list[Detection]]) -> list[Detection]:
    """What `search` finds, best first, in pixels of `image`: in the whole of it, or in each place."""
    if places is None:
        return search(image)
    found = [
        Detection(one.class_name, one.score, _moved(one.box, place))
        for place in places
        for one in search(image[place.y0 : place.y1, place.x0 : place.x1])
    ]
    return sorted(found, key=lambda one: -one.score)


def touches(rect: Rect, places: Places) -> bool:
    """Whether anything of a rectangle is searched."""
    return places is None or any(
        p.x0 < rect.x1 and rect.x0 < p.x1 and p.y0 < rect.y1 and rect.y0 < p.y1 for p in places
    )


def _moved(box: Found, place: Box) -> Found:
    return Found(box.x0 + place.x0, box.y0 + place.y0, box.x1 + place.x0, box.y1 + place.y0)


def _placed(part: _Part, size: tuple[int, int]) -> Box:
    """Cells with their context, as pixels. At an edge that is no multiple of a cell it is moved in, to be as large."""
    (x0, x1), (y0, y1) = (
        _span((first - CONTEXT_CELLS) * CELL_PX, (last + CONTEXT_CELLS) * CELL_PX, most)
        for first, last, most in zip(part[:2], part[2:], size, strict=True)
    )
    return Box(x0=x0, y0=y0, x1=x1, y1=y1)


def _span(first: int, last: int, most: int) -> tuple[int, int]:
    first = max(0, first)
    over = max(0, last - most)
    return max(0, first - over), last - over


def _parts(wanted: Cells, x: int, y: int) -> list[_Part]:
    """Rectangles that hold the wanted cells; one is divided where its halves together are cheaper to search."""
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    if not rows.size:
        return []
    wanted = wanted[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    x, y = x + int(columns[0]), y + int(rows[0])
    height, width = wanted.shape
    (down, after_row), (across, after_column) = _cheapest_cut(wanted), _cheapest_cut(wanted.T)
    if min(down, across) >= _cost(height, width):
        return [(x, y, x + width, y + height)]
    if down <= across:
        return _parts(wanted[:after_row], x, y) + _parts(wanted[after_row:], x, y + after_row)
    return _parts(wanted[:, :after_column], x, y) + _parts(wanted[:, after_column:], x + after_column, y)


def _cheapest_cut(wanted: Cells) -> tuple[float, int]:
    """What the halves cost where rows are best divided, and how many rows lie in the first."""
    first, second = _cost_of_heads(wanted)[:-1], _cost_of_heads(wanted[::-1])[-2::-1]
    if not first.size:
        return np.inf, 0
    best = int(np.argmin(first + second))
    return float(first[best] + second[best]), best + 1


def _cost_of_heads(wanted: Cells) -> NDArray[np.float64]:
    """What it costs to search the wanted cells of the first row, of the first two, and so on."""
    height, width = wanted.shape
    has_any, numbers = wanted.any(axis=1), np.arange(height)
    starts = np.where(has_any, wanted.argmax(axis=1), width)
    ends = np.where(has_any, width - wanted[:, ::-1].argmax(axis=1), 0)
    spans = np.maximum.accumulate(ends) - np.minimum.accumulate(starts)
    return np.asarray(_cost(np.maximum.accumulate(np.where(has_any, numbers, 0)) + 1, spans), np.float64)


def _cost(height: _Sides, width: _Sides) -> _Sides:
    """Of one search, in cells."""
    return (height + 2 * CONTEXT_CELLS) * (width + 2 * CONTEXT_CELLS) + RUN_CELLS
