"""Full jitter: waits grow, are bounded, differ, and begin anew after a success."""

import statistics
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import Backoff, SystemClock


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(0.5, 30, chance=lambda: 1.0)
    assert [backoff.next_wait_s() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    backoff.reset()
    assert backoff.next_wait_s() == 0.5


@given(failures=st.integers(0, 3000), first=st.floats(0.01, 10))
def test_a_wait_is_never_longer_than_the_longest_however_long_it_fails(failures: int, first: float) -> None:
    backoff = Backoff(first, 60, chance=lambda: 1.0)
    for _ in range(failures):
        backoff.next_wait_s()
    assert backoff.next_wait_s() <= 60


def test_agents_that_failed_together_do_not_return_together() -> None:
    waits = [Backoff(10, 10).next_wait_s() for _ in range(200)]
    assert statistics.pstdev(waits) > 2  # uniform over 0..10 has 2.9


def test_the_system_clock_waits_and_is_woken() -> None:
    clock = SystemClock()
    event = threading.Event()
    began_s = clock.monotonic_s()
    assert clock.wait(event, 0.02) is False
    assert clock.monotonic_s() - began_s >= 0.02
    event.set()
    assert clock.wait(event, 60) is True
    assert clock.now_ms() == pytest.approx(clock.now_ms(), abs=1000)
    assert clock.now_ms() > 1_700_000_000_000
