"""Keeps the state of every message, on the disk before anything is sent.

A claim is committed and synced before a byte is sent; a process that is killed leaves the message in `sending`, and the
next one knows that it may have gone out. Every method blocks: call it from a worker thread.
"""

import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from sqlalchemy import and_, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.notify import lifecycle, limits, usage
from center.notify.channels.base import Channel, Parcel, Refusal
from center.notify.delivery_report import DeliveryReport
from center.notify.errors import OutboxFullError, UnknownRecipientError
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict, MessageEvent, MessageState, Progress
from center.notify.limits import day_of
from center.notify.message import Message, parcel_id
from center.notify.sms_months import tally
from center.notify.sms_months.ledger import suspended_since
from center.notify.tables import OutboxRecord, ReportRecord

INTERRUPTED: Final = AttemptOutcome(AttemptVerdict.UNKNOWN, "interrupted")
"""Outcome of an attempt whose process ended."""
REPORT_KEEP_MS: Final = 86_400_000
MAX_EARLY_REPORTS: Final = 10_000
_REFUSED_A_CLAIM: Final = 100
"""Messages that rules of the centre may refuse in one transaction."""
_NOT_THEIRS: Final = frozenset({AttemptVerdict.REFUSED, AttemptVerdict.NOT_TAKEN, AttemptVerdict.THROTTLED})


@dataclass(frozen=True, slots=True)
class Receipt:
    """State of one message to one recipient in the outbox."""

    parcel_id: str
    channel: str
    recipient: str
    state: MessageState
    code: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing to send before `until_ms`; None: before a message is posted, or the channel's suspension is lifted."""

    until_ms: int | None


