"""What a browser may say was drawn, and what is said of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.console.language import LANGUAGES
from center.console.widgets.shape import corners_of, fault_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=4)
)


@given(JSON)
def test_whatever_a_browser_says_is_a_shape_inside_the_picture_or_nothing(said: object) -> None:
    corners = corners_of(said)
    assert corners is None or all(0 <= value <= 1 for corner in corners for value in corner)


def test_more_corners_than_a_zone_has_are_no_shape() -> None:
    assert corners_of([[0.5, 0.5]] * 65) is None
    assert corners_of([[0, 0], [1, 0.5]]) == ((0.0, 0.0), (1.0, 0.5))


@pytest.mark.parametrize(
    ("corners", "line", "said"),
    [
        (((0.1, 0.1), (0.9, 0.9)), False, ""),
        (((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)), False, ""),
        (((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), False, "sides 1 and 3 intersect"),
        (((0.1, 0.1), (0.9, 0.1), (0.1, 0.1)), False, "at the same point"),
        (((0.1, 0.1), (0.101, 0.1), (0.1, 0.101)), False, "too small"),
        (((0.1, 0.1), (0.9, 0.9)), True, ""),
        (((0.1, 0.1), (0.1, 0.1)), True, "draw it longer"),
    ],
    ids=["not yet", "a zone", "crosses", "repeats", "small", "a line", "no line"],
)
def test_a_shape_that_is_none_is_refused_in_words(
    corners: tuple[tuple[float, float], ...], line: bool, said: str
) -> None:
    fault = fault_of(corners, LANGUAGES["en"], line=line)
    assert said in fault
    assert bool(said) == bool(fault)
    assert bool(fault_of(corners, LANGUAGES["zh"], line=line)) == bool(said)
