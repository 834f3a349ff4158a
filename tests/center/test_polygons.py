"""Turns are exact, however little three points lie off one line: a slip would fold a polygon, or unfold one.

Outlines that are none say why.
"""

from fractions import Fraction
from math import cos, sin, tau

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from center.polygons import Point, outline_fault, outline_holds, turn

degrees = st.floats(-180, 180)
corners = st.tuples(degrees, degrees)
places = st.tuples(degrees, st.floats(-90, 90))
SQUARE = ((120.0, 30.0), (120.1, 30.0), (120.1, 30.1), (120.0, 30.1))
NUDGES = st.integers(-3, 3).map(lambda steps: steps * 2.0**-50)


def _exact(a: Point, b: Point, c: Point) -> int:
    (ax, ay), (bx, by), (cx, cy) = (tuple(map(Fraction, point)) for point in (a, b, c))
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (cross > 0) - (cross < 0)


@given(corners, corners, corners)
@example((0.0, 0.0), (5e-324, 0.0), (0.0, 5e-324))
@example((0.1, 0.1), (0.3, 0.3), (0.2, 0.2))
def test_a_turn_has_the_sign_of_exact_arithmetic(a: Point, b: Point, c: Point) -> None:
    assert turn(a, b, c) == _exact(a, b, c) == -turn(b, a, c)


@given(corners, corners, st.floats(0, 1), NUDGES, NUDGES)
def test_so_it_has_beside_the_way(a: Point, b: Point, share: float, east: float, north: float) -> None:
    c = a[0] + share * (b[0] - a[0]) + east, a[1] + share * (b[1] - a[1]) + north
    assert turn(a, b, c) == _exact(a, b, c)


@pytest.mark.parametrize(
    ("ring", "word"),
    [
        (SQUARE, ""),
        ((*SQUARE, SQUARE[0]), ""),
        (SQUARE[:2], "three corners"),
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), "cross"),
        (((0, 0), (1, 0), (2, 0)), "cross"),
        (((0, 0), (4, 0), (2, 0), (2, 2)), "cross"),
        (((0, 0), (2, 2), (4, 0), (4, 4), (2, 2), (0, 4)), "touches itself"),
        (((0, 0), (4, 0), (4, 4), (2, 0), (0, 4)), "cross"),
        (((30.0, 120.0), (30.0, 120.1), (30.1, 120.1)), "no globe"),
        (((0, 0), (4, 0), (4, 4), (0, 4), (3, -1)), "cross"),
    ],
)
def test_an_outline_that_is_none_says_why(ring: tuple[Point, ...], word: str) -> None:
    said = outline_fault(ring)
    assert (said == "") if not word else (word in said), said


@given(st.integers(3, 60), st.floats(0.001, 1), st.floats(-80, 80), st.floats(-60, 60))
def test_a_round_outline_is_one_and_holds_its_middle_alone(count: int, size: float, x: float, y: float) -> None:
    ring = [(x + size * cos(tau * n / count), y + size * sin(tau * n / count)) for n in range(count)]
    assert outline_fault(ring) == ""
    assert outline_fault(list(reversed(ring))) == ""
    assert outline_holds(ring, (x, y))
    assert not outline_holds(ring, (x + 1.1 * size, y))
    assert all(outline_holds(ring, corner) for corner in ring)


@given(st.lists(places, max_size=12), places)
def test_any_corners_are_judged_and_no_place_breaks_them(ring: list[Point], where: Point) -> None:
    if outline_fault(ring) == "":
        assert outline_holds(ring, where) == outline_holds([*ring[1:], ring[0]], where)
        assert all(outline_holds(ring, corner) for corner in ring)
