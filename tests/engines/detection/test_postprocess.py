from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from engines.detection.centerface import centerface
from engines.detection.clp import clp, priors
from engines.detection.postprocess import BLOCK, Box, Candidates, Detection, decoded, detections, nanodet, suppress
from engines.errors import UnexpectedOutput
from engines.manifest import Output

Array = NDArray[Any]

MACHINES = Output(
    decoder="nanodet",
    classes={"person": 0, "bicycle": 1, "car": 2, "motorcycle": 3, "bus": 5, "truck": 7},
    thresholds={"vehicle": 0.4, "two_wheeler": 0.4, "person": 0.25},
)
FACES = Output(decoder="centerface", classes={"face": 0}, thresholds={"face": 0.2}, overlap=0.3)
PLATES = Output(decoder="clp", classes={"plate": 1}, thresholds={"plate": 0.2}, overlap=0.4)


def quiet_nanodet(side: int = 416) -> dict[str, Array]:
    cells = {stride: (side // stride) ** 2 for stride in (8, 16, 32)}
    classes = {f"class_{stride}": np.zeros((count, 80), np.float32) for stride, count in cells.items()}
    return classes | {f"box_{stride}": np.zeros((count, 44), np.float32) for stride, count in cells.items()}


def point_at(bins: Array, cell: int, distances: tuple[int, int, int, int]) -> None:
    """All of the weight of a side on one bin."""
    for side, distance in enumerate(distances):
        bins[cell, side * 11 + distance] = 50


def test_a_nanodet_cell_becomes_a_box() -> None:
    outputs = quiet_nanodet()
    cell = 3 * 26 + 5  # row 3, column 5 at stride 16: centre (88, 56)
    outputs["class_16"][cell, 2] = 0.9
    point_at(outputs["box_16"], cell, (1, 2, 3, 1))
    found = nanodet(outputs, (416, 416), MACHINES, 0.25)
    np.testing.assert_allclose(found.boxes, [[88 - 16, 56 - 32, 88 + 48, 56 + 16]], atol=1e-3)
    np.testing.assert_allclose(found.scores, [[0, 0, 0.9, 0, 0, 0]])


def test_a_side_is_the_mean_of_its_distribution() -> None:
    outputs = quiet_nanodet()
    outputs["class_32"][0, 0] = 0.5  # equal bins: the mean of 0..10 is 5 strides
    found = nanodet(outputs, (416, 416), MACHINES, 0.25)
    np.testing.assert_allclose(found.boxes, [[16 - 160, 16 - 160, 16 + 160, 16 + 160]], atol=1e-3)


def test_a_quiet_picture_holds_nothing() -> None:
    found = nanodet(quiet_nanodet(), (416, 416), MACHINES, 0.25)
    assert found.boxes.shape == (0, 4)
    assert detections(found, (416, 416), (416, 416), (640, 480), MACHINES, MACHINES.thresholds) == []


def test_a_class_that_nobody_asked_for_does_not_exist() -> None:
    outputs = quiet_nanodet()
    outputs["class_8"][7, 16] = 0.99  # a dog
    assert len(nanodet(outputs, (416, 416), MACHINES, 0.25).boxes) == 0


@pytest.mark.parametrize("spoil", ["class_8", "box_32"])
def test_outputs_of_another_model_are_a_typed_error(spoil: str) -> None:
    outputs = quiet_nanodet()
    del outputs[spoil]
    with pytest.raises(UnexpectedOutput, match="mine: outputs do not fit"):
        decoded(nanodet, "mine", outputs, (416, 416), MACHINES, 0.25)
    with pytest.raises(UnexpectedOutput, match="2704 cells for 320 x 320"):
        decoded(nanodet, "mine", quiet_nanodet(), (320, 320), MACHINES, 0.25)


def candidates(*rows: tuple[tuple[float, float, float, float], dict[str, float]]) -> Candidates:
    names = list(MACHINES.classes)
    scores = [[score.get(name, 0.0) for name in names] for _, score in rows]
    return Candidates(np.array([box for box, _ in rows], np.float32), np.array(scores, np.float32))


def found_in(given: Candidates, picture: tuple[int, int] = (100, 100)) -> list[Detection]:
    return detections(given, (100, 100), picture, picture, MACHINES, MACHINES.thresholds)


def test_one_van_is_one_vehicle_whatever_it_is_called() -> None:
    found = found_in(
        candidates(((0, 0, 50, 50), {"car": 0.5}), ((1, 0, 50, 50), {"truck": 0.6}), ((0, 1, 50, 50), {"bus": 0.45}))
    )
    assert [(one.class_name, round(one.score, 2)) for one in found] == [("truck", 0.6)]


def test_a_rider_and_his_motorcycle_are_both_there() -> None:
    found = found_in(candidates(((0, 0, 50, 50), {"motorcycle": 0.8, "person": 0.3})))
    assert [(one.class_name, one.group) for one in found] == [("motorcycle", "two_wheeler"), ("person", "person")]


def test_each_group_has_its_own_threshold() -> None:
    found = found_in(candidates(((0, 0, 9, 9), {"car": 0.39}), ((50, 50, 60, 60), {"person": 0.26})))
    assert [one.class_name for one in found] == ["person"]


def test_boxes_are_scaled_to_the_picture_and_cut_at_its_edge() -> None:
    (one,) = found_in(candidates(((-10, 10, 60, 50), {"car": 0.9})), (200, 400))
    assert one.box == Box(0, 40, 120, 200)
    assert found_in(candidates(((110, 0, 120, 10), {"car": 0.9}))) == [], "outside of the picture"


def test_padding_is_not_part_of_the_picture() -> None:
    given = candidates(((0, 0, 50, 50), {"car": 0.9}))
    (one,) = detections(given, (100, 100), (400, 400), (400, 100), MACHINES, MACHINES.thresholds)
    assert one.box == Box(0, 0, 200, 100)


def test_suppression_keeps_the_best_and_what_is_apart() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], np.float32)
    assert suppress(boxes, np.array([0.5, 0.9, 0.1], np.float32), 0.5).tolist() == [1, 2]
    assert suppress(boxes, np.array([0.5, 0.9, 0.1], np.float32), 0.9).tolist() == [1, 0, 2]
    assert suppress(boxes[:0], np.array([], np.float32), 0.5).tolist() == []


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.floats(-50, 50, width=32)),
    st.floats(0.1, 0.9),
)
def test_no_two_boxes_that_stay_overlap_more_than_allowed(corners: Array, overlap: float) -> None:
    boxes = np.concatenate([np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])], 1)
    scores = np.linspace(0, 1, len(boxes), dtype=np.float32)
    kept = suppress(boxes, scores, overlap)
    assert len(boxes) == 0 or kept[0] == len(boxes) - 1
    assert (np.diff(scores[kept]) <= 0).all()
    for index, first in enumerate(kept):
        for second in kept[index + 1 :]:
            a, b = boxes[first].astype(float), boxes[second].astype(float)
            shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
            union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
            assert shared <= overlap * union + 1e-3 * (1 + union)


