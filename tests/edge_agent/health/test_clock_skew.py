"""How wrong a camera's clock is: to half a second where RTCP tells, otherwise a bound, never a guess."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.health.clock_skew import CONTRADICTION_MS, GOOD_MS, KEPT_S, PICTURE_WAY_MS, ClockSkew, Skew
from provisioning.contracts.wire.messages import ClockReading, ClockSource

NOW_MS = 1_795_000_000_000


def told_by_reports(
    skew_ms: float, *, chance: random.Random, shortest_ms: float, jitter_ms: float, burst: float, seconds: int = 120
) -> Skew:
    """A report a second for two minutes: an exponential queue on top of the shortest way, and now and then a burst."""
    clock = ClockSkew()
    for second in range(seconds):
        late_ms = (
            shortest_ms + chance.expovariate(1 / jitter_ms) + (chance.random() < burst) * chance.uniform(500, 4000)
        )
        clock.reported(skew_ms - late_ms, NOW_MS + 1000 * second, float(second))
    return clock.skew(float(seconds))


@given(
    seed=st.integers(0, 10_000),
    skew_ms=st.floats(-3e8, 3e8),
    shortest_ms=st.floats(5, 300),  # and a queue on top: the quickest of all must take less than 400 ms
    jitter_ms=st.floats(1, 150),
    burst=st.floats(0, 0.5),
)
def test_reports_over_a_bad_network_tell_the_skew_to_half_a_second(
    seed: int, skew_ms: float, shortest_ms: float, jitter_ms: float, burst: float
) -> None:
    chance = random.Random(seed)
    told = told_by_reports(skew_ms, chance=chance, shortest_ms=shortest_ms, jitter_ms=jitter_ms, burst=burst)
    assert told.bound_ms is not None
    if told.estimate_ms is None:  # it may say that it does not know, and then only within its bound
        assert abs(skew_ms) <= told.bound_ms
    else:
        assert told.bound_ms <= GOOD_MS
        assert abs(told.estimate_ms - skew_ms) <= told.bound_ms + 1e-3


def test_on_a_usual_network_it_is_known_and_not_only_bounded() -> None:
    for seed in range(100):
        told = told_by_reports(-5000, chance=random.Random(seed), shortest_ms=60, jitter_ms=40, burst=0.05)
        assert told.estimate_ms == pytest.approx(-5000, abs=300)


def test_two_reports_are_no_evidence_and_old_ones_are_none() -> None:
    clock = ClockSkew()
    for second in (0.0, 1.0):
        clock.reported(0.0, NOW_MS, second)
        assert clock.skew(second) == Skew(None, None)
    clock.reported(0.0, NOW_MS, 2.0)
    assert clock.skew(2.0).estimate_ms == 200.0
    assert clock.skew(200.0) == Skew(None, None)


def test_while_a_camera_sets_its_clock_nobody_claims_to_know_it() -> None:
    clock = ClockSkew()
    estimates = []
    for second in range(180):
        clock.reported(-40.0 if second < 60 else -30_040.0, NOW_MS, float(second))
        estimates.append(clock.skew(float(second)).estimate_ms)
    assert estimates[59] == pytest.approx(160)
    assert estimates[90] is None
    assert estimates[179] == pytest.approx(-29_840)


def test_a_camera_that_counts_from_its_start_tells_no_time() -> None:
    clock = ClockSkew()
    for second in range(60):
        clock.reported(float(1000 * second - NOW_MS), NOW_MS, float(second))
    assert clock.skew(60.0) == Skew(None, None)


def test_a_clock_that_fell_back_to_the_year_2000_is_told() -> None:
    clock = ClockSkew()
    year_2000_ms = 946_684_800_000
    for second in range(60):
        clock.reported(float(year_2000_ms - NOW_MS), NOW_MS, float(second))
    assert clock.skew(60.0).estimate_ms == pytest.approx(year_2000_ms - NOW_MS, abs=500)


@given(skew_ms=st.floats(-1e9, 1e9), ways=st.lists(st.floats(0, PICTURE_WAY_MS), min_size=3, max_size=30))
def test_pushed_pictures_only_bound_the_skew(skew_ms: float, ways: list[float]) -> None:
    clock = ClockSkew()
    for second, way_ms in enumerate(ways):
        clock.pictured(skew_ms - way_ms, NOW_MS, float(second))
    told = clock.skew(float(len(ways)))
    assert told.estimate_ms is None
    assert told.bound_ms is not None
    assert abs(skew_ms) <= told.bound_ms + 1e-3


@given(skew_ms=st.integers(-86_400_000, 86_400_000), off_ms=st.floats(-1, 1), bound_ms=st.floats(500, 4000))
def test_a_device_s_own_time_tells_the_skew_within_its_uncertainty(
    skew_ms: int, off_ms: float, bound_ms: float
) -> None:
    clock = ClockSkew()
    clock.measured(ClockSource.SIP, skew_ms + off_ms * bound_ms, bound_ms, NOW_MS, 0.0)
    told = clock.skew(0.0)
    assert told.bound_ms is not None
    if told.estimate_ms is None:
        assert bound_ms > GOOD_MS - 1e-6  # the span is stored by its ends, rounded
        assert abs(skew_ms) <= told.bound_ms + 1e-3
    else:
        assert abs(told.estimate_ms - skew_ms) <= told.bound_ms + 1e-3 <= GOOD_MS + 1
    assert told.reading is not None
    assert abs(told.reading.skew_ms - skew_ms) <= told.reading.bound_ms + 1e-3
    later = clock.skew(KEPT_S)
    assert later.reading is not None
    assert later.reading.bound_ms == pytest.approx(bound_ms + 360)  # an hour's drift of a cheap quartz
    assert clock.skew(KEPT_S + 1) == Skew(None, None)


def test_pictures_and_a_device_s_time_together_tell_more_than_either() -> None:
    clock = ClockSkew()
    clock.measured(ClockSource.ONVIF, -1500.0, 2500.0, NOW_MS, 0.0)
    alone = clock.skew(0.0).bound_ms
    for second in range(5):
        clock.pictured(500.0, NOW_MS, float(second))
    both = clock.skew(5.0)
    assert alone == pytest.approx(4000)
    assert both.estimate_ms == pytest.approx(750, abs=1)


def test_the_best_bound_wins_and_its_source_is_named() -> None:
    clock = ClockSkew()
    clock.measured(ClockSource.SIP, 100.0, 700.0, NOW_MS, 0.0)
    clock.measured(ClockSource.ONVIF, -100.0, 520.0, NOW_MS + 5, 0.0)
    told = clock.skew(0.0)
    assert told.reading == ClockReading(source=ClockSource.ONVIF, skew_ms=-100, bound_ms=520, read_at_ms=NOW_MS + 5)
    assert (told.estimate_ms, told.bound_ms, told.against) == (-100, 520, None)


@given(ahead_ms=st.floats(-1e8, 1e8))
def test_two_sources_that_contradict_each_other_decide_nothing(ahead_ms: float) -> None:
    clock = ClockSkew()
    clock.measured(ClockSource.ONVIF, 0.0, 510.0, NOW_MS, 0.0)
    clock.measured(ClockSource.PICTURE, ahead_ms, 600.0, NOW_MS, 0.0)
    told = clock.skew(0.0)
    assert told.reading is not None
    assert told.reading.source is ClockSource.ONVIF
    if abs(ahead_ms) - 1110 <= CONTRADICTION_MS:
        assert (told.estimate_ms, told.against) == (0, None)
    else:
        assert told.against is not None
        assert (told.against.source, told.estimate_ms) == (ClockSource.PICTURE, None)
        assert told.bound_ms == pytest.approx(abs(ahead_ms) + 600)
