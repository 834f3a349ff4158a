"""y=: 0 live or 1 history, five digits of the domain, four of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.ssrc import NoSsrcError, Ssrcs, text
from tests.edge_agent.gb28181.line import PLATFORM


def test_live_and_history_are_told_apart_by_the_first_digit() -> None:
    ssrcs = Ssrcs(PLATFORM)
    assert text(ssrcs.take_ssrc(history=False)) == "0200000001"
    assert text(ssrcs.take_ssrc(history=True)) == "1200000001"
    assert text(Ssrcs("99999999992000000001").take_ssrc(history=True)) == "1999990001"


def test_one_that_was_given_back_comes_last() -> None:
    ssrcs = Ssrcs(PLATFORM)
    first = ssrcs.take_ssrc(history=False)
    ssrcs.give_back(first)
    others = {ssrcs.take_ssrc(history=False) for _ in range(9_998)}
    assert first not in others
    assert ssrcs.take_ssrc(history=False) == first


def test_when_none_is_left_it_says_so() -> None:
    ssrcs = Ssrcs(PLATFORM)
    taken = [ssrcs.take_ssrc(history=True) for _ in range(9_999)]
    with pytest.raises(NoSsrcError, match="9999 sessions are open"):
        ssrcs.take_ssrc(history=True)
    ssrcs.give_back(taken[5_000])
    assert ssrcs.take_ssrc(history=True) == taken[5_000]
    ssrcs.take_ssrc(history=False)


@given(st.lists(st.booleans(), max_size=60))
def test_no_two_sessions_share_one_and_none_is_zero(kinds: list[bool]) -> None:
    ssrcs = Ssrcs(PLATFORM)
    taken = [ssrcs.take_ssrc(history=history) for history in kinds]
    assert len(set(taken)) == len(taken)
    assert all(0 < each < 2**32 and each % 10_000 for each in taken)