class Outbox:
    """Stores messages on their way to recipients.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing is sent then.
    """

    def __init__(
        self,
        store: Store,
        audit: Audit,
        now_ms: NowMs,
        *,
        offset_minutes: int,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._offset_minutes = offset_minutes
        self._jitter = jitter
        self._posting = threading.Lock()

    def post(self, channel: Channel, message: Message, recipients: Sequence[str]) -> tuple[Receipt, ...]:
        """Stores a message for all of `recipients`, or for none. The same message again changes nothing.

        Raises:
            UnknownRecipientError: one is not on the channel's list.
            OutboxFullError: too many wait for the channel.
        """
        for recipient in recipients:
            if recipient not in channel.recipients:
                raise UnknownRecipientError(channel=channel.id, recipient=recipient)
        now_ms = self._now_ms()
        with self._posting, self._store.transaction() as session:
            names = [parcel_id(message.id, channel.id, recipient) for recipient in recipients]
            known = {
                record.parcel_id: record
                for record in session.scalars(select(OutboxRecord).where(OutboxRecord.parcel_id.in_(names)))
            }
            new = [
                OutboxRecord(
                    parcel_id=name,
                    message_id=message.id,
                    channel=channel.id,
                    recipient=recipient,
                    message=message.model_dump_json(),
                    state=MessageState.WAITING.value,
                    attempts=0,
                    possible=0,
                    created_ms=now_ms,
                    due_ms=now_ms,
                    expires_ms=now_ms + channel.terms.give_up_after_ms,
                    changed_ms=now_ms,
                    code="",
                    reference="",
                    parts=0,
                    month="",
                    day="",
                    template="",
                )
                for name, recipient in dict(zip(names, recipients, strict=True)).items()
                if name not in known
            ]
            waiting = self._waiting(session, channel.id)
            if new and waiting + len(new) > channel.terms.max_waiting:
                raise OutboxFullError(channel=channel.id, waiting=waiting)
            session.add_all(new)
            known |= {record.parcel_id: record for record in new}
            return tuple(_receipt(known[name]) for name in names)

    def claim(self, channel: Channel) -> Parcel | Pause:
        """Returns the next message of a channel, counted, audited and marked `sending`; or how long to wait for one.

        A suspended channel sends nothing: its messages wait for the lifting, or expire.
        """
        now_ms = self._now_ms()
        with self._store.transaction() as session:
            _sync_commits(session)
            self._lapse(session, channel.id, now_ms)
            if suspended_since(session, channel.id) is not None:
                return Pause(None)
            kept = usage.pace_of(session, channel.id)
            pace = limits.restored(kept, channel.terms.limits, now_ms)
            if pace != kept:
                usage.keep_pace(session, channel, pace, now_ms)
            if now_ms < pace.next_at_ms:
                waits = self._next_ms(session, channel.id)
                return Pause(None if waits is None else max(waits, pace.next_at_ms))
            for record in self._due(session, channel.id, now_ms):
                parcel = self._prepare(session, channel, record, now_ms)
                if isinstance(parcel, Parcel):
                    pace = limits.spent(pace, channel.terms.limits, parcel.parts, now_ms)
                    usage.keep_pace(session, channel, pace, now_ms)
                    return parcel
                self._advance(record, MessageEvent.REFUSE, now_ms, code=parcel.code)
            session.flush()
            return Pause(self._next_ms(session, channel.id))

    def settle(self, channel: Channel, name: str, outcome: AttemptOutcome) -> Receipt:
        """Stores the outcome of an attempt.

        Raises:
            IllegalEventError: the message is not being sent.
        """
        with self._store.transaction() as session:
            record = session.scalars(select(OutboxRecord).where(OutboxRecord.parcel_id == name)).one()
            self._settle(session, channel, record, outcome)
            return _receipt(record)

    def recover(self, channels: Iterable[Channel]) -> int:
        """Settles attempts that were under way as unknown, when nothing else sends; returns how many."""
        found = 0
        with self._store.transaction() as session:
            for channel in channels:
                for record in session.scalars(
                    select(OutboxRecord).where(
                        OutboxRecord.channel == channel.id, OutboxRecord.state == MessageState.SENDING.value
                    )
                ):
                    self._settle(session, channel, record, INTERRUPTED, since_ms=record.changed_ms)
                    found += 1
        return found

    def report(self, channel_id: str, reports: Iterable[DeliveryReport]) -> None:
        """Applies delivery reports: they may come late, twice, in any order, and before the answer they belong to."""
        now_ms = self._now_ms()
        with self._store.transaction() as session:
            for report in reports:
                record = session.scalars(
                    select(OutboxRecord)
                    .where(OutboxRecord.channel == channel_id, OutboxRecord.reference == report.reference)
                    .order_by(OutboxRecord.id.desc())
                    .limit(1)
                ).one_or_none()
                if record is None:
                    _keep_early(session, channel_id, report, now_ms)
                else:
                    self._apply(session, record, report, now_ms)

    def look(self, name: str) -> Receipt | None:
        """Returns the state of one message; None if the outbox does not have it."""
        with self._store.transaction() as session:
            record = session.scalars(select(OutboxRecord).where(OutboxRecord.parcel_id == name)).one_or_none()
            return None if record is None else _receipt(record)

    def prune(self, before_ms: int, *, reports_before_ms: int) -> int:
        """Deletes messages settled before `before_ms`, and old reports that matched none; returns how many messages."""
        settled = [state.value for state in lifecycle.SETTLED]
        with self._store.transaction() as session:
            # A message that expired so long ago is of a channel that is no longer configured: no loop settles it.
            is_old = and_(OutboxRecord.state.in_(settled), OutboxRecord.changed_ms < before_ms)
            old = select(OutboxRecord.id).where(or_(is_old, OutboxRecord.expires_ms < before_ms))
            gone = len(session.scalars(old).all())
            session.execute(delete(OutboxRecord).where(OutboxRecord.id.in_(old)))
            session.execute(delete(ReportRecord).where(ReportRecord.at_ms < reports_before_ms))
            return gone

    @staticmethod
    def _waiting(session: Session, channel_id: str) -> int:
        return (
            session.scalar(
                select(func.count(OutboxRecord.id)).where(
                    OutboxRecord.channel == channel_id, OutboxRecord.state == MessageState.WAITING.value
                )
            )
            or 0
        )

    @staticmethod
    def _due(session: Session, channel_id: str, now_ms: int) -> Sequence[OutboxRecord]:
        return session.scalars(
            select(OutboxRecord)
            .where(
                OutboxRecord.channel == channel_id,
                OutboxRecord.state == MessageState.WAITING.value,
                OutboxRecord.due_ms <= now_ms,
            )
            .order_by(OutboxRecord.due_ms, OutboxRecord.id)
            .limit(_REFUSED_A_CLAIM)
        ).all()

    @staticmethod
    def _next_ms(session: Session, channel_id: str) -> int | None:
        due_ms, expires_ms = session.execute(
            select(func.min(OutboxRecord.due_ms), func.min(OutboxRecord.expires_ms)).where(
                OutboxRecord.channel == channel_id, OutboxRecord.state == MessageState.WAITING.value
            )
        ).one()
        return None if due_ms is None else min(int(due_ms), int(expires_ms))

    @staticmethod
    def _lapse(session: Session, channel_id: str, now_ms: int) -> None:
        session.execute(
            update(OutboxRecord)
            .where(
                OutboxRecord.channel == channel_id,
                OutboxRecord.state == MessageState.WAITING.value,
                OutboxRecord.expires_ms <= now_ms,
            )
            .values(state=lifecycle.after(MessageState.WAITING, MessageEvent.LAPSE).value, changed_ms=now_ms)
        )

    def _prepare(self, session: Session, channel: Channel, record: OutboxRecord, now_ms: int) -> Parcel | Refusal:
        """Prepares a parcel and books its parts, or returns the rule that refuses it."""
        try:
            message = Message.model_validate_json(record.message)
        except ValidationError:
            return Refusal("unreadable")
        parcel = channel.prepare(message, record.recipient)
        if isinstance(parcel, Refusal):
            return parcel
        day = day_of(now_ms, self._offset_minutes)
        month = day[:7]
        if not usage.reserve(session, self._audit, channel, parts=parcel.parts, month=month):
            return Refusal("quota_spent")
        record.parts, record.month = parcel.parts, month
        tally.submit(session, channel, record, day=day, template=parcel.template)
        self._advance(record, MessageEvent.CLAIM, now_ms)
        facts = {
            "alarm": message.id,
            "attempt": record.attempts + 1,
            "channel": channel.id,
            "kind": channel.kind.value,
            "recipient": record.recipient,
            "to": channel.recipients[record.recipient],
        }
        self._audit.add(session, usage.ACTOR, "notify.hand_over", facts)
        return parcel

    def _settle(
        self,
        session: Session,
        channel: Channel,
        record: OutboxRecord,
        outcome: AttemptOutcome,
        *,
        since_ms: int | None = None,
    ) -> None:
        """Stores an outcome; the next attempt's wait counts from now, or from `since_ms`."""
        now_ms = self._now_ms()
        progress = lifecycle.settled(
            Progress(
                MessageState(record.state),
                record.due_ms,
                record.attempts,
                record.possible,
                record.code,
                record.reference,
            ),
            outcome,
            most_possible=channel.terms.most_possible,
            now_ms=now_ms if since_ms is None else since_ms,
            jitter=self._jitter(),
        )
        record.state, record.due_ms, record.changed_ms = progress.state.value, progress.due_ms, now_ms
        record.attempts, record.possible = progress.attempts, progress.possible
        record.code, record.reference = progress.code, progress.reference
        tally.settle(session, record, outcome.verdict)
        if outcome.verdict in _NOT_THEIRS:
            usage.give_back(session, channel.id, parts=record.parts, month=record.month)
            record.parts, record.month = 0, ""
        if outcome.verdict is AttemptVerdict.THROTTLED:
            pace = limits.reduced(usage.pace_of(session, channel.id), now_ms)
            pace = limits.spent(pace, channel.terms.limits, 1, now_ms)
            usage.keep_pace(session, channel, pace, now_ms)
        early = session.get(ReportRecord, (channel.id, progress.reference)) if progress.reference else None
        if early is not None:
            self._apply(session, record, DeliveryReport(early.reference, early.delivered, early.code), now_ms)
            session.delete(early)

    def _apply(self, session: Session, record: OutboxRecord, report: DeliveryReport, now_ms: int) -> None:
        before = record.state
        self._advance(record, MessageEvent.CONFIRM if report.delivered else MessageEvent.DENY, now_ms)
        if record.state != before:
            record.code = report.code
        tally.report(session, record, MessageState(before))

    @staticmethod
    def _advance(record: OutboxRecord, event: MessageEvent, now_ms: int, *, code: str | None = None) -> None:
        record.state = lifecycle.after(MessageState(record.state), event).value
        record.changed_ms = now_ms
        if code is not None:
            record.code = code


def _receipt(record: OutboxRecord) -> Receipt:
    return Receipt(
        record.parcel_id, record.channel, record.recipient, MessageState(record.state), record.code, record.attempts
    )


def _keep_early(session: Session, channel_id: str, report: DeliveryReport, now_ms: int) -> None:
    """Stores a report on a message that has no answer yet; of more than `MAX_EARLY_REPORTS` drops the oldest."""
    known = session.get(ReportRecord, (channel_id, report.reference))
    if known is not None:
        if report.delivered and not known.delivered:
            known.delivered, known.code = True, report.code
        return
    if (session.scalar(select(func.count()).select_from(ReportRecord)) or 0) >= MAX_EARLY_REPORTS:
        oldest = select(ReportRecord.at_ms).order_by(ReportRecord.at_ms).limit(1).scalar_subquery()
        session.execute(delete(ReportRecord).where(ReportRecord.at_ms == oldest))
    session.add(
        ReportRecord(
            channel=channel_id,
            reference=report.reference,
            delivered=report.delivered,
            code=report.code,
            at_ms=now_ms,
        )
    )
    session.flush()


def _sync_commits(session: Session) -> None:
    """Makes the commit survive a power cut too. SQLite takes this only before the first statement of a transaction."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA synchronous=FULL"))
