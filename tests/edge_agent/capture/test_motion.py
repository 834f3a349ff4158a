"""looks ──▶ Motion ──▶ whether the scene moves."""

import numpy as np

from edge_agent.capture.motion import STILL_MS, Motion
from edge_agent.sources.thumbnail import grey_of
from tests.edge_agent.world import EPOCH_MS, flat, noise


def moves(levels: list[tuple[int, int]]) -> list[bool]:
    motion = Motion(2.0)
    return [motion.consider(EPOCH_MS + at_ms, grey_of(flat(level))) for at_ms, level in levels]


def test_a_change_moves_it_for_some_seconds() -> None:
    assert moves([(0, 9), (1000, 9), (2000, 50), (2000 + STILL_MS - 1, 50), (2000 + STILL_MS, 50)]) == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_slow_light_is_no_movement_though_it_changes_the_picture() -> None:
    assert not any(moves([(1000 * n, 50 + n) for n in range(60)]))


def test_grain_is_no_movement() -> None:
    motion = Motion(2.0)
    street = noise(1, 1280, 720)
    for number in range(4):
        grain = np.random.default_rng(number).normal(0, 8, street.shape)
        picture = np.clip(street + grain, 0, 255).astype(np.uint8)
        assert not motion.consider(EPOCH_MS + 1000 * number, grey_of(picture))


def test_a_clock_set_back_begins_anew() -> None:
    assert moves([(3_600_000, 0), (3_601_000, 90), (0, 90), (1000, 90)]) == [False, True, False, False]


def test_one_machine_in_a_street_moves_it_where_that_is_asked_for() -> None:
    plain, keen = Motion(2.0), Motion(2.0, one_machine=True)
    street = noise(1, 1280, 720)
    for number in range(4):
        grain = np.random.default_rng(number).normal(0, 8, street.shape)
        picture = np.clip(street + grain, 0, 255).astype(np.uint8)
        picture[400:470, 100 + 60 * number : 260 + 60 * number] = 230
        grey = grey_of(picture)
        assert not plain.consider(EPOCH_MS + 200 * number, grey)
        assert keen.consider(EPOCH_MS + 200 * number, grey) == (number > 0)


def test_grain_and_slow_light_move_nothing_either_way() -> None:
    keen = Motion(2.0, one_machine=True)
    street = noise(1, 1280, 720)
    for number in range(4):
        grain = np.random.default_rng(number).normal(0, 8, street.shape)
        picture = np.clip(street + grain + number, 0, 255).astype(np.uint8)
        assert not keen.consider(EPOCH_MS + 1000 * number, grey_of(picture))
