"""Polygons in a plane: crossing sides, area, points inside; and outlines on the map. Pure.

Points are in order, each once; the last side leads back to the first. Degrees are treated as a plane, which over a
district errs by less than a metre.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

Point = tuple[float, float]
"""(x, y); on the map (longitude, latitude) in degrees, as GeoJSON has it."""
MAX_POINTS: Final = 2000
"""Points of an outline at most."""
_ERROR: Final = 2**-51
"""Error bound of a turn, relative to its products (Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997)."""
_UNDERFLOW: Final = 1e-290
_EDGE_DEG: Final = 1e-9
"""A tenth of a millimetre, within which a point is on the line, and so inside."""


def turn(a: Point, b: Point, c: Point) -> int:
    """Returns the side of the way from a to b on which c lies: 1, -1, or 0 on it. Exact."""
    (ax, ay), (bx, by), (cx, cy) = a, b, c
    one, other = (bx - ax) * (cy - ay), (by - ay) * (cx - ax)
    cross = one - other
    if abs(cross) <= _ERROR * (abs(one) + abs(other)) + _UNDERFLOW:
        px, py, qx, qy, rx, ry = (Fraction(value) for corner in (a, b, c) for value in corner)
        exact = (qx - px) * (ry - py) - (qy - py) * (rx - px)
        return (exact > 0) - (exact < 0)
    return 1 if cross > 0 else -1


def area(corners: Sequence[Point]) -> float:
    """Returns the area of a polygon (the shoelace formula)."""
    sides = zip(corners, (*corners[1:], corners[0]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in sides)) / 2


def inside(corners: Sequence[Point], x: float, y: float) -> bool:
    """True if a point lies inside: a ray from it meets the border an odd number of times. The border is open."""
    found = False
    ax, ay = corners[-1]
    for bx, by in corners:
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            found = not found
        ax, ay = bx, by
    return found


def crossing(corners: Sequence[Point]) -> tuple[int, int] | None:
    """Returns two sides that meet and are no neighbours, or are neighbours that lie on one another, the lower first.

    Sides are taken in the order of their western ends, so that only those are compared whose spans overlap.
    """
    count = len(corners)
    sides = [(corners[index], corners[(index + 1) % count]) for index in range(count)]
    order = sorted(range(count), key=lambda index: min(sides[index][0][0], sides[index][1][0]))
    for place, first in enumerate(order):
        east = max(sides[first][0][0], sides[first][1][0])
        for second in order[place + 1 :]:
            if min(sides[second][0][0], sides[second][1][0]) > east:
                break
            low, high = min(first, second), max(first, second)
            (a, b), (c, d) = sides[low], sides[high]
            if _folds(b, a, d) if b == c else _folds(a, b, c) if d == a else _meet(a, b, c, d):
                return low, high
    return None


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """True if the sides ab and cd have a point in common."""
    turns = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b))
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    ends = ((turns[0], a, b, c), (turns[1], a, b, d), (turns[2], c, d, a), (turns[3], c, d, b))
    return any(side == 0 and _between(first, last, end) for side, first, last, end in ends)


def _folds(corner: Point, one: Point, other: Point) -> bool:
    """True if of two sides from one corner one runs back over the other."""
    return turn(corner, one, other) == 0 and (_between(corner, one, other) or _between(corner, other, one))


def _between(a: Point, b: Point, c: Point) -> bool:
    """True if c, which lies in line with a and b, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def outline_fault(ring: Sequence[Point]) -> str:
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
    sides = crossing(points)
    if sides is not None:
        return f"sides {sides[0] + 1} and {sides[1] + 1} cross"
    return "" if area(points) else "it encloses nothing"


def off_the_globe(points: Sequence[Point]) -> bool:
    """True if a corner is no place on earth."""
    return any(abs(longitude) > 180 or abs(latitude) > 90 for longitude, latitude in points)


def opened(ring: Sequence[Point]) -> tuple[Point, ...]:
    """Returns the corners, the first not repeated at the end."""
    points = tuple((float(longitude), float(latitude)) for longitude, latitude in ring)
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def outline_holds(ring: Sequence[Point], place: Point) -> bool:
    """True if a place lies inside or on the line (even-odd rule)."""
    points = opened(ring)
    sides = zip(points, (*points[1:], points[0]), strict=True)
    return any(_on_side(one, other, place) for one, other in sides) or inside(points, *place)


def _on_side(one: Point, other: Point, place: Point) -> bool:
    (x0, y0), (x1, y1), (x, y) = one, other, place
    if not (min(x0, x1) - _EDGE_DEG <= x <= max(x0, x1) + _EDGE_DEG):
        return False
    if not (min(y0, y1) - _EDGE_DEG <= y <= max(y0, y1) + _EDGE_DEG):
        return False
    longest = max(abs(x1 - x0), abs(y1 - y0))
    return abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) <= _EDGE_DEG * longest
