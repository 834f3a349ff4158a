"""Polygons on the map: whether one is simple, and whether a place lies in it. Pure.

Degrees are treated as a plane, which over a district errs by less than a metre.
"""

from collections.abc import Sequence
from typing import Final

Point = tuple[float, float]
"""(longitude, latitude), degrees, as GeoJSON has it."""
MAX_POINTS: Final = 2000
_EDGE_DEG: Final = 1e-9
"""A tenth of a millimetre: on the line is inside."""


def fault(ring: Sequence[Point]) -> str:
    """What is wrong with an outline, empty if nothing. The last point may repeat the first, as in GeoJSON, or not."""
    points = opened(ring)
    if len(points) < 3:
        return "it has fewer than three corners"
    if len(points) > MAX_POINTS:
        return f"it has more than {MAX_POINTS} corners"
    if off_the_globe(points):
        return "a corner lies on no globe: longitude first, then latitude"
    if len(set(points)) < len(points):
        return "it touches itself at a corner"
    crossing = _crossing(points)
    if crossing is not None:
        return f"sides {crossing[0] + 1} and {crossing[1] + 1} cross"
    return "" if _doubled_area(points) else "it encloses nothing"


def off_the_globe(points: Sequence[Point]) -> bool:
    """Whether a corner is no place on earth."""
    return any(abs(longitude) > 180 or abs(latitude) > 90 for longitude, latitude in points)


def opened(ring: Sequence[Point]) -> tuple[Point, ...]:
    """Its corners, the first not repeated at the end."""
    points = tuple((float(longitude), float(latitude)) for longitude, latitude in ring)
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def holds(ring: Sequence[Point], place: Point) -> bool:
    """Whether a place lies inside or on the line (even-odd rule)."""
    points = opened(ring)
    x, y = place
    inside = False
    for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True):
        if _on_side((x0, y0), (x1, y1), place):
            return True
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def _on_side(one: Point, other: Point, place: Point) -> bool:
    (x0, y0), (x1, y1), (x, y) = one, other, place
    if not (min(x0, x1) - _EDGE_DEG <= x <= max(x0, x1) + _EDGE_DEG):
        return False
    if not (min(y0, y1) - _EDGE_DEG <= y <= max(y0, y1) + _EDGE_DEG):
        return False
    longest = max(abs(x1 - x0), abs(y1 - y0))
    return abs(_turn(one, other, place)) <= _EDGE_DEG * longest


def _turn(one: Point, other: Point, third: Point) -> float:
    """Twice the area of the triangle, positive when it turns left."""
    return (other[0] - one[0]) * (third[1] - one[1]) - (other[1] - one[1]) * (third[0] - one[0])


def _crossing(points: tuple[Point, ...]) -> tuple[int, int] | None:
    """Two sides that meet and are no neighbours, or lie on one another.

    Sides are taken in the order of their western ends, so that only those are compared whose spans overlap.
    """
    count = len(points)
    sides = [(points[index], points[(index + 1) % count]) for index in range(count)]
    order = sorted(range(count), key=lambda index: min(sides[index][0][0], sides[index][1][0]))
    for place, first in enumerate(order):
        east = max(sides[first][0][0], sides[first][1][0])
        for second in order[place + 1 :]:
            if min(sides[second][0][0], sides[second][1][0]) > east:
                break
            low, high = min(first, second), max(first, second)
            neighbours = high - low == 1 or (low == 0 and high == count - 1)
            meets = _folds(sides[low], sides[high]) if neighbours else _meet(sides[low], sides[high])
            if meets:
                return low, high
    return None


def _meet(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = one, other
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if (turns[0] > 0) != (turns[1] > 0) and (turns[2] > 0) != (turns[3] > 0) and all(turns):
        return True
    return any(
        turn == 0 and _between(side, corner)
        for turn, side, corner in (
            (turns[0], one, c),
            (turns[1], one, d),
            (turns[2], other, a),
            (turns[3], other, b),
        )
    )


def _folds(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two neighbours run back over one another."""
    shared = set(one) & set(other)
    if len(shared) != 1:
        return True
    corner = shared.pop()
    far, near = next(p for p in one if p != corner), next(p for p in other if p != corner)
    if _turn(corner, far, near) != 0:
        return False
    return (far[0] - corner[0]) * (near[0] - corner[0]) + (far[1] - corner[1]) * (near[1] - corner[1]) > 0


def _between(side: tuple[Point, Point], place: Point) -> bool:
    (x0, y0), (x1, y1) = side
    return min(x0, x1) <= place[0] <= max(x0, x1) and min(y0, y1) <= place[1] <= max(y0, y1)


def _doubled_area(points: tuple[Point, ...]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True))
