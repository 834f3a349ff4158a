"""Left, right, inside and headings, in a picture whose y grows downwards."""

from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.tracker.geometry import Spot, heading_deg, inside, meet, off_edge, off_line, turn_deg

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
spots = st.tuples(st.integers(-50, 50), st.integers(-50, 50)).map(lambda spot: (float(spot[0]), float(spot[1])))


def test_right_of_who_walks_to_the_right_is_below() -> None:
    assert off_line((5, 3), (0, 0), (10, 0)) == 3
    assert off_line((5, -3), (0, 0), (10, 0)) == -3
    assert off_line((5, -3), (10, 0), (0, 0)) == 3


def test_right_of_who_walks_upwards_is_to_the_right() -> None:
    assert off_line((14, 50), (10, 100), (10, 0)) == 4


@pytest.mark.parametrize(
    ("way", "heading"), [((0, -1), 0), ((1, -1), 45), ((1, 0), 90), ((0, 1), 180), ((-1, 0), 270), ((-1, -1), 315)]
)
def test_headings_are_a_compass_on_the_picture(way: Spot, heading: float) -> None:
    assert heading_deg(*way) == pytest.approx(heading)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_heading_is_below_360(dx: float, dy: float) -> None:
    assert 0 <= heading_deg(dx, dy) < 360


def test_a_turn_takes_the_short_way_round() -> None:
    assert turn_deg(350, 10) == 20
    assert turn_deg(10, 350) == 20
    assert turn_deg(90, 270) == 180


@given(spots, spots, spots, spots)
def test_segments_meet_whichever_way_they_are_walked(a: Spot, b: Spot, c: Spot, d: Spot) -> None:
    assert meet(a, b, c, d) == meet(b, a, c, d) == meet(a, b, d, c) == meet(c, d, a, b)


def test_segments_that_only_point_at_one_another_do_not_meet() -> None:
    assert meet((0, 0), (10, 10), (0, 10), (10, 0))
    assert not meet((0, 0), (4, 4), (0, 10), (10, 0))
    assert not meet((0, 0), (10, 0), (12, -5), (12, 5))


@given(spots)
def test_inside_a_square(spot: Spot) -> None:
    x, y = spot
    if off_edge(spot, SQUARE) > 0:
        assert inside(spot, SQUARE) == (0 < x < 10 and 0 < y < 10)


@given(spots, spots)
def test_an_edge_is_as_far_as_its_nearest_place(spot: Spot, corner: Spot) -> None:
    away = hypot(spot[0] - corner[0], spot[1] - corner[1])
    assert off_edge(spot, (corner, (60.0, 60.0), (-60.0, 60.0))) <= away


def test_a_polygon_may_be_drawn_either_way_round() -> None:
    assert inside((5, 5), SQUARE)
    assert inside((5, 5), SQUARE[::-1])
    assert off_edge((5, 4), SQUARE) == off_edge((5, 4), SQUARE[::-1]) == 4
    assert off_edge((13, 14), SQUARE) == 5
