"""Plane geometry against an independent oracle, and what may be drawn."""

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from shapely import LineString, Polygon, affinity
from shapely import Point as Spot

from center.alarms.rules.shapes import MIN_AREA, Area, Line, Side, crossing
from center.alarms.rules.shapes import Polygon as Drawn
from tests.center.alarms.making import LEFT_HALF

DRAWN: TypeAdapter[Any] = TypeAdapter(Drawn)
shares = st.floats(0, 1, allow_nan=False).map(lambda value: round(value, 4))
points = st.tuples(shares, shares)
corners = st.lists(points, min_size=3, max_size=9, unique=True)
FAR = 1e-6
"""Nearer to a border than this, which side a point is on is left open."""


def accepted(value: object) -> bool:
    try:
        DRAWN.validate_python(value)
    except ValidationError:
        return False
    return True


@given(corners)
def test_a_polygon_is_taken_exactly_if_the_oracle_calls_it_simple(drawn: list[tuple[float, float]]) -> None:
    oracle = Polygon(drawn)
    assume(not math.isclose(oracle.area, MIN_AREA, rel_tol=0.01))
    assert accepted(drawn) == (oracle.is_valid and oracle.exterior.is_simple and oracle.area >= MIN_AREA)


@given(corners, points)
def test_a_point_is_inside_exactly_if_the_oracle_says_so(
    drawn: list[tuple[float, float]], point: tuple[float, float]
) -> None:
    oracle = Polygon(drawn)
    assume(accepted(drawn) and oracle.exterior.distance(Spot(point)) > FAR)
    assert Area.of(drawn).contains(*point) == oracle.contains(Spot(point))
    assert Area.of(drawn[::-1]).contains(*point) == oracle.contains(Spot(point))


@given(points, points, points, points)
def test_a_way_crosses_a_line_exactly_if_the_oracle_says_so_and_ends_on_its_side(
    start: tuple[float, float], end: tuple[float, float], before: tuple[float, float], now: tuple[float, float]
) -> None:
    assume(max(abs(start[0] - end[0]), abs(start[1] - end[1])) > 0.01)
    line, way = LineString([start, end]), LineString([before, now])
    ends = (Spot(start).distance(way), Spot(end).distance(way), Spot(before).distance(line), Spot(now).distance(line))
    assume(min(ends) > FAR)
    side = crossing(Line(start=start, end=end), before, now)
    assert (side is not None) == line.crosses(way)
    if side is not None:
        # Right of a walker is where a quarter turn clockwise looks; y goes down, so the oracle's turn is positive.
        right = affinity.rotate(LineString([start, end]), 90, origin=start).coords[1]
        towards = (right[0] - start[0]) * (now[0] - start[0]) + (right[1] - start[1]) * (now[1] - start[1])
        assert side is (Side.RIGHT if towards > 0 else Side.LEFT)
        assert crossing(Line(start=end, end=start), before, now) is not side
        assert crossing(Line(start=start, end=end), now, before) is not side


def test_right_is_a_walkers_right_hand_in_the_picture() -> None:
    up = Line(start=(0.5, 0.9), end=(0.5, 0.1))
    assert crossing(up, (0.4, 0.5), (0.6, 0.5)) is Side.RIGHT
    assert crossing(up, (0.6, 0.5), (0.4, 0.5)) is Side.LEFT


@given(points, points)
def test_a_way_with_a_stop_on_the_line_crosses_it_once_if_it_goes_on_and_evenly_if_it_goes_back(
    first: tuple[float, float], last: tuple[float, float]
) -> None:
    line = Line(start=(0.5, 0.0), end=(0.5, 1.0))
    assume(0 < first[1] < 1 and 0 < last[1] < 1)
    sides = [crossing(line, first, (0.5, 0.5)), crossing(line, (0.5, 0.5), last)]
    times = len([side for side in sides if side is not None])
    goes_through = (first[0] - 0.5) * (last[0] - 0.5) < 0
    goes_back = (first[0] - 0.5) * (last[0] - 0.5) > 0
    assert times == 1 if goes_through else times in {0, 2} if goes_back else times <= 1


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "crosses itself: its sides 1 and 3"),
        ([[0, 0], [1, 0], [0.5, 0], [0.5, 1]], "crosses itself"),
        ([[0, 0], [1, 0], [1, 1], [0, 0]], "each of its corners once"),
        ([[0, 0], [0.001, 0], [0, 0.001]], "so small"),
        ([[0, 0], [1, 0]], "at least 3"),
        ([[0, 0], [1, 0], [1, 2]], "less than or equal to 1"),
        ([[0, 0], [1, 0], [1, math.nan]], "1"),
        ([[math.cos(a / 50) / 2 + 0.5, math.sin(a / 50) / 2 + 0.5] for a in range(300)], "at most 64"),
        ([[0, 0]] * 100_000, "at most 64"),
        ("'; DROP TABLE alarms; --", "valid tuple"),
    ],
    ids=["bow tie", "folded", "closed twice", "tiny", "two corners", "outside", "nan", "round", "huge", "text"],
)
def test_what_cannot_be_drawn_says_why(drawn: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        DRAWN.validate_python(drawn)


def test_a_straight_corner_is_no_fault() -> None:
    assert accepted([[0, 0], [0.25, 0], [0.5, 0], [0.5, 1], [0, 1]])
    assert accepted(LEFT_HALF)


def test_a_line_has_a_length() -> None:
    with pytest.raises(ValidationError, match="same point"):
        Line(start=(0.5, 0.5), end=(0.5, 0.5))
