"""Where is looked at enlarged: windows lie in the picture, hold what they are for, and keep apart."""

from collections.abc import Mapping, Sequence
from typing import cast

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.redactor import plates
from edge_agent.redactor import small_faces as doubts
from edge_agent.redactor.cover import Image, Rect
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.detection.preprocess import Size
from engines.manifest import Group

WIDTH, HEIGHT = 1280, 720
PICTURE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
SMALL = st.builds(
    lambda x, y, w, h: Rect(x, y, x + w, y + h),
    st.floats(0, 1240),
    st.floats(0, 680),
    st.floats(2, 39.5),
    st.floats(2, 39.5),
)
PLATES = st.builds(
    lambda x, y, w: Rect(x, y, x + w, y + w / 3), st.floats(0, 1160), st.floats(0, 680), st.floats(10, plates.DOUBT[1])
)
BIKE = Rect(400, 300, 700, 500)


@given(SMALL)
def test_a_window_for_a_doubtful_face_holds_it_and_lies_in_the_picture(doubt: Rect) -> None:
    x, y, side = doubts._window(doubt, WIDTH, HEIGHT)
    assert 0 <= x <= WIDTH - side
    assert 0 <= y <= HEIGHT - side
    assert x - 1 <= doubt.x0 <= doubt.x1 <= x + side + 1
    assert y - 1 <= doubt.y0 <= doubt.y1 <= y + side + 1


def test_a_window_is_no_larger_than_a_picture_smaller_than_it() -> None:
    assert doubts._window(Rect(5, 5, 15, 15), 40, 30) == (0, 0, 30)


@given(st.lists(SMALL, max_size=30))
def test_doubts_about_faces_keep_apart_and_none_is_left_without_a_near_one(some: list[Rect]) -> None:
    kept = [*doubts._apart(some, [])]

    def near(one: Rect, other: Rect) -> bool:
        across, down = abs(one.x0 + one.x1 - other.x0 - other.x1) / 2, abs(one.y0 + one.y1 - other.y0 - other.y1) / 2
        return max(across, down) < doubts.SPACING_PX

    assert not any(near(one, other) for i, one in enumerate(kept) for other in kept[:i])
    assert all(any(one is other or near(one, other) for other in kept) for one in some)


def test_no_doubt_is_asked_about_where_something_is_covered_or_that_is_large() -> None:
    doubt = Rect(100, 100, 120, 120)
    assert [*doubts._apart([doubt], [Rect(90, 90, 200, 200)])] == []
    assert [*doubts._apart([Rect(100, 100, 150, 150)], [])] == []
    assert [*doubts._apart([doubt], [])] == [doubt]


@given(st.floats(4, 20), st.floats(4, 20), st.floats(-9, 9), st.floats(-9, 9), st.sampled_from(doubts.TURNS_DEG))
def test_a_face_found_in_a_turned_window_is_covered_where_it_is(
    width: float, height: float, dx: float, dy: float, degrees: float
) -> None:
    side = 64
    middle = (side - 1) / 2
    axes, centre = (width, height), (middle + dx, middle + dy)
    leaning = np.zeros((side, side, 3), np.uint8)
    cv2.ellipse(leaning, (centre, axes, degrees), (255, 255, 255), -1)
    turned = doubts._turned(leaning, degrees)
    rows, columns = np.nonzero(turned[:, :, 0] > 127)
    seen = Rect(columns.min(), rows.min(), columns.max(), rows.max())
    back = doubts._turned_back(seen, side, degrees)
    rows, columns = np.nonzero(leaning[:, :, 0] > 127)
    assert turned.shape == leaning.shape
    assert back.x0 == pytest.approx(columns.min(), abs=2.5)
    assert back.x1 == pytest.approx(columns.max(), abs=2.5)
    assert back.y0 == pytest.approx(rows.min(), abs=2.5)
    assert back.y1 == pytest.approx(rows.max(), abs=2.5)


