"""What is used of the quota, and how fast it goes: in the transaction that sends, over restarts and months."""

import pytest
from sqlalchemy import select

from center.database.store import Store
from center.notify.channels.base import Parcel
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict, MessageState
from center.notify.limits import Limits, Quota, RateState
from center.notify.outbox import Pause
from center.notify.tables import PaceRecord
from tests.support.notify_desk import NOT_TAKEN, TAKEN, UNKNOWN, Desk, desk_over
from tests.support.notify_world import StubChannel, message


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_over(store)


def test_what_certainly_was_not_taken_is_given_back_to_the_quota(desk: Desk) -> None:
    channel = StubChannel(parts=2, quota=Quota(100, 0.8, overflow=False))
    desk.outbox.post(channel, message(), ("duty",))
    desk.sent(channel, NOT_TAKEN)
    assert desk.used(channel) == 0
    desk.clock.now_ms += 60_000
    desk.sent(channel, UNKNOWN)
    assert desk.used(channel) == 2
    desk.clock.now_ms += 60_000
    desk.sent(channel, TAKEN)
    assert desk.used(channel) == 4  # both may be billed


def test_parts_are_given_back_to_the_month_that_they_were_counted_in(desk: Desk) -> None:
    channel = StubChannel(quota=Quota(100, 0.8, overflow=False))
    desk.clock.now_ms = 1_796_054_399_000  # the last second of November in China
    desk.outbox.post(channel, message(), ("duty",))
    parcel = desk.claimed(channel)
    desk.clock.now_ms += 2_000
    desk.outbox.settle(channel, parcel.parcel_id, NOT_TAKEN)
    assert (desk.used(channel), desk.used(channel, "2026-12")) == (0, 0)
    desk.clock.now_ms += 60_000
    desk.sent(channel)
    assert (desk.used(channel), desk.used(channel, "2026-12")) == (0, 1)


def spend(desk: Desk, channel: StubChannel, count: int) -> list[MessageState]:
    states = []
    for number in range(count):
        (receipt,) = desk.outbox.post(channel, message(number), ("duty",))
        if isinstance(parcel := desk.outbox.claim(channel), Parcel):
            receipt = desk.outbox.settle(channel, parcel.parcel_id, TAKEN)
        now = desk.outbox.look(receipt.parcel_id)
        assert now is not None
        states.append(now.state)
        desk.clock.now_ms += 1000
    return states


def test_the_quota_warns_once_and_stops_hard(desk: Desk) -> None:
    channel = StubChannel(quota=Quota(5, 0.8, overflow=False))
    assert spend(desk, channel, 7) == ["sent"] * 5 + ["failed"] * 2
    assert desk.used(channel) == 5
    told = [(each["state"], each["used"]) for each in desk.audited("notify.quota")]
    assert told == [("warned", 4), ("spent", 5)]
    assert len(desk.audited("notify.hand_over")) == 5


def test_with_overflow_it_goes_on_and_says_that_it_is_spent(desk: Desk) -> None:
    channel = StubChannel(quota=Quota(3, 0.8, overflow=True))
    assert spend(desk, channel, 5) == ["sent"] * 5
    assert desk.used(channel) == 5
    assert [each["state"] for each in desk.audited("notify.quota")] == ["spent"]


def test_a_message_that_does_not_fit_whole_does_not_go(desk: Desk) -> None:
    channel = StubChannel(parts=2, quota=Quota(5, 0.8, overflow=False))
    assert spend(desk, channel, 3) == ["sent", "sent", "failed"]
    assert desk.used(channel) == 4


def test_the_next_month_begins_at_nothing(desk: Desk) -> None:
    channel = StubChannel(quota=Quota(2, 0.8, overflow=False))
    assert spend(desk, channel, 3) == ["sent", "sent", "failed"]
    desk.clock.now_ms = 1_796_054_400_000
    desk.outbox.post(channel, message(9), ("duty",))
    assert desk.sent(channel).state is MessageState.SENT
    assert (desk.used(channel), desk.used(channel, "2026-12")) == (2, 1)


def test_messages_are_paced_by_their_parts_and_the_pace_survives_a_restart(desk: Desk) -> None:
    channel = StubChannel(limits=Limits(2.0), parts=3)
    desk.outbox.post(channel, message(1), ("duty", "deputy"))
    desk.claimed(channel)
    start_ms = desk.clock.now_ms
    assert desk.again().claim(channel) == Pause(start_ms + 1500)
    desk.clock.now_ms = start_ms + 1500
    desk.claimed(channel)


def test_a_reduction_slows_the_channel_and_quiet_restores_it(desk: Desk) -> None:
    channel = StubChannel(limits=Limits(20.0, restore_after_ms=60_000))
    desk.outbox.post(channel, message(), ("duty",))
    for expected in (RateState.HALF, RateState.QUARTER, RateState.FLOOR, RateState.FLOOR):
        assert desk.sent(channel, AttemptOutcome(AttemptVerdict.THROTTLED, "TooFast")).state is MessageState.WAITING
        with desk.store.transaction() as session:
            pace = session.scalars(select(PaceRecord)).one()
            assert pace.state == expected.value
        desk.clock.now_ms += 50_000
    desk.clock.now_ms += 60_000
    desk.sent(channel)
    with desk.store.transaction() as session:
        assert session.scalars(select(PaceRecord)).one().state == RateState.QUARTER.value


def test_a_clock_that_was_set_back_does_not_stop_a_channel_for_ever(desk: Desk) -> None:
    channel = StubChannel(limits=Limits(1.0), parts=8, give_up_after_ms=3_000)
    desk.outbox.post(channel, message(1), ("duty",))
    desk.sent(channel)
    assert isinstance(pause := desk.outbox.claim(channel), Pause)
    assert pause.until_ms is None
    with desk.store.transaction() as session:
        assert session.scalars(select(PaceRecord)).one().next_at_ms == desk.clock.now_ms + 3_000
