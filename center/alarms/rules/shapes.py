"""Validates shapes that a user draws into a picture, and finds the side of them on which a point lies.

Coordinates are shares of the picture's width and height, origin top left, y down. Which point of a border counts as
inside is not defined: a machine's place is not known to a thousandth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from center import polygons
from provisioning.contracts.config.camera import Point

MAX_POINTS: Final = 64
MIN_AREA: Final = 1e-5
"""Least area of a polygon, as a share of the picture: 4 × 5 pixels of 1920 × 1080. Less is a slip of the hand."""
MIN_LENGTH: Final = 1e-3


class Side(StrEnum):
    """Side of a line, seen from its start to its end."""

    LEFT = "left"
    RIGHT = "right"


def _checked(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Raises PydanticCustomError, whose type names the fault, if a polygon does not enclose one area."""
    if len(set(points)) < len(points):
        raise PydanticCustomError(
            "polygon_repeats", "a polygon has each of its corners once: leave out the repeated one, also at the end"
        )
    crossed = polygons.crossing(points)
    if crossed is not None:
        first, second = crossed
        raise PydanticCustomError(
            "polygon_crosses",
            "the polygon crosses itself: its sides {first} and {second} meet; draw its corners in order",
            {"first": first + 1, "second": second + 1},
        )
    if polygons.area(points) < MIN_AREA:
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
        return polygons.inside(self.corners, x, y)


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
