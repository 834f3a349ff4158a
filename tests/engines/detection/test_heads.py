"""The decoders of YOLOX and of DETR and its descendants, row by row, and on anything that a model may answer."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from engines.detection.detr import detr
from engines.detection.postprocess import MAX_CANDIDATES, decoded, detections, strongest
from engines.detection.yolox import cells, yolox
from engines.errors import UnexpectedOutput
from engines.manifest import Output

Array = NDArray[Any]
SIZE = (64, 32)
RAW = Output(decoder="yolox", classes={"car": 2, "person": 0}, thresholds={"vehicle": 0.4, "person": 0.3})
DECODED = RAW.model_copy(update={"decoded": True})
SIGMOID = RAW.model_copy(update={"decoder": "detr"})
SOFTMAX = SIGMOID.model_copy(update={"activation": "softmax"})
PICKED = SIGMOID.model_copy(update={"decoded": True})
CELLS = 8 * 4 + 4 * 2 + 2 * 1


def quiet(classes: int = 3) -> Array:
    rows = np.zeros((CELLS, 5 + classes), np.float32)
    rows[:, 2:4] = -1
    return rows


def test_cells_go_grid_by_grid_and_row_by_row() -> None:
    table = cells(SIZE, (8, 16, 32))
    assert len(table) == CELLS
    some = [[0, 0, 8], [1, 0, 8], [0, 1, 8], [0, 0, 16], [1, 1, 16], [1, 0, 32]]
    np.testing.assert_array_equal(table[[0, 1, 8, 32, 37, 41]], some)


def test_a_yolox_cell_becomes_a_box() -> None:
    rows = quiet()
    rows[37] = 0.5, 0.25, np.log(2), np.log(1), 0.8, 0.1, 0.0, 0.9  # column 1, row 1 of stride 16
    found = yolox({"output": rows}, SIZE, RAW, 0.3)
    np.testing.assert_allclose(found.boxes, [[24 - 16, 20 - 8, 24 + 16, 20 + 8]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [[0.72, 0.08]], rtol=1e-5)
    assert not found.distinct


def test_a_decoded_yolox_row_is_a_box() -> None:
    rows = np.abs(quiet())
    rows[3] = 24, 20, 32, 16, 1.0, 0.0, 0.0, 0.5
    found = yolox({"output": rows}, SIZE, DECODED, 0.3)
    np.testing.assert_allclose(found.boxes, [[8, 12, 40, 28]], atol=1e-4)


def test_a_query_becomes_a_box_and_two_that_overlap_are_two_machines() -> None:
    logits = np.full((4, 3), -9, np.float32)
    logits[1, 2], logits[2, 2] = 3, 2
    boxes = np.full((4, 4), 0.5, np.float32)
    found = detr({"logits": logits, "boxes": boxes}, SIZE, SIGMOID, 0.3)
    np.testing.assert_allclose(found.boxes, [[16, 8, 48, 24]] * 2, atol=1e-4)
    np.testing.assert_allclose(found.scores[:, 0], 1 / (1 + np.exp([-3.0, -2.0])), rtol=1e-5)
    assert len(detections(found, SIZE, SIZE, SIZE, SIGMOID, SIGMOID.thresholds)) == 2


def test_nothing_is_a_class_of_its_own_in_a_softmax_wherever_it_stands() -> None:
    logits = np.array([[0, 0, 5, 9], [0, 0, 9, 1]], np.float32)  # the last column is nothing
    found = detr({"logits": logits, "boxes": np.full((2, 4), 0.5, np.float32)}, SIZE, SOFTMAX, 0.3)
    assert len(found.scores) == 1
    assert found.scores[0, 0] == pytest.approx(0.999, abs=1e-3)
    sigmoid = detr({"logits": logits, "boxes": np.full((2, 4), 0.5, np.float32)}, SIZE, SIGMOID, 0.3)
    assert len(sigmoid.scores) == 2, "the same logits, read the other way"


def test_labels_and_scores_become_one_column_a_class() -> None:
    outputs = {
        "labels": np.array([2, 0, 1]),
        "boxes": np.array([[1, 2, 30, 20], [4, 5, 9, 9], [0, 0, 9, 9]], np.float32),
        "scores": np.array([0.9, 0.8, 0.99], np.float32),
    }
    found = detr(outputs, SIZE, PICKED, 0.3)
    np.testing.assert_allclose(found.boxes, outputs["boxes"][:2])
    np.testing.assert_allclose(found.scores, [[0.9, 0], [0, 0.8]])


@pytest.mark.parametrize(
    ("outputs", "spec", "words"),
    [
        ({"output": quiet()[:-1]}, RAW, "output is 41 x 8, wanted 42 cells of 64 x 32 pixels x at least 8"),
        ({"output": quiet(2)}, RAW, "at least 8"),
        ({"output": quiet().reshape(2, -1)}, RAW, "wanted 42 cells"),
        ({"output": quiet()[0]}, RAW, "wanted 42 cells"),
        ({"output": quiet() + np.float32(3)}, RAW, "scores from 3 to 3; export them with their sigmoid"),
        ({"output": quiet()}, DECODED, "not decoded"),
        ({"out": quiet()}, RAW, "KeyError 'output'"),
        ({"logits": np.zeros((4, 2), np.float32), "boxes": np.zeros((4, 4), np.float32)}, SIGMOID, "at least 3"),
        ({"logits": np.zeros((4, 3), np.float32), "boxes": np.zeros((3, 4), np.float32)}, SIGMOID, "queries x 4"),
        (
            {"logits": np.full((4, 3), 9, np.float32), "boxes": np.full((4, 4), 300, np.float32)},
            SIGMOID,
            "no normalised boxes",
        ),
        (
            {"logits": np.full((4, 3), np.inf, np.float32), "boxes": np.zeros((4, 4), np.float32)},
            SOFTMAX,
            "logits without end",
        ),
        (
            {"labels": np.array([2]), "boxes": np.full((1, 4), 0.5, np.float32), "scores": np.ones(1, np.float32)},
            PICKED,
            "these are normalised",
        ),
        (
            {"labels": np.array([2]), "boxes": np.full((2, 4), 9, np.float32), "scores": np.ones(1, np.float32)},
            PICKED,
            "wanted n, n x 4 and n",
        ),
        (
            {"labels": np.array([2]), "boxes": np.full((1, 4), 9, np.float32), "scores": np.full(1, 80.0, np.float32)},
            PICKED,
            "scores from 0 to 80, where probabilities belong",
        ),
    ],
)
def test_what_another_model_answers_is_a_typed_error_that_says_why(
    outputs: Mapping[str, Array], spec: Output, words: str
) -> None:
    decode = yolox if spec.decoder == "yolox" else detr
    with pytest.raises(UnexpectedOutput) as caught:
        decoded(decode, "mine", outputs, SIZE, spec, 0.3)
    assert str(caught.value).startswith("mine: outputs do not fit the decoder: ")
    assert words in str(caught.value)


def test_what_goes_into_suppression_is_bounded() -> None:
    scores = np.linspace(0, 1, 5000, dtype=np.float32)[:, None]
    rows = strongest(scores, 0.1)
    assert rows.tolist() == list(range(5000 - MAX_CANDIDATES, 5000))
    assert strongest(scores[:0], 0.1).size == 0
    assert strongest(scores[:10], 0.1).size == 0


numbers = (
    st.floats(width=32, allow_nan=True, allow_infinity=True) | st.floats(0, 1, width=32) | st.floats(-9, 9, width=32)
)


def tensor(*shape: st.SearchStrategy[int]) -> st.SearchStrategy[Array]:
    return arrays.arrays(np.float32, st.tuples(*shape), elements=numbers)


few = st.integers(0, 5)
fours = st.just(4) | st.integers(3, 5)


@given(
    outputs=st.fixed_dictionaries(
        {},
        optional={
            "output": tensor(st.just(CELLS), st.integers(7, 9)) | tensor(few, few),
            "logits": tensor(few, st.integers(2, 4)) | tensor(few),
            "boxes": tensor(few, fours),
            "scores": tensor(few) | tensor(few, few),
            "labels": tensor(few) | arrays.arrays(np.int64, st.tuples(few)),
        },
    ),
    spec=st.sampled_from([RAW, DECODED, SIGMOID, SOFTMAX, PICKED]),
    floor=st.floats(0.05, 0.95),
)
def test_whatever_a_model_answers_gives_boxes_in_the_picture_or_a_typed_error(
    outputs: dict[str, Array], spec: Output, floor: float
) -> None:
    decode: Callable[..., Any] = yolox if spec.decoder == "yolox" else detr
    try:
        found = decoded(decode, "mine", outputs, SIZE, spec, floor)
    except UnexpectedOutput:
        return
    assert found.boxes.shape == (len(found.scores), 4)
    assert found.scores.shape[1] == 2
    for one in detections(found, SIZE, SIZE, (640, 320), spec, spec.thresholds):
        assert 0 <= one.box.x0 < one.box.x1 <= 640
        assert 0 <= one.box.y0 < one.box.y1 <= 320
        assert 0.29 < one.score <= 1.01
