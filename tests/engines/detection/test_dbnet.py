"""The map of a text detector becomes boxes of lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.detection.dbnet import CORE, GROWTH, dbnet
from engines.detection.postprocess import MAX_CANDIDATES, decoded
from engines.errors import UnexpectedOutput
from engines.manifest import Output

TEXT = Output(decoder="dbnet", classes={"text": 0}, thresholds={"text": 0.5})


def test_a_core_grows_to_its_line() -> None:
    chances = np.zeros((1, 64, 128), np.float32)
    chances[0, 20:30, 30:90] = 0.8
    found = dbnet({"map": chances}, (128, 64), TEXT, 0.5)
    further = GROWTH * 60 * 10 / (2 * (60 + 10))
    np.testing.assert_allclose(found.boxes, [[30 - further, 20 - further, 90 + further, 30 + further]], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [[0.8]], rtol=1e-5)


def test_noise_and_faint_cores_are_no_lines() -> None:
    chances = np.zeros((1, 64, 128), np.float32)
    chances[0, 5, 5:60] = 0.9  # one pixel high
    chances[0, 20:30, 30:90] = 0.4
    assert len(dbnet({"map": chances}, (128, 64), TEXT, 0.5).boxes) == 0


def test_a_map_of_another_size_is_another_model_s() -> None:
    with pytest.raises(UnexpectedOutput, match="a map of 32 x 16"):
        decoded(dbnet, "text", {"map": np.zeros((1, 16, 32), np.float32)}, (64, 64), TEXT, 0.5)


def test_most_candidates_are_the_largest() -> None:
    chances = np.zeros((1, 300, 300), np.float32)
    for y in range(0, 300, 5):
        for x in range(0, 300, 5):
            chances[0, y : y + 2, x : x + 2] = 0.9
    chances[0, 100:110, 100:200] = 0.9
    found = dbnet({"map": chances}, (300, 300), TEXT, 0.5)
    assert len(found.boxes) == MAX_CANDIDATES
    assert (found.boxes[0] <= (100, 100, 200, 110)).tolist() == [True, True, False, False]


@given(arrays.arrays(np.float32, (1, 24, 40), elements=st.floats(0, 1, width=32)))
def test_each_line_holds_the_core_that_made_it(chances: np.ndarray) -> None:
    found = dbnet({"map": chances}, (40, 24), TEXT, CORE)
    assert np.isfinite(found.boxes).all()
    assert ((found.scores >= CORE) & (found.scores <= 1)).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()


def test_a_slanted_row_is_no_line() -> None:
    chances = np.zeros((1, 64, 128), np.float32)
    for step in range(50):
        chances[0, 5 + step : 11 + step, 10 + 2 * step : 14 + 2 * step] = 0.9
    assert len(dbnet({"map": chances}, (128, 64), TEXT, 0.5).boxes) == 0
