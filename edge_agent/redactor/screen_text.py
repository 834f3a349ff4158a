"""Finds text that a camera writes into its picture: a place, a name, a time, at the upper or lower edge.

No text is read. A line of text is many thin strokes of one constant brightness, of one height, side by side; anything
like that in the outer parts of a picture is covered as a whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.redactor.cover import Image, Rect

EDGE_SHARE: Final = 0.12
"""Share of the picture's height, from the upper and the lower edge, in which a camera writes."""
HEIGHTS: Final = (0.012, 0.07)
"""Least and largest height of a character, as a share of the picture's."""
LEAST_PX: Final = 6
"""Least height in pixels: smaller text is not legible."""
STROKE: Final = 0.014
"""Strokes are thinner than this share of the picture's height."""
CONTRAST: Final = 60
"""Grey levels between a stroke and its surroundings."""
INK: Final = 190
"""Grey level of light text, and the distance from white of dark text: an overlay is drawn in full white or black.

If it has an outline, this keeps what shines through between two characters from being taken for one.
"""
CONSTANT: Final = 24
"""Grey levels within which the strokes of a line agree: an overlay has no light and shade."""
MOST: Final = 0.85
LEVEL: Final = 0.1
"""Characters stand on one line, as leaves and gravel do not; within this share of its height."""
TALL: Final = 0.55
"""Share of the line's height that the larger characters reach; small letters do not."""
HALF: Final = 0.5
"""Share of the characters that must be level and tall: Chinese characters fall into parts."""
FEWEST: Final = 6
"""Least characters of a line. Fewer are as often windows or railings."""
NARROWEST: Final = 2.5
"""Least width of a line in its heights; a row of windows that runs away from the camera is higher than that."""
WIDEST_GAP: Final = 1.5
"""Largest gap between two characters, in heights of the line."""
MARGIN: Final = 0.35
"""Margin around a line, in its heights."""
HOLD_MS: Final = 60_000
"""Milliseconds for which a line seen at least twice stays covered if it is not found: its background changes."""
_SAME_PLACE: Final = 0.5
_MOST_PLACES: Final = 64
_LINE_OVERLAP: Final = 0.6
_TEXTURE: Final = 600
"""More characters than a camera writes: gravel, or a leafy tree."""
_LEAST_FILLED: Final = 0.12


@dataclass(slots=True)
class _Place:
    rect: Rect
    seen_ms: int
    times: int


