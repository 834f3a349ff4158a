"""Delivers messages by the next channel of their roster where one sends nothing, or fails.

A message that is stuck stays in the outbox of its own channel, where its end is recorded. Each channel carries it once,
so that a chain of channels that fail has an end.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Final

from pydantic import ValidationError
from sqlalchemy import ColumnElement, select

from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.notify.errors import OutboxFullError
from center.notify.lifecycle import MessageState
from center.notify.limits import QuotaState
from center.notify.message import Message
from center.notify.service import Notifier
from center.notify.tables import OutboxRecord
from center.notify.usage import ACTOR
from center.notify.views import ChannelStanding

WINDOW_MS: Final = 3_600_000
"""Milliseconds after its last change for which a stuck message goes by another channel."""
LATE_MS: Final = 300_000
"""Milliseconds after which a message that its channel could not send counts as stuck."""
FOLLOW_UP_S: Final = 5.0
FULL: Final = "full"
FAILED: Final = "failed"
_SENT: Final = frozenset({MessageState.SENT, MessageState.DELIVERED})
_PENDING: Final = frozenset({MessageState.WAITING, MessageState.SENDING})
_UNSENT: Final = [state.value for state in MessageState if state not in _SENT]


class Outage(StrEnum):
    """Reason for which a channel sends nothing."""

    SUSPENDED = "suspended"
    QUOTA_SPENT = "quota_spent"
    FAULT = "fault"


class NoticeStatus(StrEnum):
    """Status of a notice over all its channels."""

    SENT = "sent"
    """A receiver, relay or gateway accepted it."""
    PENDING = "pending"
    """A channel that sends still has to send it."""
    UNSENT = "unsent"
    """No channel could send it, and none that sends has it."""


def outage_of(standing: ChannelStanding) -> Outage | None:
    """Returns the reason for which a channel sends nothing; None if it sends."""
    if standing.suspended_since_ms is not None:
        return Outage.SUSPENDED
    if standing.fault:
        return Outage.FAULT
    quota = standing.quota
    is_spent = quota is not None and quota.state is QuotaState.SPENT and not quota.overflow
    return Outage.QUOTA_SPENT if is_spent else None


def fallbacks(roster: Sequence[str], carrying: Collection[str], blocked: Collection[str]) -> dict[str, str]:
    """Finds the fallback of each blocked channel that carries a message. Pure.

    It is the next channel of the roster that is not blocked, whether that carries the message already or not; after the
    last comes the first. A channel is absent if all others are blocked.
    """
    found = {}
    for channel in sorted({*carrying} & {*blocked}):
        start = roster.index(channel) + 1 if channel in roster else 0
        able = (other for other in (*roster[start:], *roster[:start]) if other not in blocked)
        if (other := next(able, None)) is not None:
            found[channel] = other
    return found


class FallbackDelivery:
    """Delivers the messages of one roster of channels. Every method blocks.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(
        self,
        notifier: Notifier,
        store: Store,
        audit: Audit,
        now_ms: NowMs,
        *,
        levels: Iterable[Sequence[str]],
        prefix: str,
    ) -> None:
        """`levels`: the roster, level by level. `prefix`: begins the ids of its messages, and of no others."""
        self._notifier = notifier
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._prefix = prefix
        self.roster: Final = tuple(dict.fromkeys(channel for level in levels for channel in level))
        """The channels, each once."""

    def outages(self) -> dict[str, Outage]:
        """Reads the channels of the roster that send nothing now, with the reason."""
        known = {each.id: outage_of(each) for each in self._notifier.standings()}
        return {channel: reason for channel in self.roster if (reason := known.get(channel)) is not None}

    def fallback_of(self, channel: str) -> str | None:
        """Finds the channel that carries the messages of one that sends nothing; None: all others send nothing."""
        return fallbacks(self.roster, {channel}, {channel, *self.outages()}).get(channel)

    def deliver(self, message: Message, channels: Sequence[str]) -> None:
        """Queues a message for channels, and for the fallback of each that sends nothing or is full.

        Raises:
            OutboxFullError: a channel is full and has no fallback; deliver the message again.
        """
        full = [channel for channel in channels if not self._queue(message, channel)]
        blocked = {**self.outages(), **dict.fromkeys(full, FULL)}
        found = self._pass_on(message, set(channels), blocked, set())
        for channel, other in found.items():
            self._note(message, channel, other, blocked[channel])
        for channel in full:
            if channel not in found:
                raise OutboxFullError(channel=channel, waiting=self._notifier.channel(channel).terms.max_waiting)

    def follow_up(self) -> int:
        """Queues messages that got stuck for fallbacks, where none carries them yet; returns how many."""
        now_ms, outages = self._now_ms(), self.outages()
        unsent = select(OutboxRecord.message_id).where(
            OutboxRecord.state.in_(_UNSENT),
            OutboxRecord.changed_ms >= now_ms - WINDOW_MS,
            OutboxRecord.message_id.startswith(self._prefix, autoescape=True),
        )
        full: set[str] = set()
        count = 0
        for copies in self._copies(OutboxRecord.message_id.in_(unsent)).values():
            message = _message(copies[0].message)
            if message is None:
                continue
            carrying = {copy.channel for copy in copies}
            before = frozenset(carrying)
            sent = {copy.channel for copy in copies if copy.state in _SENT}
            failed = {copy.channel for copy in copies if _has_failed(copy, now_ms)}
            blocked = {**dict.fromkeys(failed, FAILED), **outages}
            for channel in sent:
                blocked.pop(channel, None)
            for channel, other in self._pass_on(message, carrying, blocked, full).items():
                if other not in before:
                    self._note(message, channel, other, blocked[channel])
            count += carrying > before
        return count

    def statuses(self, message_ids: Collection[str], outages: Collection[str]) -> dict[str, NoticeStatus]:
        """Reads the status of messages while channels have an outage; one that no channel has is absent."""
        copies = self._copies(OutboxRecord.message_id.in_(list(message_ids)))
        return {message_id: _status(found, outages) for message_id, found in copies.items()}

    # --- inside

    def _queue(self, message: Message, channel: str) -> bool:
        """Queues a message for all recipients of a channel; False if that is full."""
        try:
            self._notifier.deliver(message, channel)
        except OutboxFullError:
            return False
        return True

    def _pass_on(
        self, message: Message, carrying: set[str], blocked: Collection[str], full: set[str]
    ) -> dict[str, str]:
        """Queues a message for the fallbacks, which join `carrying`; those that turn out full join `full`."""
        while True:
            found = fallbacks(self.roster, carrying, {*blocked, *(full - carrying)})
            new = next((other for other in found.values() if other not in carrying), None)
            if new is None:
                return found
            (carrying if self._queue(message, new) else full).add(new)

    def _copies(self, condition: ColumnElement[bool]) -> dict[str, list[OutboxRecord]]:
        """Reads the rows of messages, one a recipient, by the message's id."""
        found: dict[str, list[OutboxRecord]] = {}
        with self._store.transaction() as session:
            for record in session.scalars(select(OutboxRecord).where(condition).order_by(OutboxRecord.id)):
                found.setdefault(record.message_id, []).append(record)
        return found

    def _note(self, message: Message, channel: str, fallback: str, reason: str) -> None:
        facts = {"message": message.id, "channel": channel, "fallback": fallback, "cause": str(reason)}
        self._audit.append(ACTOR, "notify.fallback", facts)


def _has_failed(copy: OutboxRecord, now_ms: int) -> bool:
    is_fresh = copy.state in _PENDING and now_ms - copy.created_ms < LATE_MS
    return copy.state not in _SENT and not is_fresh


def _status(copies: Iterable[OutboxRecord], outages: Collection[str]) -> NoticeStatus:
    if any(copy.state in _SENT for copy in copies):
        return NoticeStatus.SENT
    is_pending = any(copy.state in _PENDING and copy.channel not in outages for copy in copies)
    return NoticeStatus.PENDING if is_pending else NoticeStatus.UNSENT


def _message(text: str) -> Message | None:
    try:
        return Message.model_validate_json(text)
    except ValidationError:
        return None  # of another release: its channel refuses it as unreadable, which the outbox shows
