from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.accuracy.labels import LabelledMachine, LabelledPicture, read
from engines.accuracy.matching import IOU, Label, Match, matches, overlap
from engines.accuracy.score import Row, ScoreTally
from engines.detection.postprocess import Box, Detection
from engines.errors import BadLabels
from engines.manifest import ClassName, Group

THRESHOLDS: dict[Group, float] = {"vehicle": 0.4, "two_wheeler": 0.4}
classes: st.SearchStrategy[ClassName] = st.sampled_from(("car", "truck", "bicycle"))
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(8, 40),
    st.integers(8, 40),
)
labels = st.builds(Label, classes, boxes, st.booleans())
scores = st.lists(st.integers(1, 999), unique=True, max_size=8)


def picture(*machines: LabelledMachine, ignore: tuple[tuple[float, float, float, float], ...] = ()) -> LabelledPicture:
    return LabelledPicture(file="a.jpg", machines=machines, ignore=ignore)


def machine(name: str, *box: float, difficult: bool = False) -> LabelledMachine:
    return LabelledMachine.model_validate({"class": name, "box": box, "difficult": difficult})


def found(name: ClassName, score: float, *box: float) -> Detection:
    return Detection(name, score, Box(*box))


def row(tally: ScoreTally, scope: str) -> Row:
    return next(one for one in tally.rows() if one.scope == scope)


def by_brute_force(some: Sequence[Label], detections: Sequence[Detection], ignored: Sequence[Box]) -> list[Match]:
    """Cut each pixel out of the boxes, and take labels one score after the other."""

    def cells(box: Box) -> set[tuple[int, int]]:
        return {(x, y) for x in range(int(box.x0), int(box.x1)) for y in range(int(box.y0), int(box.y1))}

    taken: set[int] = set()
    result = []
    for detection in sorted(detections, key=lambda one: one.score, reverse=True):
        mine = cells(detection.box)
        best = None
        for counts in (True, False):
            shares = {
                index: len(mine & cells(label.box)) / len(mine | cells(label.box))
                for index, label in enumerate(some)
                if index not in taken and label.counts is counts and label.group == detection.group
            }
            near = [index for index, share in shares.items() if share >= IOU]
            if best is None and near:
                best = min(near, key=lambda index: (-shares[index], index))
        if best is not None:
            taken.add(best)
            result.append(Match(detection, some[best], some[best].counts))
        else:
            hidden = any(2 * len(mine & cells(region)) >= len(mine) for region in ignored)
            result.append(Match(detection, None, not hidden))
    return result


@given(some=st.lists(labels, max_size=6), ranks=scores, data=st.data(), ignored=st.lists(boxes, max_size=2))
def test_matching_is_what_brute_force_finds(
    some: list[Label], ranks: list[int], data: st.DataObject, ignored: list[Box]
) -> None:
    detections = [Detection(data.draw(classes), rank / 1000, data.draw(boxes)) for rank in ranks]
    assert matches(some, detections, ignored) == by_brute_force(some, detections, ignored)


@given(one=boxes, other=boxes)
def test_overlap_is_symmetric_and_whole_with_itself(one: Box, other: Box) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one) == 1.0


def test_a_second_box_on_one_machine_is_false() -> None:
    tally = ScoreTally(THRESHOLDS)
    tally.add(picture(machine("car", 0, 0, 60, 40)), [found("car", 0.9, 0, 0, 60, 40), found("car", 0.8, 2, 0, 62, 40)])
    whole = row(tally, "all machines")
    assert (whole.labels, whole.detections, whole.precision, whole.recall, whole.ap) == (1, 2, 0.5, 1.0, 1.0)


def test_a_truck_called_a_car_is_found_but_of_the_wrong_class() -> None:
    tally = ScoreTally(THRESHOLDS)
    tally.add(picture(machine("truck", 0, 0, 60, 40)), [found("car", 0.9, 0, 0, 60, 40)])
    assert row(tally, "all machines").recall == 1.0
    assert row(tally, "truck").recall == 0.0
    assert row(tally, "car").precision == 0.0
    assert (tally.type_right, tally.type_of) == (0, 1)


def test_what_is_difficult_too_low_or_in_an_ignored_region_does_not_count() -> None:
    tally = ScoreTally(THRESHOLDS)
    labelled = picture(
        machine("car", 0, 0, 60, 40, difficult=True), machine("car", 100, 0, 120, 12), ignore=((200, 0, 300, 100),)
    )
    tally.add(
        labelled,
        [found("car", 0.9, 0, 0, 60, 40), found("car", 0.9, 100, 0, 120, 12), found("bus", 0.9, 210, 10, 290, 90)],
    )
    whole = row(tally, "all machines")
    assert (whole.labels, whole.detections, whole.precision) == (0, 0, None)


def test_a_low_score_counts_for_average_precision_alone() -> None:
    tally = ScoreTally(THRESHOLDS)
    tally.add(picture(machine("car", 0, 0, 60, 40)), [found("car", 0.2, 0, 0, 60, 40)])
    whole = row(tally, "all machines")
    assert (whole.detections, whole.recall, whole.ap) == (0, 0.0, 1.0)


def test_a_machine_counts_in_its_height_only() -> None:
    tally = ScoreTally(THRESHOLDS)
    tally.add(picture(machine("car", 0, 0, 60, 40)), [found("car", 0.9, 0, 0, 60, 36)])
    assert row(tally, "40 to 79 px high").recall == 1.0
    assert (row(tally, "24 to 39 px high").labels, row(tally, "24 to 39 px high").detections) == (0, 0)


def test_a_label_file_names_its_first_fault(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    file.write_text('{"pictures": [{"file": "a.jpg", "machines": [{"class": "person", "box": [0, 0, 9, 9]}]}]}')
    with pytest.raises(BadLabels, match=r"pictures.0.machines.0.class"):
        read(file)
    file.write_text('{"pictures": [{"file": "../a.jpg"}]}')
    with pytest.raises(BadLabels, match="file"):
        read(file)