class ScreenText:
    """Remembers the lines of one camera. The time is that of the pictures."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._size = (0, 0)
        self._last_ms = 0

    def bands(self, now: Sequence[Rect], size: tuple[int, int], at_ms: int) -> list[Rect]:
        """Return the lines of this picture, `now`, and those of the last minute that were seen more than once."""
        if size != self._size or at_ms < self._last_ms:
            self._places = []
        self._size, self._last_ms = size, at_ms
        self._places = [place for place in self._places if at_ms - place.seen_ms <= HOLD_MS]
        for rect in now:
            self._note(rect, at_ms)
        return [*now, *(place.rect for place in self._places if place.times > 1)]

    def _note(self, rect: Rect, at_ms: int) -> None:
        for place in self._places:
            if _overlap(place.rect, rect) >= _SAME_PLACE:
                place.rect, place.seen_ms, place.times = rect, at_ms, place.times + 1
                return
        if len(self._places) < _MOST_PLACES:
            self._places.append(_Place(rect, at_ms, 1))


def text_bands(image: Image) -> list[Rect]:
    """Find lines of burned-in text, in picture pixels. Costs about 5 ms at 1080p."""
    height, width = image.shape[:2]
    strip = round(EDGE_SHARE * height)
    if strip < LEAST_PX:
        return []
    grey = cv2.cvtColor(np.concatenate([image[:strip], image[height - strip :]]), cv2.COLOR_BGR2GRAY)
    found: list[Rect] = []
    for top, part in ((0, grey[:strip]), (height - strip, grey[strip:])):
        for ink in (part, 255 - part):  # light text, dark text
            for line in _lines(np.asarray(ink, np.uint8), height):
                margin = MARGIN * line.height
                grown = Rect(line.x0 - margin, line.y0 - margin, line.x1 + margin, line.y1 + margin)
                found.append(grown.moved(0, top))
    return [Rect(max(0.0, r.x0), max(0.0, r.y0), min(width, r.x1), min(height, r.y1)) for r in found]


def _lines(ink: NDArray[np.uint8], picture_height: int) -> list[Rect]:
    side = max(5, round(STROKE * picture_height) | 1)
    strokes = cv2.morphologyEx(ink, cv2.MORPH_TOPHAT, np.ones((side, side), np.uint8)) >= CONTRAST
    strokes &= ink >= INK
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes.astype(np.uint8), connectivity=8)
    least, most = (max(LEAST_PX, share * picture_height) for share in HEIGHTS)
    widths, heights, areas = stats[:, 2], stats[:, 3], stats[:, 4]
    likely = (heights >= least) & (heights <= most) & (widths <= 1.6 * heights)
    likely &= areas >= _LEAST_FILLED * widths * heights
    likely[0] = False  # what is no stroke
    if likely.sum() > _TEXTURE:
        return []
    characters = []
    for label in np.flatnonzero(likely):
        x, y, w, h = (int(v) for v in stats[label, :4])
        core = ink[y : y + h, x : x + w][labels[y : y + h, x : x + w] == label]
        characters.append((Rect(x, y, x + w, y + h), float(np.percentile(core, 80))))
    return [_around(run) for line in _rows(characters) for run in _runs(line) if _is_text(run)]


_Character = tuple[Rect, float]
"""Box of a character, and the brightness of its strokes."""


def _rows(characters: Iterable[_Character]) -> list[list[_Character]]:
    """Group characters that share most of their height with the first of their row."""
    rows: list[list[_Character]] = []
    for character in sorted(characters, key=lambda c: -c[0].height):
        for row in rows:
            if _shared_height(row[0][0], character[0]) >= _LINE_OVERLAP:
                row.append(character)
                break
        else:
            rows.append([character])
    return rows


def _runs(row: Sequence[_Character]) -> list[list[_Character]]:
    """Cut a row at gaps too wide to be within a line."""
    ordered = sorted(row, key=lambda c: c[0].x0)
    height = float(np.median([c[0].height for c in ordered]))
    runs = [[ordered[0]]]
    for before, after in pairwise(ordered):
        if after[0].x0 - before[0].x1 > WIDEST_GAP * height:
            runs.append([])
        runs[-1].append(after)
    return runs


def _is_text(run: Sequence[_Character]) -> bool:
    line = _around(run)
    if len(run) < FEWEST or line.width < NARROWEST * line.height:
        return False
    brightness, feet = np.array([b for _, b in run]), np.array([box.y1 for box, _ in run])
    constant = np.abs(brightness - np.median(brightness)) <= CONSTANT
    level = np.abs(feet - np.median(feet)) <= LEVEL * line.height
    tall = np.array([box.height for box, _ in run]) >= TALL * line.height
    return bool(constant.mean() >= MOST and level.mean() >= HALF and tall.mean() >= HALF)


def _around(run: Sequence[_Character]) -> Rect:
    boxes = np.array([c[0] for c in run])
    x0, y0 = boxes[:, :2].min(axis=0)
    x1, y1 = boxes[:, 2:].max(axis=0)
    return Rect(float(x0), float(y0), float(x1), float(y1))


def _shared_height(tall: Rect, other: Rect) -> float:
    return max(0.0, min(tall.y1, other.y1) - max(tall.y0, other.y0)) / other.height


def _overlap(one: Rect, other: Rect) -> float:
    shared = one.common(other)
    return shared / (one.width * one.height + other.width * other.height - shared)
