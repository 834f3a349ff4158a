"""Selects the region for detection between snapshots: the camera's lines, zones and lanes, with a margin.

Detection is one run of the machine detector, which scales its input to a square of 416 px. A square of the picture's
height shows machines 1.8 times as large as the whole of a 16:9 picture does.
"""

from typing import Final

from engines.detection.tiles import Tile
from provisioning.contracts.config.camera import Camera

MARGIN: Final = 0.15
"""Share of the picture's longer side around the places: a machine has to be seen three times before it is tracked."""


def region_of(camera: Camera, size: tuple[int, int]) -> Tile:
    """Return the region of a picture of `size` (width, height): the places with a margin, at least a square.

    The square has the shorter side. It is the whole picture if the places lie far apart.
    """
    points = [point for line in camera.lines for point in (line.start, line.end)]
    points += [point for zone in camera.zones for point in zone.polygon]
    points += [point for lane in camera.lanes for point in lane.polygon]
    if not points:
        return Tile(0, 0, *size)
    xs, ys = zip(*points, strict=True)
    margin, least = MARGIN * max(size), min(size)
    x, width = _span(min(xs) * size[0] - margin, max(xs) * size[0] + margin, least, size[0])
    y, height = _span(min(ys) * size[1] - margin, max(ys) * size[1] + margin, least, size[1])
    return Tile(x, y, width, height)


def _span(first: float, last: float, least: int, most: int) -> tuple[int, int]:
    """Return start and length, in whole pixels, of a span that is at least so long and within 0 to `most`."""
    length = min(most, max(least, round(last - first)))
    start = round((first + last - length) / 2)
    return min(max(0, start), most - length), length
