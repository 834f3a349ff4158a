"""Decides which people are covered: the certain ones at once, the doubtful ones after a second search.

A doubtful person of 30 pixels in a scaled-down square is searched once more at its best size, nine of them in one
picture. Tuned on 60 frames of a street clip (280 heads of walkers, told from cones and signs by their moving) and 94
pictures of 47 places without people: heads covered 277 without it and 278 with it; covered needlessly in the clip 2.7
and 1.7 % of the picture, in places without people 2.9 and 0.4 %. Nearly all of that were boxes of a third of the
picture, around rocks, trees and towers.
"""

from collections.abc import Mapping, Sequence
from math import floor
from typing import Final, Protocol

import cv2
import numpy as np

from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.still_places import IsStill, never
from engines.detection.postprocess import Detection
from engines.manifest import Group

CERTAIN: Final = 0.5
"""Score without a second search: all 167 walkers that scored .6 at first were found again, and 10 of 11 from .4 on."""
FAINT: Final = 0.12
"""Score below the policy's threshold from which a person is covered if the second search finds one plainly."""
FAINT_SIDE: Final = 0.15
"""Largest faint person, as a share of the picture's height; larger ones were three quarters of what was needless."""
STILL: Final = 0.15
"""Score that the second search must give a likely person, at a policy's threshold of .25."""
PLAIN: Final = 0.4
"""Score that it must give a faint person."""
LARGE: Final = 0.3
"""Share of the picture's height from which a person is large.

The box of the second search counts from `PLAIN` on, if that is the smaller one: at first the whole picture was searched
at a third of its size.
"""
STILL_LARGE: Final = 0.35
"""Score that the second search must give a large person.

In 80 pictures of people, 0.7 % less of the picture is covered needlessly than with `STILL` and the first box, and no
head fewer of 133.
"""
OTHER: Final = 0.3
"""Score from which another person in the window is covered: a box with much beside a person gives way to theirs."""
CANVAS_PX: Final = 416
"""Side of the square that NanoDet sees at a time."""
ACROSS: Final = 3
CANVASES: Final = 1
PART: Final = 0.5
"""A faint box this much within another is a part of that person."""
AROUND: Final = 1.4
"""Side of the window, in longer sides of the box. With 2 cones look more like people (2.2 % instead of 1.8)."""
SAME: Final = 0.35
"""Intersection over union from which two boxes are the same person."""
_GAP_PX: Final = 2
_GREY: Final = 114


class Looks(Protocol):
    """The detector of machines and people."""

    def detect(self, picture: Image, *, thresholds: Mapping[Group, float]) -> list[Detection]:
        """Detect in one picture."""
        ...


def covered(
    image: Image, people: Sequence[Detection], detector: Looks, threshold: float, is_still: IsStill = never
) -> list[Rect]:
    """Select the people to cover from those of a first search, best first; `threshold`: a policy's, at most .25.

    A person without a place in the second search is judged by the first. A likely one in a place that has been still
    for an hour needs what a certain one has by itself.
    """
    strictness = threshold / 0.25
    certain = max(CERTAIN, threshold)
    sure = [_rect(p) for p in people if p.score >= certain]
    likely = [p for p in people if threshold <= p.score < certain]
    known = [*sure, *map(_rect, likely)]
    doubtful = likely + [p for p in people if _is_faint(p, image, threshold, known)]
    looked_at = doubtful[: CANVASES * ACROSS**2]
    for person, found in zip(looked_at, _second_look(image, [_rect(p) for p in looked_at], detector), strict=True):
        box, is_likely = _rect(person), person.score >= threshold
        is_large = max(box.width, box.height) > LARGE * image.shape[0]
        same = [d for d in found if _rect(d).overlap(box) >= SAME]
        again = max(same, key=lambda d: d.score, default=None)
        needed = (STILL_LARGE if is_large else STILL) if is_likely else PLAIN
        if is_still(box):
            needed = CERTAIN
        if again is not None and again.score >= needed * strictness:
            is_plain = again.score >= PLAIN * strictness
            sure.append(min(box, _rect(again), key=_area) if is_large and is_plain else box)
        elif is_likely:
            sure += [_rect(d) for d in found if d.score >= OTHER * strictness]
    return sure + [_rect(p) for p in doubtful[len(looked_at) :] if p.score >= threshold]


def _is_faint(person: Detection, image: Image, threshold: float, known: Sequence[Rect]) -> bool:
    box = _rect(person)
    return (
        FAINT * threshold / 0.25 <= person.score < threshold
        and max(box.width, box.height) <= FAINT_SIDE * image.shape[0]
        and not any(box.share_in(other) >= PART for other in known)
    )


def _second_look(image: Image, boxes: Sequence[Rect], detector: Looks) -> list[list[Detection]]:
    """Search the window around each box by itself; returns the people in pixels of `image`."""
    seen: list[list[Detection]] = []
    cell = CANVAS_PX // ACROSS
    for first in range(0, len(boxes), ACROSS**2):
        some = boxes[first : first + ACROSS**2]
        canvas = np.full((CANVAS_PX, CANVAS_PX, 3), _GREY, np.uint8)
        shown = [_show(image, box, canvas, index) for index, box in enumerate(some)]
        people = [d for d in detector.detect(canvas, thresholds={"person": FAINT / 4}) if d.group == "person"]
        for index, (box, place) in enumerate(zip(some, shown, strict=True)):
            own = [d for d in people if _cell_of(d, cell) == (index % ACROSS, index // ACROSS)]
            seen.append([_back(d, place, box) for d in own])
    return seen


def _cell_of(found: Detection, cell: int) -> tuple[int, int]:
    return int((found.box.x0 + found.box.x1) / 2 // cell), int((found.box.y0 + found.box.y1) / 2 // cell)


def _back(found: Detection, place: Rect, box: Rect) -> Detection:
    """Convert a detection on the canvas to the picture; `place` is the position of `box` on the canvas."""
    scale = box.width / place.width
    x0, x1 = (box.x0 + (x - place.x0) * scale for x in (found.box.x0, found.box.x1))
    y0, y1 = (box.y0 + (y - place.y0) * scale for y in (found.box.y0, found.box.y1))
    return Detection(found.class_name, found.score, Rect(x0, y0, x1, y1))


def _show(image: Image, box: Rect, canvas: Image, index: int) -> Rect:
    """Paint the surroundings of a box into its place on the canvas; returns the box there."""
    height, width = image.shape[:2]
    side = max(4, round(AROUND * max(box.width, box.height)))
    left, top = floor((box.x0 + box.x1 - side) / 2), floor((box.y0 + box.y1 - side) / 2)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    cell = CANVAS_PX // ACROSS
    scale = (cell - 2 * _GAP_PX) / side
    size = (max(1, int((x1 - x0) * scale)), max(1, int((y1 - y0) * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    x = index % ACROSS * cell + _GAP_PX + int((x0 - left) * scale)
    y = index // ACROSS * cell + _GAP_PX + int((y0 - top) * scale)
    canvas[y : y + size[1], x : x + size[0]] = cv2.resize(image[y0:y1, x0:x1], size, interpolation=how)
    return Rect(*(edge * scale for edge in box.moved(-x0, -y0))).moved(x, y)


def _area(box: Rect) -> float:
    return box.width * box.height


def _rect(detection: Detection) -> Rect:
    return Rect(*detection.box)
