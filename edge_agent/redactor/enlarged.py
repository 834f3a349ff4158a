"""Enlarges a picture as a model enlarges it, to be searched in places.

A place that is enlarged by itself is stretched to a multiple of its own (96 px to 2.3 times instead of 2), and begins
between two pixels of the enlarged picture: what a detector hardly sees there is seen otherwise than in the whole.
"""

from collections.abc import Sequence
from math import ceil, floor

import cv2
import numpy as np

from edge_agent.redactor.cover import Image
from edge_agent.redactor.search_regions import CELL_PX
from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from provisioning.contracts.wire.messages import Box


class Enlarged:
    """An enlarged picture; `image` is the whole of it, H x W x 3."""

    def __init__(self, picture: Image, scale: float) -> None:
        height, width = picture.shape[:2]
        size = (_multiple(width * scale), _multiple(height * scale))
        self._stretch = (size[0] / width, size[1] / height)
        # Colour by colour, which takes half the time.
        planes = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in cv2.split(picture)]
        self.image: Image = np.asarray(cv2.merge(planes), np.uint8)

    def places(self, where: Sequence[Box]) -> list[Box]:
        """Convert places of the picture to places of the enlarged one, which begin and end at multiples of a cell."""
        x, y = self._stretch
        return [
            Box(
                x0=floor(place.x0 * x / CELL_PX) * CELL_PX,
                y0=floor(place.y0 * y / CELL_PX) * CELL_PX,
                x1=min(_multiple(place.x1 * x), self.image.shape[1]),
                y1=min(_multiple(place.y1 * y), self.image.shape[0]),
            )
            for place in where
        ]

    def back(self, found: Detection) -> Detection:
        """Convert a detection in the enlarged picture to the picture's pixels."""
        x, y = self._stretch
        box = Found(found.box.x0 / x, found.box.y0 / y, found.box.x1 / x, found.box.y1 / y)
        return Detection(found.class_name, found.score, box)


def _multiple(side: float) -> int:
    """Round as a model that takes multiples of a cell does: up, of whole pixels."""
    return ceil(round(side) / CELL_PX) * CELL_PX
