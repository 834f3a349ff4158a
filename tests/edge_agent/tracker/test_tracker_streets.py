"""A whole simulated street at several look rates, against the truth. More of it in docs/tracker.md."""

import pytest

from edge_agent.tracker import Tracker
from tests.edge_agent.traffic import SIZE
from tests.edge_agent.traffic_looks import NONE, looks, times
from tests.edge_agent.traffic_scoring import Score, played, share
from tests.edge_agent.traffic_streets import avenue, junction

SECONDS = 60.0
SEED = 5


def avenue_at(per_second: float) -> Score:
    street, camera = avenue(SECONDS)
    return played(street.drive(SEED), camera, per_second, SEED)


def junction_at(per_second: float) -> Score:
    street, camera = junction(SECONDS)
    return played(street.drive(SEED), camera, per_second, SEED)


def test_five_looks_a_second_on_a_dense_avenue() -> None:
    score = avenue_at(5)
    assert score.crossings > 60
    assert score.recall > 0.9
    assert score.precision > 0.98
    assert score.heading_error(50) < 4
    assert score.heading_error(90) < 10
    assert score.backwards < 0.005
    assert share(len(score.heading_errors), score.moving) > 0.8
    assert score.wrong_found == score.wrong > 0
    assert score.wrong_told == score.wrong_right


def test_two_looks_a_second_on_a_dense_avenue() -> None:
    score = avenue_at(2)
    assert score.recall > 0.75
    assert score.precision > 0.95
    assert score.backwards < 0.02
    assert score.wrong_told == score.wrong_right


def test_two_looks_a_second_at_a_junction_with_parked_machines_on_a_line() -> None:
    score = junction_at(2)
    assert score.crossings > 20
    assert score.recall > 0.75
    assert score.precision > 0.95
    assert share(score.standing_headings, score.standing) < 0.01


def test_at_a_look_a_second_the_direction_of_a_stream_is_not_guessed() -> None:
    score = avenue_at(1) + junction_at(1)
    assert len(score.heading_errors) < 0.1 * score.moving
    assert score.crossings_right == score.crossings_told


@pytest.mark.parametrize("street_at", [avenue_at, junction_at])
def test_below_a_look_a_second_nothing_is_told_of_what_moves(street_at: object) -> None:
    score = avenue_at(0.5) if street_at is avenue_at else junction_at(0.5)
    assert score.crossings_told == 0
    assert score.wrong_told == 0
    assert len(score.heading_errors) < 0.01 * score.moving


@pytest.mark.parametrize("per_second", [0.5, 2.0, 5.0])
def test_parked_machines_dwell_as_long_as_they_are_there(per_second: float) -> None:
    street, camera = junction(SECONDS)
    street.roads = []
    street.drive(SEED)
    tracker, dwells = Tracker(camera), dict.fromkeys(range(len(street.actors)), 0.0)
    zones: dict[str, float] = {}
    for look in looks(street, times(street, per_second, SEED), SEED):
        for machine, whose in zip(tracker.update(look.at_ms, look.machines, SIZE).machines, look.actors, strict=True):
            if whose is not None and machine.motion is not None:
                dwells[whose] = machine.motion.dwell_s
                zones |= machine.motion.zones
    assert min(dwells.values()) > 0.9 * SECONDS - 2 / per_second
    assert set(zones) == {"kerb zone", "rack"}
    assert min(zones.values()) > 0.9 * SECONDS - 2 / per_second


def test_with_a_faultless_detector_every_crossing_of_a_sparse_avenue_is_told() -> None:
    street, camera = avenue(SECONDS, dense=False)
    score = played(street.drive(SEED), camera, 10, SEED, NONE)
    assert score.crossings_found == score.crossings > 15
    assert score.precision == 1
    assert score.swaps == 0
