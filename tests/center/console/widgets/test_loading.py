"""How often an open page looks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.console.widgets.loading import LEFT_OUT, Cadence

USUAL_S = 0.5


def test_a_page_that_is_on_time_looks_as_often_as_it_would_like() -> None:
    cadence = Cadence(USUAL_S)
    now_s = 100.0
    for _ in range(5):
        assert cadence.next_s(now_s) == USUAL_S
        now_s += USUAL_S


@given(began_s=st.floats(1, 1e6), other_s=st.floats(1, 1e6))
def test_pages_that_were_opened_at_different_moments_look_together(began_s: float, other_s: float) -> None:
    for at_s in (began_s, other_s):
        due_s = at_s + Cadence(USUAL_S).next_s(at_s)
        assert due_s > at_s
        assert due_s / USUAL_S == pytest.approx(round(due_s / USUAL_S))


@pytest.mark.parametrize(("late_s", "pause_s"), [(0.1, 0.4), (0.13, 0.87), (0.25, 1.25), (0.4, 2.1), (60.0, 5.0)])
def test_the_later_a_look_begins_the_longer_the_page_waits(late_s: float, pause_s: float) -> None:
    cadence = Cadence(USUAL_S)
    due_s = 100.0 + cadence.next_s(100.0)
    assert cadence.next_s(due_s + late_s) == pytest.approx(pause_s)


def test_a_page_that_is_on_time_again_is_as_fast_as_before() -> None:
    cadence = Cadence(USUAL_S)
    due_s = 100.0 + cadence.next_s(100.0) + 60.0
    due_s += cadence.next_s(due_s)
    assert due_s - 160.5 == (LEFT_OUT + 1) * USUAL_S
    assert cadence.next_s(due_s) == USUAL_S
