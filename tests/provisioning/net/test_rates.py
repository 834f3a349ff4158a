"""Limits by sender and by turns. Time is an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.net.rates import Pacer, TokenBuckets


def test_turns_are_apart_and_none_is_before_its_moment() -> None:
    pacer = Pacer(10)
    assert [pacer.turn_s(0) for _ in range(3)] == [0, 0.1, 0.2]
    assert pacer.turn_s(5) == 5
    assert pacer.turn_s(5) == pytest.approx(5.1)


def test_a_bucket_refills_and_the_table_does_not_grow() -> None:
    rates = TokenBuckets(60, max_buckets=2)
    assert [rates.allow("a", 0) for _ in range(61)] == [True] * 60 + [False]
    assert rates.allow("a", 1)
    assert not rates.allow("a", 1.5)
    rates.allow("b", 2)
    rates.allow("c", 2)  # the one that was asked longest ago goes
    assert rates.allow("a", 2)


@given(st.lists(st.floats(0, 30, allow_subnormal=False), max_size=200), st.integers(1, 60))
def test_a_rate_never_gives_more_than_a_full_bucket_and_what_flows_in(waits: list[float], per_minute: int) -> None:
    rates, now_s, allowed = TokenBuckets(per_minute), 0.0, 0
    for wait_s in waits:
        now_s += wait_s
        allowed += rates.allow("a", now_s)
        assert allowed <= per_minute + now_s * per_minute / 60 + 1e-6
    assert rates.allow("b", now_s)
