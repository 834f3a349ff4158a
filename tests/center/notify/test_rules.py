"""Rate, quota, life cycle, forbidden words, addresses: rules that are pure."""

from ipaddress import ip_address
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.notify import lifecycle
from center.notify import limits as rate
from center.notify.channels import target
from center.notify.lifecycle import (
    SETTLED,
    AttemptOutcome,
    AttemptVerdict,
    IllegalEventError,
    MessageEvent,
    MessageState,
    Progress,
)
from center.notify.limits import Limits, Pace, Quota, QuotaState, RateEvent, RateState, month_of
from center.notify.message import holds_any

FULL = Limits(20.0)


def test_the_carriers_reductions_go_down_in_three_steps_and_no_further() -> None:
    pace, seen = Pace(), []
    for _ in range(5):
        seen.append(rate.per_second(rate.in_force(pace, FULL), FULL))
        pace = rate.reduced(pace, 0)
    assert seen == [20.0, 10.0, 5.0, 2.0, 2.0]


def test_the_rate_comes_back_one_step_for_each_quiet_time() -> None:
    pace = Pace(RateState.FLOOR, since_ms=0)
    assert rate.restored(pace, FULL, 599_999) == pace
    seen = []
    for now_ms in (600_000, 1_200_000, 1_800_000, 2_400_000):
        pace = rate.restored(pace, FULL, now_ms)
        seen.append(pace.state)
    assert seen == [RateState.QUARTER, RateState.HALF, RateState.FULL, RateState.FULL]


def test_each_state_has_an_answer_to_each_event() -> None:
    assert set(rate.TABLE) == set(product(RateState, RateEvent))


def test_nothing_goes_faster_than_the_carrier_announced() -> None:
    announced = Limits(20.0, RateState.QUARTER)
    assert rate.in_force(Pace(), announced) is RateState.QUARTER
    assert rate.in_force(Pace(RateState.FLOOR), announced) is RateState.FLOOR


@given(st.floats(0.1, 1000), st.sampled_from(RateState), st.integers(1, 8), st.integers(0, 10**12))
def test_parts_are_spaced_by_the_rate(per_second: float, state: RateState, parts: int, now_ms: int) -> None:
    limits = Limits(per_second)
    speed = rate.per_second(state, limits)
    assert speed <= per_second
    pace = rate.spent(Pace(state), limits, parts, now_ms)
    assert abs((pace.next_at_ms - now_ms) - 1000 * parts / speed) <= 0.5


def test_a_quota_warns_at_its_share_and_stops_at_its_end() -> None:
    contract = Quota(25_000, 0.8, overflow=False)
    assert [contract.state(used) for used in (19_999, 20_000, 24_999, 25_000)] == [
        QuotaState.OK, QuotaState.WARNED, QuotaState.WARNED, QuotaState.SPENT,
    ]  # fmt: skip
    assert contract.allows(24_998, 2)
    assert not contract.allows(24_999, 2)
    assert Quota(25_000, 0.8, overflow=True).allows(25_000, 2)


def test_a_month_begins_in_the_contracts_zone() -> None:
    last_second_of_november_in_china = 1_796_054_399_000
    assert month_of(last_second_of_november_in_china, 480) == "2026-11"
    assert month_of(last_second_of_november_in_china + 1000, 480) == "2026-12"
    assert month_of(last_second_of_november_in_china + 1000, 0) == "2026-11"


def sending(possible: int = 0) -> Progress:
    return Progress(MessageState.SENDING, 0, possible=possible)


def after(outcome: AttemptVerdict, *, most: int | None, possible: int = 0) -> Progress:
    return lifecycle.settled(
        sending(possible), AttemptOutcome(outcome, "x"), most_possible=most, now_ms=1000, jitter=1.0
    )


