"""The outbox as a state machine against a model: kills, restarts, clocks that jump, reports in any order.

The other side is the model's: it knows what really reached it, which the outbox can only guess.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from center.audit.log import Audit
from center.database.store import Store
from center.notify.channels.base import Parcel
from center.notify.delivery_report import DeliveryReport
from center.notify.errors import OutboxFullError
from center.notify.lifecycle import SETTLED, AttemptOutcome, AttemptVerdict, MessageState
from center.notify.limits import Limits, Quota, month_of
from center.notify.outbox import Outbox, Pause
from center.notify.tables import QuotaRecord
from tests.support.fresh_store import fresh_store
from tests.support.notify_world import StubChannel, message

GIVE_UP_MS = 600_000
MONTHLY = 6
MAX_WAITING = 6


@dataclass
class Told:
    """What the model knows of one message."""

    posted_ms: int
    parts: int = 0
    reached: int = 0
    """How often it really reached the other side."""
    unknown: int = 0
    references: list[str] = field(default_factory=list)
    """Of the answer that came back: at most one."""
    reports: list[bool] = field(default_factory=list)


class OutboxMachine(RuleBasedStateMachine):
    most_possible: int | None = 2

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now_ms = 1_795_000_000_000
        self.store = fresh_store(Path(self.folder.name) / "center.sqlite3")
        self.channel = StubChannel(
            recipients={"duty": "138****8000"},
            most_possible=self.most_possible,
            quota=Quota(MONTHLY, 0.8, overflow=False),
            limits=Limits(1e6),
            give_up_after_ms=GIVE_UP_MS,
            max_waiting=MAX_WAITING,
        )
        self.outbox = self.opened()
        self.told: dict[str, Told] = {}
        self.under_way: Parcel | None = None
        self.counted: dict[str, int] = {}
        self.numbers = 0
        self.states: dict[str, MessageState] = {}

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def opened(self) -> Outbox:
        return Outbox(
            self.store, Audit(self.store, lambda: 0), lambda: self.now_ms, offset_minutes=480, jitter=lambda: 0.5
        )

    @property
    def month(self) -> str:
        return month_of(self.now_ms, 480)

    @rule(again=st.booleans())
    def post(self, again: bool) -> None:
        if not again:
            self.numbers += 1
        waiting = sum(state is MessageState.WAITING for state in self.states.values())
        known = self.numbers in [int(name.partition(" ")[0]) for name in self.told]
        try:
            (receipt,) = self.outbox.post(self.channel, message(self.numbers), ("duty",))
        except OutboxFullError:
            assert waiting >= MAX_WAITING  # one more where an attempt came back to a full channel
            assert not known
            return
        assert known or waiting < MAX_WAITING
        self.told.setdefault(f"{self.numbers} {receipt.parcel_id}", Told(self.now_ms))

    def of(self, name: str) -> Told:
        return next(told for key, told in self.told.items() if key.endswith(name))

    @precondition(lambda self: self.under_way is None)
    @rule(parts=st.integers(1, 3))
    def claim(self, parts: int) -> None:
        self.channel.parts = parts
        claimed = self.outbox.claim(self.channel)
        if isinstance(claimed, Pause):
            assert claimed.until_ms is None or claimed.until_ms > self.now_ms
            return
        assert self.states[claimed.parcel_id] is MessageState.WAITING
        told = self.of(claimed.parcel_id)
        assert self.now_ms < told.posted_ms + GIVE_UP_MS
        told.parts = parts
        self.counted[self.month] = self.counted.get(self.month, 0) + parts
        assert self.counted[self.month] <= MONTHLY
        self.under_way = claimed
        self.claimed_month = self.month

    @precondition(lambda self: self.under_way is not None)
    @rule(verdict=st.sampled_from(AttemptVerdict), arrives=st.booleans())
    def answer(self, verdict: AttemptVerdict, arrives: bool) -> None:
        """An attempt ends: the other side has it, has not, or nobody knows."""
        assert self.under_way is not None
        name, told = self.under_way.parcel_id, self.of(self.under_way.parcel_id)
        reference = ""
        if verdict is AttemptVerdict.TAKEN:
            told.reached += 1
            reference = f"ref{len(name)}-{name[:8]}-{told.reached}"
            told.references.append(reference)
        elif verdict is AttemptVerdict.UNKNOWN:
            told.reached += arrives
            told.unknown += 1
        else:
            self.counted[self.claimed_month] -= told.parts
        self.outbox.settle(self.channel, name, AttemptOutcome(verdict, "x", reference))
        self.under_way = None

    @precondition(lambda self: self.under_way is None)
    @rule(verdict=st.sampled_from([*AttemptVerdict, *[AttemptVerdict.UNKNOWN] * 5]), arrives=st.booleans())
    def attempt(self, verdict: AttemptVerdict, arrives: bool) -> None:
        """Wait until something is due, and go through with it."""
        self.now_ms += 31_000
        self.claim(1)
        if self.under_way is not None:
            self.answer(verdict, arrives)

    @rule(arrives=st.booleans())
    def kill(self, arrives: bool) -> None:
        """The process ends, perhaps between the last byte and the answer; another one starts."""
        if self.under_way is not None:
            told = self.of(self.under_way.parcel_id)
            told.reached += arrives
            told.unknown += 1
            self.under_way = None
        self.store.close()
        self.store = Store(Path(self.folder.name) / "center.sqlite3")
        self.outbox = self.opened()
        self.outbox.recover([self.channel])

    @rule(data=st.data(), delivered=st.booleans())
    def report(self, data: Any, delivered: bool) -> None:
        known = [(told, reference) for told in self.told.values() for reference in told.references]
        if not known:
            self.outbox.report(self.channel.id, [DeliveryReport("nobody", delivered, "x")])
            return
        told, reference = data.draw(st.sampled_from(known))
        told.reports.append(delivered)
        self.outbox.report(
            self.channel.id, [DeliveryReport(reference, delivered, "DELIVRD" if delivered else "DB:0140")]
        )

    @rule(step_ms=st.sampled_from([1, 5_000, 31_000, 700_000, 31 * 86_400_000, -3_600_000]))
    def pass_time(self, step_ms: int) -> None:
        self.now_ms += step_ms

    @invariant()
    def it_is_as_the_model_has_it(self) -> None:
        for key, told in self.told.items():
            name = key.partition(" ")[2]
            receipt = self.outbox.look(name)
            assert receipt is not None
            before = self.states.get(name)
            self.states[name] = receipt.state
            if before in SETTLED:
                assert receipt.state in SETTLED  # never sent again
            is_under_way = self.under_way is not None and self.under_way.parcel_id == name
            assert (receipt.state is MessageState.SENDING) == is_under_way
            if self.most_possible is not None:
                assert told.unknown <= self.most_possible
                assert told.reached <= self.most_possible
                assert (receipt.state is MessageState.UNKNOWN) == (told.unknown == self.most_possible)
            else:
                assert receipt.state is not MessageState.UNKNOWN
            assert (receipt.state in {MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED}) == bool(
                told.references
            )
            if told.references:
                expected = "delivered" if any(told.reports) else "undelivered" if told.reports else "sent"
                assert receipt.state == expected

    @invariant()
    def every_part_that_may_be_billed_is_counted(self) -> None:
        with self.store.transaction() as session:
            for month, parts in self.counted.items():
                record = session.get(QuotaRecord, (self.channel.id, month))
                assert (0 if record is None else record.parts) == parts


class AtLeastOnceMachine(OutboxMachine):
    most_possible = None


OutboxMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=50)
AtLeastOnceMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=40)
TestAtMostTwice = pytest.mark.timeout(600)(OutboxMachine.TestCase)
TestAtLeastOnce = pytest.mark.timeout(600)(AtLeastOnceMachine.TestCase)
