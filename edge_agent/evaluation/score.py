"""Scores one redacted picture against its labels: the objects under paint and those that are not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.evaluation.labels import LabelKind, Object
from edge_agent.redactor.cover import COLOUR
from engines.detection.postprocess import Box as Rect
from provisioning.contracts.wire.messages import Box

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

COVERED_FROM: Final = 0.9
"""An object counts as covered when this share of its box is paint."""
PAINT_TOLERANCE: Final = 32
"""Grey levels by which JPEG may move a painted pixel from the constant colour at a cover's sharp edge."""
OWN_COVER: Final = 4.0
"""Largest region, in areas of the plate, that hides it as a plate of its own.

The detector's box grown by 1.3 is about twice a plate; the band on a vehicle, or a whole person, is ten times and more.
"""


@dataclass(frozen=True, slots=True)
class LabelScore:
    """The score of one object."""

    label: Object
    is_covered: bool
    by_own_cover: bool
    """A plate is covered by a region of its own, not by a band or something else that lies over it."""


def painted(image: Image, regions: Iterable[Box]) -> Mask:
    """Mask (H×W) of the pixels that the envelope claims and that have the cover's colour in the published picture."""
    claimed = np.zeros(image.shape[:2], np.bool_)
    for box in regions:
        claimed[box.y0 : box.y1, box.x0 : box.x1] = True
    distance = np.abs(image.astype(np.int16) - np.asarray(COLOUR, np.int16)).max(axis=2)
    return np.asarray(claimed & (distance <= PAINT_TOLERANCE), np.bool_)


def share_in(rect: Rect, mask: Mask) -> float | None:
    """Share of a rectangle that is in the mask, 0..1; None if it lies outside the picture."""
    part = mask[_span(rect.y0, rect.y1, mask.shape[0]), _span(rect.x0, rect.x1, mask.shape[1])]
    return float(part.mean()) if part.size else None


def judge(objects: Sequence[Object], mask: Mask, regions: Sequence[Box]) -> list[LabelScore]:
    """Judge every object that lies in the picture, but people: those are labelled for over-cover alone."""
    verdicts = []
    for label in objects:
        rect = Rect(*label.box)
        share = share_in(rect, mask)
        if share is None or label.kind is LabelKind.PERSON:
            continue
        is_covered = share >= COVERED_FROM
        own = is_covered and any(_is_own(rect, region) for region in regions)
        verdicts.append(LabelScore(label, is_covered, own))
    return verdicts


def over_cover(objects: Iterable[Object], mask: Mask) -> float:
    """Share of the picture that is painted and inside no label."""
    needless = mask.copy()
    for label in objects:
        x0, y0, x1, y1 = label.box
        needless[_span(y0, y1, mask.shape[0]), _span(x0, x1, mask.shape[1])] = False
    return float(needless.mean())


def _is_own(plate: Rect, region: Box) -> bool:
    width = min(plate.x1, region.x1) - max(plate.x0, region.x0)
    height = min(plate.y1, region.y1) - max(plate.y0, region.y0)
    area = plate.width * plate.height
    region_area = (region.x1 - region.x0) * (region.y1 - region.y0)
    return min(width, height) > 0 and width * height >= COVERED_FROM * area and region_area <= OWN_COVER * area


def _span(start: float, end: float, side: int) -> slice:
    return slice(max(0, floor(start)), max(0, min(side, ceil(end))))
