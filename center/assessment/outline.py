"""Checks that polygons on the map are simple, and if a place lies in one. Pure.

Degrees are treated as a plane, which over a district errs by less than a metre.
"""

from collections.abc import Sequence
from typing import Final

from center import polygons

Point = tuple[float, float]
"""(longitude, latitude), degrees, as GeoJSON has it."""
MAX_POINTS: Final = 2000
_EDGE_DEG: Final = 1e-9
"""A tenth of a millimetre, within which a point is on the line, and so inside."""


def fault(ring: Sequence[Point]) -> str:
    """Returns the fault of an outline, empty if there is none. The last point may repeat the first, as in GeoJSON."""
    points = opened(ring)
    if len(points) < 3:
        return "it has fewer than three corners"
    if len(points) > MAX_POINTS:
        return f"it has more than {MAX_POINTS} corners"
    if off_the_globe(points):
        return "a corner lies on no globe: longitude first, then latitude"
    if len(set(points)) < len(points):
        return "it touches itself at a corner"
    crossing = polygons.crossing(points)
    if crossing is not None:
        return f"sides {crossing[0] + 1} and {crossing[1] + 1} cross"
    return "" if polygons.area(points) else "it encloses nothing"


def off_the_globe(points: Sequence[Point]) -> bool:
    """True if a corner is no place on earth."""
    return any(abs(longitude) > 180 or abs(latitude) > 90 for longitude, latitude in points)


def opened(ring: Sequence[Point]) -> tuple[Point, ...]:
    """Returns the corners, the first not repeated at the end."""
    points = tuple((float(longitude), float(latitude)) for longitude, latitude in ring)
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def holds(ring: Sequence[Point], place: Point) -> bool:
    """True if a place lies inside or on the line (even-odd rule)."""
    points = opened(ring)
    sides = zip(points, (*points[1:], points[0]), strict=True)
    return any(_on_side(one, other, place) for one, other in sides) or polygons.inside(points, *place)


def _on_side(one: Point, other: Point, place: Point) -> bool:
    (x0, y0), (x1, y1), (x, y) = one, other, place
    if not (min(x0, x1) - _EDGE_DEG <= x <= max(x0, x1) + _EDGE_DEG):
        return False
    if not (min(y0, y1) - _EDGE_DEG <= y <= max(y0, y1) + _EDGE_DEG):
        return False
    longest = max(abs(x1 - x0), abs(y1 - y0))
    return abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) <= _EDGE_DEG * longest
