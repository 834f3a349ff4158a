"""Validates shapes that a user draws into a picture, and tells on which side of them a point lies.

Coordinates are shares of the picture's width and height, origin top left, y down. Which point of a border counts as
inside is not defined: a machine's place is not known to a thousandth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from provisioning.contracts.config.camera import Point

MAX_POINTS: Final = 64
MIN_AREA: Final = 1e-5
"""Least area of a polygon, as a share of the picture: 4 × 5 pixels of 1920 × 1080. Less is a slip of the hand."""
MIN_LENGTH: Final = 1e-3


class Side(StrEnum):
    """Side of a line, seen from its start to its end."""

    LEFT = "left"
    RIGHT = "right"


def _turn(a: Point, b: Point, c: Point) -> int:
    """Returns the side of the way from a to b on which c lies: 1 right, -1 left, 0 on it.

    Exact: slips of floats fold polygons.
    """
    ax, ay, bx, by, cx, cy = (Fraction(value) for point in (a, b, c) for value in point)
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (cross > 0) - (cross < 0)


def _within(a: Point, b: Point, c: Point) -> bool:
    """True if c, which lies in line with a and b, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _touch(a: Point, b: Point, c: Point, d: Point) -> bool:
    """True if the segments ab and cd have a point in common."""
    turns = (_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b))
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    ends = ((turns[0], a, b, c), (turns[1], a, b, d), (turns[2], c, d, a), (turns[3], c, d, b))
    return any(turn == 0 and _within(first, last, end) for turn, first, last, end in ends)


def area(points: Sequence[Point]) -> float:
    """Returns the area of a polygon, as a share of the picture (the shoelace formula)."""
    doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, (*points[1:], points[0]), strict=True))
    return abs(doubled) / 2


def _checked(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Raises PydanticCustomError, whose type names the fault, if a polygon does not enclose one area."""
    if len(set(points)) < len(points):
        raise PydanticCustomError(
            "polygon_repeats", "a polygon has each of its corners once: leave out the repeated one, also at the end"
        )
    sides = list(zip(points, (*points[1:], points[0]), strict=True))
    for (i, (a, b)), (j, (c, d)) in combinations(enumerate(sides), 2):
        if b == c or d == a:
            # Neighbours share a corner, and nothing else unless one folds back over the other.
            corner, ends = (b, (a, d)) if b == c else (a, (b, c))
            crossing = _turn(corner, *ends) == 0 and any(
                _within(corner, one, other) for one, other in (ends, ends[::-1])
            )
        else:
            crossing = _touch(a, b, c, d)
        if crossing:
            raise PydanticCustomError(
                "polygon_crosses",
                "the polygon crosses itself: its sides {first} and {second} meet; draw its corners in order",
                {"first": i + 1, "second": j + 1},
            )
    if area(points) < MIN_AREA:
        raise PydanticCustomError(
            "polygon_small", "the polygon is so small that no machine can be seen in it; draw it larger"
        )
    return points


Polygon = Annotated[tuple[Point, ...], Field(min_length=3, max_length=MAX_POINTS), AfterValidator(_checked)]
"""Corners of a polygon in order, closed by itself; it must not cross itself."""


class Line(BaseModel):
    """A line that machines cross; seen from `start` to `end` they come from its left or from its right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Point
    end: Point

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if max(abs(self.start[0] - self.end[0]), abs(self.start[1] - self.end[1])) < MIN_LENGTH:
            raise PydanticCustomError("line_short", "the line's start and end are the same point; draw it longer")
        return self


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon with its bounding box, for many tests of points."""

    corners: tuple[Point, ...]
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, corners: Sequence[Point]) -> Self:
        """Computes the bounding box."""
        xs, ys = zip(*corners, strict=True)
        return cls(tuple(corners), min(xs), min(ys), max(xs), max(ys))

    def contains(self, x: float, y: float) -> bool:
        """True if a point lies inside: a ray from it to the right meets the border an odd number of times."""
        if not (self.left <= x <= self.right and self.top <= y <= self.bottom):
            return False
        inside = False
        ax, ay = self.corners[-1]
        for bx, by in self.corners:
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                inside = not inside
            ax, ay = bx, by
        return inside


def crossing(line: Line, before: tuple[float, float], now: tuple[float, float]) -> Side | None:
    """Returns the side on which the straight way from `before` to `now` ends, if it crosses the line; else None.

    A point on the line counts as on its left, so that ways that follow one another cross it once.
    """
    (sx, sy), (ex, ey) = line.start, line.end
    dx, dy = ex - sx, ey - sy
    was_right = dx * (before[1] - sy) - dy * (before[0] - sx) > 0
    is_right = dx * (now[1] - sy) - dy * (now[0] - sx) > 0
    if was_right == is_right:
        return None
    wx, wy = now[0] - before[0], now[1] - before[1]
    start_right = wx * (sy - before[1]) - wy * (sx - before[0]) > 0
    end_right = wx * (ey - before[1]) - wy * (ex - before[0]) > 0
    if start_right == end_right:
        return None
    return Side.RIGHT if is_right else Side.LEFT