class _TurnedEye:
    """Takes a white square for a face where it stands upright, and hardly suspects one that leans."""

    def __init__(self, suspicion: float) -> None:
        self.looks = 0
        self._suspicion = suspicion

    def detect_many(
        self, pictures: Sequence[Image], *, size: Size, thresholds: Mapping[Group, float], at_a_time: int
    ) -> list[list[Detection]]:
        self.looks += len(pictures)
        assert size == (128, 128)
        assert at_a_time > 0
        found = []
        for picture in pictures:
            rows, columns = np.nonzero(picture[:, :, 0] > 127)
            box = Rect(columns.min(), rows.min(), columns.max(), rows.max())
            is_upright = (picture[:, :, 0] > 127).sum() > 0.9 * box.width * box.height
            score = 0.6 if is_upright else self._suspicion
            found.append([Detection("face", score, box)] if score >= thresholds["face"] else [])
        return found


@pytest.mark.parametrize(("suspicion", "looks", "faces"), [(0.01, 1, 0), (0.07, 3, 1), (0.4, 1, 1)])
def test_a_window_is_turned_where_upright_it_leaves_a_suspicion(suspicion: float, looks: int, faces: int) -> None:
    picture = PICTURE.copy()
    corners = cv2.boxPoints(((640, 360), (16, 16), 25))
    cv2.fillPoly(picture, [corners.astype(np.int32)], (255, 255, 255))
    eye = _TurnedEye(suspicion)
    windows = doubts.windows(picture, [Rect(630, 350, 650, 370)], [])
    found = doubts.settled(picture, windows, cast("Detector", eye), 0.2)
    assert (eye.looks, len(found)) == (looks, faces)
    for face in found:
        assert (face.x0 + face.x1) / 2 == pytest.approx(640, abs=1.5)
        assert (face.y0 + face.y1) / 2 == pytest.approx(360, abs=1.5)


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


class _FartherEye:
    """Finds these plates and no others, wherever its window lies."""

    def __init__(self, plates: Sequence[Rect]) -> None:
        self._plates = plates
        self.looks = 0

    def detect_many(
        self, pictures: Sequence[Image], *, size: Size, thresholds: Mapping[Group, float], at_a_time: int
    ) -> list[list[Detection]]:
        self.looks += len(pictures)
        assert size == plates.TENSOR_PX
        assert thresholds["plate"] == plates.DOUBT[0]
        assert at_a_time == 1
        # The picture's red and green tell where the window lies.
        places = [(8 * int(one[0, 0, 2]), 8 * int(one[0, 0, 1])) for one in pictures]
        return [[Detection("plate", 0.03, one.moved(-x, -y)) for one in self._plates] for x, y in places]


def _places() -> Image:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, :, 2] = np.arange(WIDTH)[None, :] // 8
    picture[:, :, 1] = np.arange(HEIGHT)[:, None] // 8
    return picture


@given(st.lists(PLATES, max_size=12), st.integers(0, 12))
def test_only_a_large_plate_that_is_not_seen_from_farther_off_is_given_up(found: list[Rect], seen: int) -> None:
    eye = _FartherEye(found[:seen])
    kept = plates.confirmed(_places(), found, cast("Detector", eye), 0.02)
    assert all(one in kept for one in found if one.width < plates.LARGE_PX), "small ones are covered as they are"
    assert all(one in kept for one in found[:seen])
    assert len({*found} - {*kept}) <= plates.MOST_CONFIRMED
    assert eye.looks <= plates.MOST_CONFIRMED * len(plates.FARTHER)


def test_a_street_corner_that_fills_its_window_is_no_plate() -> None:
    corner, plate = Rect(540, 16, 612, 69), Rect(300, 300, 380, 326)
    eye = cast("Detector", _FartherEye([plate]))
    assert plates.confirmed(_places(), [corner, plate], eye, 0.02) == [plate]
