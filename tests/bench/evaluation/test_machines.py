"""The labelled machines, what is judged to be left of them, and the weather that is drawn over their pictures."""

from collections import Counter

import numpy as np
import pytest

from bench.evaluation.kept import MOST_PAINTED, REST, kept
from bench.evaluation.machine_pictures import PHOTOGRAPHED, WEATHER, drawn, packages, pictures
from bench.evaluation.machines import Figures
from bench.evaluation.photographs import Photographs
from bench.evaluation.weather import WEATHERS, Image
from edge_agent.redactor.cover import Rect
from engines.accuracy.labels import LabelledMachine, LabelledPicture
from engines.accuracy.score import LEAST_PX, ScoreTally
from provisioning.contracts.query.archive import MachineColour

PICTURE = LabelledPicture.model_validate(
    {
        "file": "street",
        "machines": [
            {"class": "car", "box": [100, 100, 200, 150]},
            {"class": "bicycle", "box": [300, 100, 340, 160]},
            {"class": "bus", "box": [0, 0, 90, 90], "difficult": True},
        ],
        "people": [[300, 60, 340, 130]],
    }
)


def paint(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((200, 400), np.bool_)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


def test_every_label_is_valid_and_tall_enough_or_said_not_to_count() -> None:
    machines: list[LabelledMachine] = []
    for entry in [*drawn()["pictures"], *(frame for clip in drawn()["clips"] for frame in clip["frames"])]:
        boxes = {key: entry[key] for key in ("machines", "people", "plates", "ignore")}
        machines += LabelledPicture.model_validate({"file": "a", **boxes}).machines
    assert len(machines) >= 400
    assert all(one.difficult or one.box[3] - one.box[1] >= LEAST_PX for one in machines)
    assert {one.colour for one in machines} <= {None, *(colour.value for colour in MachineColour)}


def test_a_plate_of_a_two_wheeler_lies_on_a_labelled_one() -> None:
    drawn_over = [(entry, plate) for entry in drawn()["pictures"] for plate in entry.get("two_wheeler_plates", ())]
    assert len(drawn_over) >= 30
    for entry, (x0, y0, x1, y1) in drawn_over:
        boxes = [one["box"] for one in entry["machines"] if one["class"] == "motorcycle"]
        assert any(box[0] <= (x0 + x1) / 2 <= box[2] and box[1] <= (y0 + y1) / 2 <= box[3] for box in boxes), entry[
            "file"
        ]


@pytest.mark.network
def test_the_machines_that_were_labelled_first_stay_a_part_of_their_own() -> None:
    counted: Counter[str] = Counter()
    for shown in pictures(Photographs(packages())):
        of = sum(not one.difficult for one in shown.labelled.machines)
        counted.update(dict.fromkeys(shown.parts, of))
    first, added = f"{PHOTOGRAPHED}, labelled 2026-11-28", f"{PHOTOGRAPHED}, labelled 2026-11-29"
    assert (counted[first], counted[f"{WEATHER}, labelled 2026-11-28"]) == (226, 86)
    assert counted[PHOTOGRAPHED] == counted[first] + counted[added] >= 400
    assert counted[f"{PHOTOGRAPHED}, fixed street cameras"] >= 200


def test_every_picture_comes_from_a_package_that_is_pinned() -> None:
    named = {(entry["package"], entry["file"]) for entry in [*drawn()["pictures"], *drawn()["clips"]]}
    assert named == {(package.name, file) for package in packages() for file in package.files}
    assert all(len(package.sha256) == 64 for package in packages())


def test_a_machine_half_under_a_band_is_not_kept_and_the_cause_is_said() -> None:
    band = (100, 100, 200, 125)
    car, bicycle = kept(PICTURE, paint(band), lambda: {"bands": [Rect(*band)], "faces": []})
    assert (car.is_kept, car.painted, car.cause) == (False, 0.5, "bands")
    assert (bicycle.is_kept, bicycle.painted) == (True, 0.0)


def test_machines_that_are_not_kept_are_counted_by_class_and_cause() -> None:
    band = (100, 100, 200, 125)
    figures = Figures(ScoreTally({}), ScoreTally({}))
    figures.kept += 2 * kept(PICTURE, paint(band), lambda: {"bands": [Rect(*band)], "faces": []})
    assert figures.reasons() == {("car", "bands"): 2}


def test_the_cover_of_a_rider_is_needed() -> None:
    rider = (295, 55, 345, 136)
    _, bicycle = kept(PICTURE, paint(rider), lambda: {"people": [Rect(*rider)]})
    assert bicycle.painted == 0.0


def test_paint_that_no_first_search_asked_for_is_the_rest() -> None:
    car, _ = kept(PICTURE, paint((100, 100, 130, 150)), lambda: {"bands": []})
    assert (car.painted, car.cause) == (MOST_PAINTED, REST)
    assert car.is_kept


def test_nothing_is_searched_where_no_machine_is_painted() -> None:
    def search() -> dict[str, list[Rect]]:
        raise AssertionError

    assert [one.painted for one in kept(PICTURE, paint((0, 0, 90, 90)), search)] == [0.0, 0.0]  # type: ignore[arg-type]


@pytest.mark.parametrize("weather", WEATHERS)
def test_weather_is_the_same_each_time_and_changes_the_light(weather: str) -> None:
    picture: Image = np.full((120, 160, 3), 128, np.uint8)
    first = WEATHERS[weather](picture)
    np.testing.assert_array_equal(first, WEATHERS[weather](picture))
    assert first.shape == picture.shape
    assert first.dtype == np.uint8
    assert (first.mean() < 100) == (weather == "dusk")
