import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.accuracy.matching import overlap
from engines.cli.agreement import Tally, cosine, cosines
from engines.detection.postprocess import Box, Detection
from engines.manifest import ClassName

CAR = Detection("car", 0.9, Box(0, 0, 100, 50))


def moved(by: float, name: ClassName = "car", score: float = 0.8) -> Detection:
    return Detection(name, score, Box(by, 0, 100 + by, 50))


def test_the_same_detections_agree_wholly() -> None:
    tally = Tally()
    tally.add([CAR], [CAR])
    assert (tally.kept, tally.matched, tally.extra, tally.renamed) == (1.0, 1, 0, 0)
    assert tally.as_json()["overlap_mean"] == 1.0


def test_what_is_lost_found_anew_or_renamed_is_counted() -> None:
    tally = Tally()
    tally.add([CAR, moved(300)], [moved(10, "truck"), moved(600)])
    assert (tally.reference, tally.matched, tally.renamed, tally.extra) == (2, 1, 1, 1)
    assert tally.lost_scores == [0.8]
    assert tally.score_shifts == [pytest.approx(-0.1)]
    assert tally.kept == 0.5


def test_one_candidate_answers_for_one_reference_only() -> None:
    tally = Tally()
    tally.add([CAR, moved(1)], [CAR])
    assert (tally.matched, len(tally.lost_scores)) == (1, 1)


def test_another_group_is_another_thing() -> None:
    tally = Tally()
    tally.add([CAR], [moved(0, "person")])
    assert (tally.matched, tally.extra) == (0, 1)


def test_nothing_to_find_is_nothing_lost() -> None:
    tally = Tally()
    tally.add([], [])
    assert (tally.kept, tally.pictures) == (1.0, 1)
    assert tally.as_json()["lost_score_max"] == 0.0


SIDE = st.floats(0, 1000, allow_nan=False, width=32)
BOXES = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), SIDE, SIDE, SIDE, SIDE)


@given(BOXES, BOXES)
def test_overlap_is_a_share_and_symmetric(one: Box, other: Box) -> None:
    assert 0 <= overlap(one, other) <= 1 + 1e-6
    assert overlap(one, other) == pytest.approx(overlap(other, one))


def test_cosine_is_of_directions() -> None:
    one = np.array([1, 2, 3], np.float32)
    assert cosine(one, 5 * one) == pytest.approx(1)
    assert cosine(one, -one) == pytest.approx(-1)
    assert cosine(np.zeros(3), np.zeros(3)) == 1
    assert cosine(np.zeros(3), one) == 0
    batch = {"v": np.stack([one, one])}
    assert cosines(batch, {"v": np.stack([one, -one])})["v"] == pytest.approx(-1)
