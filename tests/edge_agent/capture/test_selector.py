"""keyframes ──▶ selector ──▶ what is worth a snapshot; by capture times and pixels alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.capture.selector import Selector
from edge_agent.frames import SelectReason
from provisioning.contracts.config import processes
from tests.edge_agent.world import EPOCH_MS, flat, glance, noise


def chosen(settings: processes.Selector, looks: list[tuple[int, int]]) -> list[tuple[int, SelectReason]]:
    """Capture times (ms from the start) and reasons of what is taken of (time, grey level) looks."""
    selector = Selector(settings)
    taken = []
    for number, (at_ms, level) in enumerate(looks):
        reason = selector.consider(glance(number, at_ms=EPOCH_MS + at_ms, image=flat(level)))
        if reason is not None:
            taken.append((at_ms, reason))
    return taken


def test_a_still_scene_gives_the_first_picture_and_then_the_heartbeat() -> None:
    settings = processes.Selector(max_per_second=1, change_threshold=2, heartbeat_s=10)
    looks = [(2000 * n, 100) for n in range(11)]
    assert chosen(settings, looks) == [
        (0, SelectReason.FIRST),
        (10_000, SelectReason.HEARTBEAT),
        (20_000, SelectReason.HEARTBEAT),
    ]


def test_change_is_measured_against_the_last_selected_picture_so_slow_light_counts() -> None:
    settings = processes.Selector(max_per_second=25, change_threshold=2, heartbeat_s=3600)
    looks = [(1000 * n, 100 + n) for n in range(6)]  # one level a second: never 2 from one frame to the next
    assert chosen(settings, looks) == [
        (0, SelectReason.FIRST),
        (2000, SelectReason.CHANGE),
        (4000, SelectReason.CHANGE),
    ]


def test_noise_of_a_sensor_is_no_change_and_a_bicycle_is() -> None:
    street = noise(1, 1280, 720)
    grain = np.random.default_rng(2).normal(0, 8, street.shape)
    grainy = np.clip(street + grain, 0, 255).astype(np.uint8)
    with_bicycle = street.copy()
    with_bicycle[300:480, 500:700] = 20  # 4 % of the picture
    selector = Selector(processes.Selector(max_per_second=25, change_threshold=2))
    assert selector.consider(glance(0, image=street)) is not None
    assert selector.consider(glance(1, image=grainy)) is None
    assert selector.consider(glance(2, image=with_bicycle)) is not None


def test_a_keyframe_a_second_passes_one_a_second_although_it_jitters() -> None:
    settings = processes.Selector(max_per_second=1, change_threshold=0)
    looks = [(1000 * n + (-1) ** n * 12, n) for n in range(1, 60)]
    assert len(chosen(settings, looks)) == 59


@given(
    rate=st.floats(0.1, 25),
    gaps=st.lists(st.integers(1, 5000), min_size=2, max_size=200),
    late=st.integers(0, 10_000),
)
def test_never_more_than_the_rate_over_any_stretch(rate: float, gaps: list[int], late: int) -> None:
    at_ms = late
    looks = []
    for number, gap in enumerate(gaps):
        at_ms += gap
        looks.append((at_ms, number % 256))
    times = [at for at, _ in chosen(processes.Selector(max_per_second=rate, change_threshold=0), looks)]
    for begin in range(len(times)):
        for end in range(begin + 1, len(times)):
            # The quarter interval of grace is given once in a stretch, not once a picture.
            assert end - begin <= (times[end] - times[begin]) / 1000 * rate + 0.25 + 1e-6


@given(looks=st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), max_size=40))
def test_the_same_pictures_are_selected_again(looks: list[tuple[int, int]]) -> None:
    settings = processes.Selector(max_per_second=2, change_threshold=3, heartbeat_s=5)
    assert chosen(settings, looks) == chosen(settings, looks)


def test_a_clock_set_back_does_not_blind_the_camera() -> None:
    settings = processes.Selector(max_per_second=1, change_threshold=2, heartbeat_s=60)
    assert chosen(settings, [(3_600_000, 9), (0, 9), (500, 200), (1000, 200)]) == [
        (3_600_000, SelectReason.FIRST),
        (0, SelectReason.FIRST),
        (1000, SelectReason.CHANGE),
    ]


@pytest.mark.parametrize("size", [(64, 36), (320, 240), (1920, 1080)])
def test_a_change_of_resolution_alone_is_no_change(size: tuple[int, int]) -> None:
    selector = Selector(processes.Selector(max_per_second=25, change_threshold=2))
    selector.consider(glance(0, image=flat(77)))
    assert selector.consider(glance(1, image=flat(77, *size))) is None


def test_what_a_device_pushed_is_always_taken_and_the_camera_s_pace_does_not_mind() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2))
    assert selector.consider(glance(0, at_ms=EPOCH_MS, image=flat(0))) is SelectReason.FIRST
    pushed = [replace(glance(n, at_ms=EPOCH_MS + n, image=flat(0)), pushed=True) for n in range(1, 6)]
    assert [selector.consider(each) for each in pushed] == [SelectReason.PUSHED] * 5
    assert selector.consider(glance(9, at_ms=EPOCH_MS + 1000, image=flat(9))) is SelectReason.CHANGE


def taken(selector: Selector, looks: list[tuple[int, int]]) -> list[int]:
    """Capture times of what is taken of (time, grey level) looks."""
    return [
        at_ms
        for number, (at_ms, level) in enumerate(looks)
        if selector.consider(glance(number, at_ms=EPOCH_MS + at_ms, image=flat(level)))
    ]


def test_what_the_budget_holds_back_is_counted_and_what_the_configuration_does_not_want_is_not() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2))
    selector.least_ms = 4000
    # Twice a second something else: every second one is more than the configuration asks for.
    assert taken(selector, [(500 * n, 40 * (n % 2) + n) for n in range(17)]) == [0, 3000, 7000]
    assert selector.passed_over > 0
    before = selector.passed_over
    assert taken(selector, [(8600, 0), (8700, 0)]) == []
    assert selector.passed_over == before + 2
    selector.least_ms = 0
    assert taken(selector, [(8800, 0)]) == [8800]
    assert taken(selector, [(9000, 200)]) == []  # too early for the configuration
    assert selector.passed_over == before + 2


def test_a_still_scene_passes_nothing_over() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2))
    selector.least_ms = 60_000
    taken(selector, [(1000 * n, 9) for n in range(30)])
    assert selector.passed_over == 0


def test_a_sign_of_life_is_given_whatever_the_budget() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2, heartbeat_s=10))
    selector.least_ms = 3_600_000
    assert taken(selector, [(1000 * n, 90 * (n % 2)) for n in range(31)]) == [0, 10_000, 20_000, 30_000]
    selector.least_ms = 2000  # and the next change has not been pushed into the future by them
    assert taken(selector, [(32_000, 90)]) == [32_000]


def test_while_its_place_in_the_queue_is_full_nothing_is_taken() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2, heartbeat_s=10))
    selector.is_full = True
    assert taken(selector, [(0, 0), (1000, 90), (20_000, 90)]) == []
    assert selector.passed_over == 0  # there is no picture before the first to compare with
    selector.is_full = False
    assert taken(selector, [(21_000, 90)]) == [21_000]
    selector.is_full = True
    assert taken(selector, [(22_000, 0), (90_000, 90)]) == []
    assert selector.passed_over == 1


def test_a_pace_that_is_relaxed_counts_at_once() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2))
    selector.least_ms = 600_000
    assert taken(selector, [(0, 0), (1000, 90)]) == [0]
    selector.least_ms = 2000
    assert taken(selector, [(2000, 90)]) == [2000]


def test_a_picture_that_could_not_be_had_is_no_picture_to_compare_with() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2))
    assert taken(selector, [(0, 0), (1000, 90)]) == [0, 1000]
    selector.take_back()
    assert taken(selector, [(2000, 90)]) == [2000]


def test_what_it_remembers_goes_on_in_another() -> None:
    settings = processes.Selector(max_per_second=1, change_threshold=2)
    first = Selector(settings)
    taken(first, [(0, 50)])
    second = Selector(settings, first.memory)
    assert taken(second, [(1000, 50), (2000, 90)]) == [2000]


def test_a_raised_rate_counts_at_once_is_no_lower_than_the_configured_one_and_is_given_back() -> None:
    selector = Selector(processes.Selector(max_per_second=1, change_threshold=2))
    looks = [(number * 100, 10 * number) for number in range(20)]
    selector.raise_rate(5)
    assert taken(selector, looks) == list(range(0, 2000, 200))
    selector.raise_rate(0.5)
    assert taken(selector, [(at + 2000, level) for at, level in looks]) == [2600, 3600]
    selector.raise_rate(0)
    assert taken(selector, [(at + 4000, level) for at, level in looks]) == [4600, 5600]
