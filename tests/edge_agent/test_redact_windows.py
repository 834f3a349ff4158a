"""Where is looked at enlarged: windows lie in the picture, hold what they are for, and keep apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.redactor import faces, plates
from edge_agent.redactor.cover import Rect

WIDTH, HEIGHT = 1280, 720
PICTURE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
SMALL = st.builds(
    lambda x, y, w, h: Rect(x, y, x + w, y + h),
    st.floats(0, 1240),
    st.floats(0, 680),
    st.floats(2, 40),
    st.floats(2, 40),
)
PLATES = st.builds(
    lambda x, y, w: Rect(x, y, x + w, y + w / 3), st.floats(0, 1160), st.floats(0, 680), st.floats(10, plates.DOUBT[1])
)
BIKE = Rect(400, 300, 700, 500)


@given(SMALL)
def test_a_window_for_a_doubtful_face_holds_it_and_lies_in_the_picture(doubt: Rect) -> None:
    x, y, side = faces._window(doubt, WIDTH, HEIGHT)
    assert 0 <= x <= WIDTH - side
    assert 0 <= y <= HEIGHT - side
    assert x - 1 <= doubt.x0 <= doubt.x1 <= x + side + 1
    assert y - 1 <= doubt.y0 <= doubt.y1 <= y + side + 1


def test_a_window_is_no_larger_than_a_picture_smaller_than_it() -> None:
    assert faces._window(Rect(5, 5, 15, 15), 40, 30) == (0, 0, 30)


@given(st.lists(SMALL, max_size=30))
def test_doubts_about_faces_keep_apart_and_none_is_left_without_a_near_one(doubts: list[Rect]) -> None:
    kept = [*faces._apart(doubts, [])]

    def near(one: Rect, other: Rect) -> bool:
        across, down = abs(one.x0 + one.x1 - other.x0 - other.x1) / 2, abs(one.y0 + one.y1 - other.y0 - other.y1) / 2
        return max(across, down) < faces.DOUBT_SPACING_PX

    assert not any(near(one, other) for i, one in enumerate(kept) for other in kept[:i])
    assert all(any(one is other or near(one, other) for other in kept) for one in doubts)


def test_no_doubt_is_asked_about_where_something_is_covered_or_that_is_large() -> None:
    doubt = Rect(100, 100, 120, 120)
    assert [*faces._apart([doubt], [Rect(90, 90, 200, 200)])] == []
    assert [*faces._apart([Rect(100, 100, 150, 150)], [])] == []
    assert [*faces._apart([doubt], [])] == [doubt]


@given(st.lists(PLATES, max_size=20))
def test_every_doubtful_plate_lies_in_a_window(doubts: list[Rect]) -> None:
    windows = [*plates._apart(doubts, PICTURE)]
    for one in doubts:
        assert any(
            w.x0 - 1 <= one.x0 and one.x1 <= w.x1 + 1 and w.y0 - 1 <= one.y0 and one.y1 <= w.y1 + 1 for w in windows
        )


def test_both_halves_of_a_two_wheeler_are_looked_at_and_hold_every_plate_on_it() -> None:
    halves = plates._parts([BIKE], plates.HALVES, plates.TWO_WHEELERS, PICTURE)
    assert len(halves) == 2
    for x in range(int(BIKE.x0), int(BIKE.x1) - 80, 10):
        assert any(half.x0 <= x and x + 80 <= half.x1 for half in halves)


def test_the_largest_machines_come_first_and_far_ones_not_at_all() -> None:
    far = Rect(0, 0, plates.NEAR_PX - 1, 40)
    many = [Rect(10 * n, 100, 10 * n + 100 + n, 200) for n in range(12)]
    parts = plates._parts([far, *many], (plates.LOWER_PART,), plates.MACHINES, PICTURE)
    assert len(parts) == plates.MACHINES
    assert parts == plates._parts(many[-plates.MACHINES :], (plates.LOWER_PART,), plates.MACHINES, PICTURE)
