"""Plane geometry of a picture: pixels, origin top left, y down. Left and right are a walker's, seen in the picture."""

from collections.abc import Sequence
from math import atan2, degrees, hypot

Spot = tuple[float, float]


def off_line(spot: Spot, start: Spot, end: Spot) -> float:
    """Pixels from the endless line through start and end: positive to the right of a walker from start to end."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    length = hypot(dx, dy)
    return (dx * (spot[1] - y0) - dy * (spot[0] - x0)) / length if length else 0.0


def meet(a: Spot, b: Spot, c: Spot, d: Spot) -> bool:
    """True if the way from a to b crosses the segment from c to d; touching an end counts."""
    return off_line(a, c, d) * off_line(b, c, d) <= 0 and off_line(c, a, b) * off_line(d, a, b) <= 0


def inside(spot: Spot, polygon: Sequence[Spot]) -> bool:
    """True if a spot is inside, by the even-odd rule: a polygon that crosses itself has holes where it overlaps."""
    x, y = spot
    odd = False
    x0, y0 = polygon[-1]
    for x1, y1 in polygon:
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            odd = not odd
        x0, y0 = x1, y1
    return odd


def off_edge(spot: Spot, polygon: Sequence[Spot]) -> float:
    """Pixels to the nearest edge of a polygon."""
    return min(_off_segment(spot, a, b) for a, b in zip(polygon, (*polygon[1:], polygon[0]), strict=True))


def heading_deg(dx: float, dy: float) -> float:
    """Heading of a way in the picture: 0 up, 90 right, 180 down. Below 360."""
    return degrees(atan2(dx, -dy)) % 360.0 % 360.0  # -1e-16 % 360 is 360


def turn_deg(one: float, other: float) -> float:
    """Angle between two headings, 0 to 180."""
    return abs((one - other + 180.0) % 360.0 - 180.0)


def _off_segment(spot: Spot, start: Spot, end: Spot) -> float:
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    squared = dx * dx + dy * dy
    along = ((spot[0] - x0) * dx + (spot[1] - y0) * dy) / squared if squared else 0.0
    along = min(1.0, max(0.0, along))
    return hypot(spot[0] - x0 - along * dx, spot[1] - y0 - along * dy)
