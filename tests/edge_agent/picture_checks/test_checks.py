"""What is wrong with a picture, from real measures on drawn and filmed streets with faults done to them."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.edge import picture_checks as bench
from bench.edge.drawn_street import street
from bench.edge.picture_faults import FAULTS, Image, bright, colour_cast, occluded, scene_moved, sensed, signal_lost
from edge_agent.picture_checks.checks import PictureChecks
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import PictureCheck

SIZE = (640, 360)


class Camera:
    """Looks at a street, every ten seconds unless told otherwise."""

    def __init__(self, number: int = 3, every_s: float = 10.0) -> None:
        self.checks = PictureChecks(processes.Checks(every_s=every_s))
        self.every_s = every_s
        self.chance = np.random.default_rng(number)
        self.scene = street(number, *SIZE)
        self.at_ms = 0

    def look(self, image: Image | None = None, *, times: int = 1) -> dict[PictureCheck, float]:
        sensed_by_turns = [sensed(self.scene if image is None else image, self.chance) for _ in range(min(times, 3))]
        scores: dict[PictureCheck, float] = {}
        for number in range(times):
            scores = self.repeat(sensed_by_turns[number % 3])
        return scores

    def repeat(self, image: Image) -> dict[PictureCheck, float]:
        """Bit by bit the same, with no sensor behind it."""
        self.at_ms += round(self.every_s * 1000)
        return dict(self.checks.consider(self.at_ms, image))

    def harmed(self, check: PictureCheck, strength: int = 1, seed: int = 1) -> Image:
        return FAULTS[check](self.scene, np.random.default_rng(seed), strength)


def faults(scores: dict[PictureCheck, float]) -> set[PictureCheck]:
    return {check for check, score in scores.items() if score >= 0.5}


@pytest.fixture
def camera() -> Camera:
    return Camera()


@pytest.mark.usefixtures("catalog")
def test_f1_of_every_check_on_a_drawn_and_a_filmed_street() -> None:
    """A floor: docs/health.md has the figures, `python -m bench` makes them."""
    tally = bench.Tally()
    for scene in (bench.drawn(2), *bench.filmed([(138, 186)])):
        for episode in bench.episodes(scene, np.random.default_rng(7), strengths=[1]):
            tally.add(episode, bench.checked(episode))
    assert {check for check in PictureCheck if tally.f1(check) < 0.6} == set(), tally.wrong
    assert len(tally.wrong) <= 4, tally.wrong


def test_a_good_picture_is_judged_in_every_respect_once_the_scene_is_known(camera: Camera) -> None:
    learning = camera.look(times=2)
    assert set(PictureCheck) - set(learning) == {PictureCheck.OCCLUDED, PictureCheck.SCENE_MOVED}
    assert set(camera.look()) == set(PictureCheck)
    assert faults(camera.look()) == set()


@pytest.mark.parametrize("check", [PictureCheck.BRIGHT, PictureCheck.BLURRED, PictureCheck.SCENE_MOVED])
def test_a_fault_counts_from_its_second_look_on(camera: Camera, check: PictureCheck) -> None:
    camera.look(times=4)
    assert faults(camera.look(camera.harmed(check))) == set()
    assert faults(camera.look(camera.harmed(check))) == {check}
    assert faults(camera.look()) == set()


def test_what_a_camera_showed_an_hour_ago_excuses_nothing(camera: Camera) -> None:
    camera.look(times=4)
    camera.at_ms += 3_600_000
    assert faults(camera.look(camera.harmed(PictureCheck.BRIGHT))) == {PictureCheck.BRIGHT}


absent = [
    (signal_lost, {PictureCheck.SIGNAL_LOST}),
    (bright, {PictureCheck.SIGNAL_LOST, PictureCheck.BRIGHT, PictureCheck.DARK}),
]


@pytest.mark.parametrize(("harm", "made"), absent)
def test_what_cannot_be_told_is_absent(camera: Camera, harm: Callable[..., Image], made: set[PictureCheck]) -> None:
    camera.look(times=4)
    harmed = harm(camera.scene, np.random.default_rng(1), 1)
    assert set(camera.look(harmed, times=2)) == made


def test_a_picture_that_is_repeated_is_frozen_after_two_minutes_in_spite_of_its_clock(camera: Camera) -> None:
    camera.look(times=3)
    stuck = sensed(camera.scene, camera.chance)
    scores = []
    for second in range(0, 260, 10):
        shown = stuck.copy()
        cv2.putText(shown, f"10:00:{second % 60:02d}", (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
        scores.append(camera.repeat(shown)[PictureCheck.FROZEN])
    assert next(second for second, score in zip(range(0, 260, 10), scores, strict=True) if score >= 0.5) in {120, 130}
    assert scores[-1] == 1
    assert camera.look()[PictureCheck.FROZEN] == 0


def test_a_parked_street_under_a_living_sensor_is_not_frozen(camera: Camera) -> None:
    assert camera.look(times=40)[PictureCheck.FROZEN] == 0


def test_a_car_that_drives_through_shows_that_a_silent_street_lives(camera: Camera) -> None:
    still = camera.scene
    for step in range(40):
        shown = still.copy()
        if step % 10 == 9:
            x = 40 + 3 * step
            shown[200:300, x : x + 160] = 30
        assert camera.repeat(shown).get(PictureCheck.FROZEN, 0.0) < 0.5


def test_a_turned_camera_is_told_until_its_new_view_has_stood_for_an_hour() -> None:
    camera = Camera(every_s=120)
    camera.look(times=4)
    turned = scene_moved(camera.scene, np.random.default_rng(2), 1)
    told = [PictureCheck.SCENE_MOVED in faults(camera.look(turned)) for _ in range(40)]
    assert not told[0]
    assert all(told[1:28])
    assert not any(told[31:])


def test_a_camera_that_patrols_is_moved_until_its_third_round(camera: Camera) -> None:
    places = [street(number, *SIZE) for number in (11, 12, 13)]
    moved = []
    for _ in range(5):
        for place in places:
            moved += [PictureCheck.SCENE_MOVED in faults(camera.look(place, times=4))]
    assert any(moved)
    assert not any(moved[3 * 3 :])


def test_a_covered_lens_is_told_for_hours_and_its_scene_not_forgotten() -> None:
    camera = Camera(every_s=120)
    camera.look(times=30)
    covered = occluded(camera.scene, np.random.default_rng(4), 1)
    assert faults(camera.look(covered, times=2)) == {PictureCheck.OCCLUDED}
    assert faults(camera.look(covered, times=90)) == {PictureCheck.OCCLUDED}
    assert faults(camera.look(times=2)) == set()


def test_what_is_washed_out_teaches_nothing() -> None:
    camera = Camera(every_s=120)
    camera.look(times=4)
    assert faults(camera.look(camera.harmed(PictureCheck.LOW_CONTRAST), times=30)) == {PictureCheck.LOW_CONTRAST}
    assert faults(camera.look(camera.harmed(PictureCheck.OCCLUDED), times=2)) == {PictureCheck.OCCLUDED}


def test_dusk_takes_ten_minutes_and_is_neither_moved_nor_covered(camera: Camera) -> None:
    camera.look(times=4)
    for light in np.linspace(1, 0.3, 60):
        found = faults(camera.look(np.asarray(camera.scene * light, np.uint8)))
        assert not found & {PictureCheck.OCCLUDED, PictureCheck.SCENE_MOVED}


def test_black_and_white_has_no_cast_and_orange_has(camera: Camera) -> None:
    grey = np.repeat(cv2.cvtColor(camera.scene, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    assert camera.look(np.asarray(grey, np.uint8), times=2)[PictureCheck.COLOUR_CAST] == 0
    orange = colour_cast(camera.scene, np.random.default_rng(5), 2)
    assert faults(camera.look(orange, times=2)) == {PictureCheck.COLOUR_CAST}


@settings(max_examples=25)
@given(width=st.integers(1, 700), height=st.integers(1, 500), seed=st.integers(0, 99), plain=st.booleans())
def test_any_picture_of_any_size_gets_scores_or_none(width: int, height: int, seed: int, *, plain: bool) -> None:
    chance = np.random.default_rng(seed)
    low, high = (seed, seed + 1) if plain else (0, 256)
    image = chance.integers(low, high, (height, width, 3), dtype=np.uint8)
    checks = PictureChecks(processes.Checks())
    for number in range(4):
        scores = checks.consider(number * 10_000, image)
        assert all(0 <= score <= 1 for score in scores.values())
    assert bool(scores) == (min(width, height) >= 16)


def test_a_camera_that_changes_its_resolution_goes_on(camera: Camera) -> None:
    camera.look(times=5)
    larger = cv2.resize(camera.scene, (1280, 720), interpolation=cv2.INTER_CUBIC)
    assert faults(camera.look(np.asarray(larger, np.uint8), times=3)) == set()
