"""The outbox: what is on the disk, what is counted, what is audited, what follows from outcomes and reports."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from center.database.store import Store
from center.errors import StoreUnavailableError
from center.notify.delivery_report import DeliveryReport
from center.notify.errors import OutboxFullError, UnknownRecipientError
from center.notify.lifecycle import IllegalEventError, MessageState
from center.notify.limits import Quota
from center.notify.outbox import MAX_EARLY_REPORTS, REPORT_KEEP_MS, Pause
from center.notify.tables import OutboxRecord, ReportRecord
from tests.support.notify_desk import NOT_TAKEN, TAKEN, Desk, desk_over
from tests.support.notify_world import StubChannel, message


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_over(store)


def test_a_message_is_on_the_disk_for_each_of_its_recipients(desk: Desk) -> None:
    channel = StubChannel()
    receipts = desk.outbox.post(channel, message(), ("duty", "deputy"))
    assert [(each.recipient, each.state) for each in receipts] == [("duty", "waiting"), ("deputy", "waiting")]
    assert desk.again().look(receipts[0].parcel_id) == receipts[0]


def test_the_same_message_again_changes_nothing(desk: Desk) -> None:
    channel = StubChannel()
    desk.outbox.post(channel, message(), ("duty",))
    assert desk.sent(channel).state is MessageState.SENT
    (again,) = desk.outbox.post(channel, message(), ("duty",))
    assert (again.state, again.code) == (MessageState.SENT, "success")
    assert desk.outbox.claim(channel) == Pause(None)
    both = desk.outbox.post(channel, message(), ("duty", "deputy", "deputy"))
    assert [each.state for each in both] == ["sent", "waiting", "waiting"]
    assert desk.claimed(channel).recipient == "deputy"
    assert desk.outbox.claim(channel) == Pause(None)


def test_for_somebody_who_is_not_listed_nobody_gets_it(desk: Desk) -> None:
    with pytest.raises(UnknownRecipientError, match="stranger"):
        desk.outbox.post(StubChannel(), message(), ("duty", "stranger"))
    assert desk.outbox.claim(StubChannel()) == Pause(None)


def test_who_left_the_list_while_it_waited_gets_nothing(desk: Desk) -> None:
    (receipt,) = desk.outbox.post(StubChannel(), message(), ("duty",))
    assert desk.outbox.claim(StubChannel(recipients={"deputy": "139****9000"})) == Pause(None)
    assert desk.outbox.look(receipt.parcel_id) == replace(receipt, state=MessageState.FAILED, code="not_listed")


def test_beyond_its_limit_the_newest_is_refused_and_what_waits_stays(desk: Desk) -> None:
    channel = StubChannel(max_waiting=2)
    desk.outbox.post(channel, message(1), ("duty", "deputy"))
    with pytest.raises(OutboxFullError, match="2 messages are already queued"):
        desk.outbox.post(channel, message(2), ("duty",))
    desk.outbox.post(channel, message(1), ("duty",))
    desk.sent(channel)
    desk.outbox.post(channel, message(2), ("duty",))


def test_the_oldest_goes_first(desk: Desk) -> None:
    channel = StubChannel()
    for number in (3, 1, 2):
        desk.outbox.post(channel, message(number), ("duty",))
        desk.clock.now_ms += 1
    order = [desk.claimed(channel).message.id for _ in range(3)]
    assert order == ["alarm-3", "alarm-1", "alarm-2"]


def test_a_claim_is_on_the_disk_before_anything_goes_out(desk: Desk) -> None:
    channel = StubChannel(parts=3, quota=Quota(100, 0.8, overflow=False))
    (receipt,) = desk.outbox.post(channel, message(), ("duty",))
    desk.claimed(channel)
    state = desk.again().look(receipt.parcel_id)
    assert state is not None
    assert state.state is MessageState.SENDING
    assert desk.used(channel) == 3
    assert desk.audited("notify.hand_over") == [
        {"alarm": "alarm-1", "attempt": 1, "channel": "stub", "kind": "sms", "recipient": "duty", "to": "138****8000"}
    ]
    with desk.store.transaction() as session:
        assert session.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL: a power cut keeps it too


def test_what_cannot_be_audited_is_not_sent(desk: Desk) -> None:
    channel = StubChannel()
    (receipt,) = desk.outbox.post(channel, message(), ("duty",))
    with desk.store.transaction() as session:
        session.execute(text("ALTER TABLE audit RENAME TO away"))
    with pytest.raises(StoreUnavailableError):
        desk.outbox.claim(channel)
    assert desk.outbox.look(receipt.parcel_id) == receipt


def test_a_kill_after_the_claim_is_an_unknown_outcome_and_two_of_them_are_the_end(desk: Desk) -> None:
    channel = StubChannel()
    (receipt,) = desk.outbox.post(channel, message(), ("duty",))
    for expected in (MessageState.WAITING, MessageState.UNKNOWN):
        desk.claimed(channel)
        assert desk.again().recover([channel]) == 1
        now = desk.outbox.look(receipt.parcel_id)
        assert now is not None
        assert (now.state, now.code) == (expected, "interrupted")
        desk.clock.now_ms += 60_000
    assert desk.outbox.claim(channel) == Pause(None)
    assert desk.again().recover([channel]) == 0


def test_at_least_once_goes_on_after_any_number_of_kills(desk: Desk) -> None:
    channel = StubChannel(most_possible=None)
    desk.outbox.post(channel, message(), ("duty",))
    for _ in range(5):
        desk.claimed(channel)
        desk.again().recover([channel])
        desk.clock.now_ms += 60_000
    assert desk.sent(channel).state is MessageState.SENT


def test_another_channels_attempts_are_left_alone_at_a_recovery(desk: Desk) -> None:
    gone = StubChannel("gone")
    (receipt,) = desk.outbox.post(gone, message(), ("duty",))
    desk.claimed(gone)
    assert desk.again().recover([StubChannel()]) == 0
    now = desk.outbox.look(receipt.parcel_id)
    assert now is not None
    assert now.state is MessageState.SENDING


def test_nobody_waits_for_a_message_longer_than_it_is_worth(desk: Desk) -> None:
    channel = StubChannel(give_up_after_ms=60_000)
    (receipt,) = desk.outbox.post(channel, message(), ("duty",))
    desk.sent(channel, NOT_TAKEN)
    desk.clock.now_ms += 60_000
    assert desk.outbox.claim(channel) == Pause(None)
    now = desk.outbox.look(receipt.parcel_id)
    assert now is not None
    assert (now.state, now.code, now.attempts) == (MessageState.EXPIRED, "unreachable", 1)


def test_a_pause_ends_when_the_next_is_due_or_too_old(desk: Desk) -> None:
    channel = StubChannel(give_up_after_ms=60_000)
    start_ms = desk.clock.now_ms
    desk.outbox.post(channel, message(1), ("duty",))
    desk.sent(channel, NOT_TAKEN)
    assert desk.outbox.claim(channel) == Pause(start_ms + 5_000)


def test_what_a_rule_refuses_is_failed_without_an_attempt(desk: Desk) -> None:
    channel = StubChannel(quota=Quota(10, 0.8, overflow=False))
    channel.refusal = "forbidden_word"
    receipts = [desk.outbox.post(channel, message(number), ("duty",))[0] for number in range(3)]
    assert desk.outbox.claim(channel) == Pause(None)
    for receipt in receipts:
        assert desk.outbox.look(receipt.parcel_id) == replace(receipt, state=MessageState.FAILED, code="forbidden_word")
    assert desk.used(channel) == 0
    assert desk.audited("notify.hand_over") == []


def test_a_stored_message_that_can_be_read_no_more_is_failed_and_named(desk: Desk) -> None:
    channel = StubChannel()
    (receipt,) = desk.outbox.post(channel, message(), ("duty",))
    with desk.store.transaction() as session:
        session.execute(update(OutboxRecord).values(message='{"id": "x"}'))
    assert desk.outbox.claim(channel) == Pause(None)
    assert desk.outbox.look(receipt.parcel_id) == replace(receipt, state=MessageState.FAILED, code="unreadable")


def test_an_outcome_for_what_is_not_being_sent_is_a_bug(desk: Desk) -> None:
    channel = StubChannel()
    desk.outbox.post(channel, message(), ("duty",))
    parcel = desk.claimed(channel)
    desk.outbox.settle(channel, parcel.parcel_id, TAKEN)
    with pytest.raises(IllegalEventError):
        desk.outbox.settle(channel, parcel.parcel_id, TAKEN)


ARRIVED = DeliveryReport("group-1", delivered=True, code="DELIVRD")
LOST = DeliveryReport("group-1", delivered=False, code="DB:0140")


@pytest.mark.parametrize(
    ("reports", "state", "code"),
    [
        ([ARRIVED], "delivered", "DELIVRD"),
        ([LOST], "undelivered", "DB:0140"),
        ([ARRIVED, ARRIVED, ARRIVED], "delivered", "DELIVRD"),
        ([LOST, ARRIVED], "delivered", "DELIVRD"),
        ([ARRIVED, LOST], "delivered", "DELIVRD"),
        ([DeliveryReport("group-2", delivered=True, code="DELIVRD")], "sent", "success"),
        ([], "sent", "success"),
    ],
    ids=["arrived", "lost", "three times", "lost, then arrived", "arrived, then lost", "another's", "none"],
)
@pytest.mark.parametrize("early", [False, True], ids=["late", "before the answer"])
def test_reports_come_late_twice_in_any_order_and_before_the_answer(
    desk: Desk, reports: list[DeliveryReport], state: str, code: str, early: bool
) -> None:
    channel = StubChannel()
    desk.outbox.post(channel, message(), ("duty",))
    parcel = desk.claimed(channel)
    if early:
        desk.outbox.report(channel.id, reports)
    desk.outbox.settle(channel, parcel.parcel_id, TAKEN)
    if not early:
        desk.outbox.report(channel.id, reports)
    now = desk.again().look(parcel.parcel_id)
    assert now is not None
    assert (now.state, now.code) == (state, code)


def test_a_report_of_another_channel_is_not_believed(desk: Desk) -> None:
    channel = StubChannel()
    desk.outbox.post(channel, message(), ("duty",))
    receipt = desk.sent(channel)
    desk.outbox.report("other", [ARRIVED])
    assert desk.outbox.look(receipt.parcel_id) == receipt


def test_early_reports_are_bounded_and_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_EARLY_REPORTS == 10_000
    monkeypatch.setattr("center.notify.outbox.MAX_EARLY_REPORTS", 5)
    for number in range(9):
        desk.clock.now_ms += 1
        desk.outbox.report("stub", [DeliveryReport(f"g{number}", delivered=True, code="DELIVRD")])
    with desk.store.transaction() as session:
        assert sorted(session.scalars(select(ReportRecord.reference))) == ["g4", "g5", "g6", "g7", "g8"]
    desk.clock.now_ms += 86_400_001
    desk.outbox.prune(0, reports_before_ms=desk.clock.now_ms - REPORT_KEEP_MS)
    with desk.store.transaction() as session:
        assert session.scalars(select(ReportRecord)).all() == []


def test_what_is_done_with_is_forgotten_after_its_time_and_what_waits_is_not(desk: Desk) -> None:
    channel = StubChannel(give_up_after_ms=10**10)
    (done,) = desk.outbox.post(channel, message(1), ("duty",))
    desk.sent(channel)
    (waits,) = desk.outbox.post(channel, message(2), ("duty",))
    desk.clock.now_ms += 1000
    assert desk.outbox.prune(desk.clock.now_ms - 2000, reports_before_ms=0) == 0
    desk.clock.now_ms += 2000
    assert desk.outbox.prune(desk.clock.now_ms - 2000, reports_before_ms=0) == 1
    assert desk.outbox.look(done.parcel_id) is None
    assert desk.outbox.look(waits.parcel_id) == waits


def test_a_message_of_a_channel_that_is_gone_is_forgotten_too(desk: Desk) -> None:
    (receipt,) = desk.outbox.post(StubChannel("gone", give_up_after_ms=1000), message(), ("duty",))
    desk.clock.now_ms += 3000
    assert desk.outbox.prune(desk.clock.now_ms - 2000, reports_before_ms=0) == 0
    desk.clock.now_ms += 1
    assert desk.outbox.prune(desk.clock.now_ms - 2000, reports_before_ms=0) == 1
    assert desk.outbox.look(receipt.parcel_id) is None


def test_no_number_is_in_the_database(desk: Desk, tmp_path: Path) -> None:
    channel = StubChannel(recipients={"duty": "138****8000"})
    desk.outbox.post(channel, message(), ("duty",))
    desk.sent(channel)
    desk.store.close()
    for file in tmp_path.glob("center.sqlite3*"):
        assert b"13800138000" not in file.read_bytes()
