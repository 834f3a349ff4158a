"""Turns are exact, however little three points lie off one line: a slip would fold a polygon, or unfold one."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from center.polygons import Corner, turn

degrees = st.floats(-180, 180)
corners = st.tuples(degrees, degrees)
NUDGES = st.integers(-3, 3).map(lambda steps: steps * 2.0**-50)


def _exact(a: Corner, b: Corner, c: Corner) -> int:
    (ax, ay), (bx, by), (cx, cy) = (tuple(map(Fraction, point)) for point in (a, b, c))
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (cross > 0) - (cross < 0)


@given(corners, corners, corners)
@example((0.0, 0.0), (5e-324, 0.0), (0.0, 5e-324))
@example((0.1, 0.1), (0.3, 0.3), (0.2, 0.2))
def test_a_turn_has_the_sign_of_exact_arithmetic(a: Corner, b: Corner, c: Corner) -> None:
    assert turn(a, b, c) == _exact(a, b, c) == -turn(b, a, c)


@given(corners, corners, st.floats(0, 1), NUDGES, NUDGES)
def test_so_it_has_beside_the_way(a: Corner, b: Corner, share: float, east: float, north: float) -> None:
    c = a[0] + share * (b[0] - a[0]) + east, a[1] + share * (b[1] - a[1]) + north
    assert turn(a, b, c) == _exact(a, b, c)