def test_an_unknown_outcome_is_tried_once_more_and_then_never() -> None:
    first = after(AttemptVerdict.UNKNOWN, most=2)
    assert (first.state, first.possible, first.due_ms) == (MessageState.WAITING, 1, 31_000)
    assert after(AttemptVerdict.UNKNOWN, most=2, possible=1).state is MessageState.UNKNOWN
    assert after(AttemptVerdict.UNKNOWN, most=1).state is MessageState.UNKNOWN
    assert after(AttemptVerdict.UNKNOWN, most=None, possible=99).state is MessageState.WAITING


def test_what_was_certainly_not_taken_does_not_count_as_possible() -> None:
    for verdict in (AttemptVerdict.NOT_TAKEN, AttemptVerdict.THROTTLED):
        assert (after(verdict, most=2, possible=1).state, after(verdict, most=2, possible=1).possible) == ("waiting", 1)


def test_waits_grow_to_ten_minutes_and_are_spread() -> None:
    waits = []
    for attempts in range(12):
        outcome = AttemptOutcome(AttemptVerdict.NOT_TAKEN, "x")
        progress = Progress(MessageState.SENDING, 0, attempts=attempts)
        late = lifecycle.settled(progress, outcome, most_possible=None, now_ms=0, jitter=1.0).due_ms
        soon = lifecycle.settled(progress, outcome, most_possible=None, now_ms=0, jitter=0.0).due_ms
        assert soon * 2 == late
        waits.append(late)
    assert waits[:4] == [5_000, 10_000, 20_000, 40_000]
    assert max(waits) == 600_000


def test_nothing_is_sent_from_a_settled_state() -> None:
    for state in SETTLED:
        with pytest.raises(IllegalEventError, match=f"claim in state {state.value}"):
            lifecycle.after(state, MessageEvent.CLAIM)
    assert {MessageState.WAITING, MessageState.SENDING} | SETTLED == set(MessageState)


def test_reports_in_any_order_and_number_come_to_the_same() -> None:
    reports = [MessageEvent.DENY, MessageEvent.CONFIRM, MessageEvent.DENY, MessageEvent.CONFIRM]
    for order in permutations(reports):
        state = MessageState.SENT
        for event in order:
            state = lifecycle.after(state, event)
        assert state is MessageState.DELIVERED
    assert (
        lifecycle.after(lifecycle.after(MessageState.SENT, MessageEvent.DENY), MessageEvent.DENY)
        is MessageState.UNDELIVERED
    )


@pytest.mark.parametrize("text", ["请到银行领奖", "银 行", "银\u200b行", "ＡＢＣ bank", "BANK"])
def test_a_forbidden_word_is_found_however_it_is_written(text: str) -> None:
    assert holds_any(text, ["银行", "bank"])


def test_other_words_are_not_forbidden() -> None:
    assert not holds_any("电动车进梯", ["银行", "\u200b"])


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.0", "::",
     "169.254.169.254", "fe80::1%eth0", "224.0.0.1", "255.255.255.255", "ff02::1", "::ffff:169.254.169.254"],
)  # fmt: skip
def test_this_machine_and_addresses_of_no_host_are_out_of_reach(address: str) -> None:
    assert target.allowed([address], [], allow_loopback=False) == ()


def test_the_machines_own_address_counts_as_this_machine() -> None:
    assert target.allowed(["10.0.0.5"], ["10.0.0.5"], allow_loopback=False) == ()
    assert target.allowed(["10.0.0.6", "10.0.0.5"], ["10.0.0.5"], allow_loopback=False) == ("10.0.0.6",)


def test_loopback_is_reached_where_that_is_meant_and_the_metadata_address_never() -> None:
    assert target.allowed(["127.0.0.1", "::1"], ["127.0.0.1"], allow_loopback=True) == ("127.0.0.1", "::1")
    assert target.allowed(["169.254.169.254", "0.0.0.0"], [], allow_loopback=True) == ()


@given(st.ip_addresses().map(str))
def test_no_address_that_leads_to_loopback_is_allowed(address: str) -> None:
    allowed = target.allowed([address], [], allow_loopback=False)
    assert not any(ip_address(each).is_loopback for each in allowed)