def test_blocks_keep_what_box_by_box_keeps() -> None:
    chance = np.random.default_rng(3)
    corners = chance.uniform(0, 120, (4 * BLOCK, 2)).astype(np.float32)
    boxes = np.concatenate([corners, corners + chance.uniform(5, 30, corners.shape).astype(np.float32)], 1)
    scores = chance.uniform(0, 1, len(boxes)).round(2).astype(np.float32)  # with ties: the first of them stays
    one_by_one: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        alone = [suppress(boxes[[kept, index]], np.array([1, 0], np.float32), 0.3).size == 2 for kept in one_by_one]
        one_by_one += [int(index)] if all(alone) else []
    assert suppress(boxes, scores, 0.3).tolist() == one_by_one
    assert BLOCK < len(one_by_one) < len(boxes) - BLOCK


def test_a_centerface_cell_becomes_a_box() -> None:
    outputs = {
        "heat": np.zeros((1, 8, 16), np.float32),
        "scale": np.zeros((2, 8, 16), np.float32),
        "offset": np.zeros((2, 8, 16), np.float32),
    }
    outputs["heat"][0, 2, 5] = 0.7
    outputs["scale"][:, 2, 5] = np.log(6), np.log(4)  # 24 px high, 16 px wide
    outputs["offset"][:, 2, 5] = 0.25, -0.5  # y, x
    found = centerface(outputs, (64, 32), FACES, 0.2)
    x, y = (5 - 0.5 + 0.5) * 4, (2 + 0.25 + 0.5) * 4
    np.testing.assert_allclose(found.boxes, [[x - 8, y - 12, x + 8, y + 12]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [[0.7]])
    assert len(centerface(outputs, (64, 32), FACES, 0.8).boxes) == 0


def test_priors_go_row_by_row_and_by_side_within_a_cell() -> None:
    table = priors((20, 9))
    assert len(table) == 2 * (3 * 2 + 2 * 1 + 1 * 1)
    np.testing.assert_array_equal(table[:3], [[4, 4, 24], [4, 4, 48], [12, 4, 24]])
    np.testing.assert_array_equal(table[6], [4, 12, 24])
    np.testing.assert_array_equal(table[-1], [16, 16, 768])


def test_a_plate_prior_becomes_a_box() -> None:
    count = len(priors((64, 32)))
    outputs = {"loc": np.zeros((count, 4), np.float32), "conf": np.zeros((count, 2), np.float32)}
    outputs["conf"][3] = 0.1, 0.9  # cell (0, 1): centre (12, 4), side 48
    outputs["loc"][3] = 1, -1, np.log(2) / 0.2, 0
    found = clp(outputs, (64, 32), PLATES, 0.2)
    x, y = 12 + 0.1 * 48, 4 - 0.1 * 48
    np.testing.assert_allclose(found.boxes, [[x - 48, y - 24, x + 48, y + 24]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [[0.9]], rtol=1e-6)
    with pytest.raises(UnexpectedOutput, match="priors of 64 x 64"):
        decoded(clp, "plates", outputs, (64, 64), PLATES, 0.2)
