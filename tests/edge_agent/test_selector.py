"""keyframes ──▶ selector ──▶ what is worth a snapshot; by capture times and pixels alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.frames import SelectReason
from edge_agent.selector import Selector
from provisioning.contracts import config
from tests.edge_agent.world import EPOCH_MS, flat, frame, noise


def chosen(settings: config.Selector, looks: list[tuple[int, int]]) -> list[tuple[int, SelectReason]]:
    """Capture times (ms from the start) and reasons of what is taken of (time, grey level) frames."""
    selector = Selector(settings)
    taken = []
    for number, (at_ms, level) in enumerate(looks):
        result = selector.consider(frame(number, at_ms=EPOCH_MS + at_ms, image=flat(level)))
        if result is not None:
            taken.append((result.frame.captured_at_ms - EPOCH_MS, result.reason))
    return taken


def test_a_still_scene_gives_the_first_picture_and_then_the_heartbeat() -> None:
    settings = config.Selector(max_per_second=1, change_threshold=2, heartbeat_s=10)
    looks = [(2000 * n, 100) for n in range(11)]
    assert chosen(settings, looks) == [
        (0, SelectReason.FIRST),
        (10_000, SelectReason.HEARTBEAT),
        (20_000, SelectReason.HEARTBEAT),
    ]


def test_change_is_measured_against_the_last_selected_picture_so_slow_light_counts() -> None:
    settings = config.Selector(max_per_second=25, change_threshold=2, heartbeat_s=3600)
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
    selector = Selector(config.Selector(max_per_second=25, change_threshold=2))
    assert selector.consider(frame(0, image=street)) is not None
    assert selector.consider(frame(1, image=grainy)) is None
    assert selector.consider(frame(2, image=with_bicycle)) is not None


def test_a_keyframe_a_second_passes_one_a_second_although_it_jitters() -> None:
    settings = config.Selector(max_per_second=1, change_threshold=0)
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
    times = [at for at, _ in chosen(config.Selector(max_per_second=rate, change_threshold=0), looks)]
    for begin in range(len(times)):
        for end in range(begin + 1, len(times)):
            # The quarter interval of grace is given once in a stretch, not once a picture.
            assert end - begin <= (times[end] - times[begin]) / 1000 * rate + 0.25 + 1e-6


@given(looks=st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), max_size=40))
def test_the_same_frames_are_selected_again(looks: list[tuple[int, int]]) -> None:
    settings = config.Selector(max_per_second=2, change_threshold=3, heartbeat_s=5)
    assert chosen(settings, looks) == chosen(settings, looks)


def test_a_clock_set_back_does_not_blind_the_camera() -> None:
    settings = config.Selector(max_per_second=1, change_threshold=2, heartbeat_s=60)
    assert chosen(settings, [(3_600_000, 9), (0, 9), (500, 200), (1000, 200)]) == [
        (3_600_000, SelectReason.FIRST),
        (0, SelectReason.FIRST),
        (1000, SelectReason.CHANGE),
    ]


@pytest.mark.parametrize("size", [(64, 36), (320, 240), (1920, 1080)])
def test_a_change_of_resolution_alone_is_no_change(size: tuple[int, int]) -> None:
    selector = Selector(config.Selector(max_per_second=25, change_threshold=2))
    selector.consider(frame(0, image=flat(77)))
    assert selector.consider(frame(1, image=flat(77, *size))) is None
