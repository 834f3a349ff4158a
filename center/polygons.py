"""Polygons in a plane: whether sides cross, the area, and whether a point lies inside. Pure.

Corners are in order, each once; the last side leads back to the first.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

Corner = tuple[float, float]
_ERROR: Final = 2**-51
"""Error bound of a turn, relative to its products (Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997)."""
_UNDERFLOW: Final = 1e-290


def turn(a: Corner, b: Corner, c: Corner) -> int:
    """Returns the side of the way from a to b on which c lies: 1, -1, or 0 on it. Exact."""
    (ax, ay), (bx, by), (cx, cy) = a, b, c
    one, other = (bx - ax) * (cy - ay), (by - ay) * (cx - ax)
    cross = one - other
    if abs(cross) <= _ERROR * (abs(one) + abs(other)) + _UNDERFLOW:
        px, py, qx, qy, rx, ry = (Fraction(value) for corner in (a, b, c) for value in corner)
        exact = (qx - px) * (ry - py) - (qy - py) * (rx - px)
        return (exact > 0) - (exact < 0)
    return 1 if cross > 0 else -1


def area(corners: Sequence[Corner]) -> float:
    """Returns the area of a polygon (the shoelace formula)."""
    sides = zip(corners, (*corners[1:], corners[0]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in sides)) / 2


def inside(corners: Sequence[Corner], x: float, y: float) -> bool:
    """True if a point lies inside: a ray from it meets the border an odd number of times. The border is open."""
    found = False
    ax, ay = corners[-1]
    for bx, by in corners:
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            found = not found
        ax, ay = bx, by
    return found


def crossing(corners: Sequence[Corner]) -> tuple[int, int] | None:
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


def _meet(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    """True if the sides ab and cd have a point in common."""
    turns = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b))
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    ends = ((turns[0], a, b, c), (turns[1], a, b, d), (turns[2], c, d, a), (turns[3], c, d, b))
    return any(side == 0 and _between(first, last, end) for side, first, last, end in ends)


def _folds(corner: Corner, one: Corner, other: Corner) -> bool:
    """True if of two sides from one corner one runs back over the other."""
    return turn(corner, one, other) == 0 and (_between(corner, one, other) or _between(corner, other, one))


def _between(a: Corner, b: Corner, c: Corner) -> bool:
    """True if c, which lies in line with a and b, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
