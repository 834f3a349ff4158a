"""Masks a picture for the embedder: hides everything under a cover, and the place of a rider, covered or not.

The regions of the envelope are those that the edge painted. The mask does not rely on one colour of the pixels there,
nor on a region for every rider: above the saddle of a two-wheeler everything is hidden, with or without a rider,
detected or not, covered or not. So no pixel of a rider above the saddle can reach a vector or a colour.
"""

from collections.abc import Iterable
from math import ceil, floor
from typing import Final

import numpy as np

from engines.detection.postprocess import Box as Found
from engines.detection.preprocess import Picture
from engines.embedding.crops import FILL, Crop, Mask, cut
from provisioning.contracts.wire.messages import Box, Machine

SADDLE: Final = 0.35
"""Height of the saddle below the top of a two-wheeler's box, as a share of its height. The edge covers a rider down to
this height (`edge_agent.redactor.cover.SADDLE`; a test holds them together), over more than the width of the box."""
RIDER_HEIGHT: Final = 1.25
RIDER_OVERHANG: Final = 0.12
"""Reach of the edge's block above the box and to its sides, as shares of the box; from the same module."""
MIN_SIDE_PX: Final = 16
"""Smallest shorter side of a box. From 16 to 24 px 70 % of degraded queries found their machine first, below, 40 %."""
MIN_PIXELS: Final = 256
MIN_SHARE: Final = 0.3
"""Smallest visible share of the box. With 30 % visible, half of the degraded queries found their machine first, four of
five among the first five; with 20 %, a third and 70 %."""


def hidden(width: int, height: int, regions: Iterable[Box]) -> Mask:
    """Make a mask, height x width, True under a cover."""
    mask = np.zeros((height, width), np.bool_)
    for region in regions:
        mask[region.y0 : region.y1, region.x0 : region.x1] = True
    return mask


def machine_in(picture: Picture, machine: Machine, covered: Mask) -> Crop:
    """Cut out the machine's box with covers and the rider's place hidden.

    Raises BadImage when nothing of the box lies in the picture.
    """
    box = machine.box
    crop = cut(picture, Found(box.x0, box.y0, box.x1, box.y1), covered, margin=0)
    if machine.cls.is_two_wheeler:
        saddle = ceil(SADDLE * (box.y1 - box.y0))
        crop.visible[:saddle] = False
        crop.pixels[:saddle] = FILL
    return crop


def without_riders(covered: Mask, machines: Iterable[Machine]) -> Mask:
    """Hide the places of riders as well, for measurements on the whole picture."""
    mask = covered.copy()
    for machine in machines:
        if machine.cls.is_two_wheeler:
            box = machine.box
            width, height = box.x1 - box.x0, box.y1 - box.y0
            left, right = floor(box.x0 - RIDER_OVERHANG * width), ceil(box.x1 + RIDER_OVERHANG * width)
            top, saddle = floor(box.y0 - RIDER_HEIGHT * height), box.y0 + ceil(SADDLE * height)
            mask[max(top, 0) : saddle, max(left, 0) : right] = True
    return mask


def enough(crop: Crop) -> bool:
    """True if enough of the machine is visible for a useful vector."""
    seen = int(crop.visible.sum())
    return min(crop.size) >= MIN_SIDE_PX and seen >= max(MIN_PIXELS, MIN_SHARE * crop.visible.size)
