"""Who is covered as a person: the certain at once, the doubtful after a second look at its best size."""

from collections.abc import Mapping

import numpy as np
import pytest

from edge_agent.redactor import people
from edge_agent.redactor.cover import Image, Rect
from engines.detection.postprocess import Box, Detection
from engines.manifest import Group

STREET = np.full((720, 1280, 3), 30, np.uint8)
WALKER = Rect(600, 300, 630, 390)
LIGHT = 220


def _street(*walkers: Rect) -> Image:
    """A dark street in which people are light."""
    image = STREET.copy()
    for one in walkers:
        image[int(one.y0) : int(one.y1), int(one.x0) : int(one.x1)] = LIGHT
    return image


class _Eye:
    """Sees what is light on the canvas, every separate piece of it with the same score."""

    def __init__(self, score: float) -> None:
        self.score = score
        self.looks = 0

    def detect(self, picture: Image, *, thresholds: Mapping[Group, float]) -> list[Detection]:
        assert picture.shape == (people.CANVAS_PX, people.CANVAS_PX, 3)
        self.looks += 1
        found, cell = [], people.CANVAS_PX // people.ACROSS
        for row in range(people.ACROSS):
            for column in range(people.ACROSS):
                part = picture[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell, 0] > LIGHT - 40
                ys, xs = np.nonzero(part)
                if len(xs) and self.score >= thresholds["person"]:
                    x, y = column * cell, row * cell
                    box = Box(x + xs.min(), y + ys.min(), x + xs.max() + 1, y + ys.max() + 1)
                    found.append(Detection("person", self.score, box))
        return found


def _person(score: float, rect: Rect = WALKER) -> Detection:
    return Detection("person", score, rect)


def _overlap(one: Rect, other: Rect) -> float:
    shared = one.common(other)
    return shared / (one.width * one.height + other.width * other.height - shared)


def test_the_certain_are_covered_without_a_second_look() -> None:
    eye = _Eye(0.0)
    assert people.covered(_street(WALKER), [_person(people.CERTAIN)], eye, 0.25) == [WALKER]
    assert eye.looks == 0


@pytest.mark.parametrize(
    ("first", "second", "is_covered"),
    [
        (0.3, 0.2, True),
        (0.3, 0.1, False),  # a cone that nobody would take for a person when looking closely
        (0.15, 0.5, True),  # too faint at first, plain then
        (0.15, 0.3, False),
        (0.1, 0.9, False),  # below what is asked about at all
    ],
)
def test_the_doubtful_are_judged_by_the_second_look(first: float, second: float, is_covered: bool) -> None:
    covers = people.covered(_street(WALKER), [_person(first)], _Eye(second), 0.25)
    assert covers == ([WALKER] if is_covered else [])


def test_a_stricter_policy_asks_less_of_both_looks() -> None:
    assert people.covered(_street(WALKER), [_person(0.2)], _Eye(0.08), 0.125) == [WALKER]
    assert people.covered(_street(WALKER), [_person(0.2)], _Eye(0.08), 0.25) == []


def test_a_large_box_around_somebody_gives_way_to_his_own() -> None:
    loose = Rect(400, 150, 860, 560)
    (covered,) = people.covered(_street(WALKER), [_person(0.3, loose)], _Eye(0.6), 0.25)
    assert _overlap(covered, WALKER) > 0.8


TALL = Rect(600, 200, 700, 500)


@pytest.mark.parametrize("loose", [Rect(590, 150, 790, 520), Rect(605, 210, 650, 490)])
def test_of_somebody_large_the_smaller_box_is_covered(loose: Rect) -> None:
    (covered,) = people.covered(_street(TALL), [_person(0.3, loose)], _Eye(people.PLAIN), 0.25)
    smaller = min(loose, TALL, key=lambda box: box.width * box.height)
    assert _overlap(covered, smaller) > 0.9


@pytest.mark.parametrize(("second", "is_covered"), [(people.STILL_LARGE, True), (0.29, False)])
def test_somebody_large_has_to_be_plainer_at_the_second_look(second: float, *, is_covered: bool) -> None:
    loose = Rect(590, 190, 710, 510)
    covers = people.covered(_street(TALL), [_person(0.3, loose)], _Eye(second), 0.25)
    assert covers == ([loose] if is_covered else [])
    certain = _person(people.CERTAIN, loose)
    assert people.covered(_street(TALL), [certain], _Eye(second), 0.25) == [loose], "nobody asks about the certain"


def test_nobody_large_is_faint() -> None:
    large = Rect(300, 100, 500, 600)
    assert people.covered(_street(large), [_person(0.2, large)], _Eye(0.9), 0.25) == []


def test_a_faint_part_of_somebody_is_not_asked_about() -> None:
    eye = _Eye(0.9)
    legs = Rect(602, 345, 628, 390)
    assert people.covered(_street(WALKER), [_person(0.8), _person(0.2, legs)], eye, 0.25) == [WALKER]
    assert eye.looks == 0


def test_whoever_finds_no_place_in_the_second_look_is_judged_by_the_first() -> None:
    places = people.CANVASES * people.ACROSS**2
    crowd = [_person(0.3, Rect(30 * n, 200, 30 * n + 12, 240)) for n in range(places + 5)]
    eye = _Eye(0.0)
    covers = people.covered(STREET, crowd, eye, 0.25)
    assert covers == [Rect(*one.box) for one in crowd[places:]]
    assert eye.looks == people.CANVASES


@pytest.mark.parametrize("corner", [Rect(0, 0, 30, 90), Rect(1250, 640, 1280, 720)])
def test_somebody_at_the_edge_of_the_picture_is_found_again_where_he_is(corner: Rect) -> None:
    seen = people._second_look(_street(corner), [corner], _Eye(0.9))
    assert _overlap(Rect(*seen[0][0].box), corner) > 0.8
