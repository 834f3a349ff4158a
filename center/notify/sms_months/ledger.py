"""Keeps the complaints about a channel, and its suspensions. A number is never entered: a name of the list, or none."""

import re
import threading
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.audit.log import Audit
from center.clock import NowMs, local
from center.database.store import Store
from center.notify.channels.base import Channel
from center.notify.errors import UnknownRecipientError
from center.notify.message import names_somebody
from center.notify.sms_months.complaint_rule import most_in_a_week, suspends
from center.notify.sms_months.errors import (
    ComplaintAheadError,
    ComplaintReferenceError,
    ComplaintTakenError,
    LiftReasonError,
    NotSuspendedError,
)
from center.notify.sms_months.tables import ComplaintRecord, SuspensionRecord
from center.notify.usage import ACTOR

MAX_REASON: Final = 200
MAX_REFERENCE: Final = 40
_REFERENCE: Final = re.compile(r"[A-Za-z0-9-]{0,40}")


class ComplaintSource(StrEnum):
    """Party that a complaint came through."""

    CARRIER = "carrier"
    RECIPIENT = "recipient"


class ComplaintView(BaseModel):
    """A complaint as it was entered, and by whom."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: int
    made_at_ms: int
    entered_at_ms: int
    entered_by: str
    source: ComplaintSource
    recipient: str
    """Name on the channel's list; empty for a number that is not on it."""
    reference: str
    """The carrier's number of the complaint; empty where there is none."""


class SuspensionView(BaseModel):
    """One suspension of a channel, in force while `lifted_at_ms` is null."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    since_ms: int
    lifted_at_ms: int | None
    lifted_by: str
    reason: str


class LedgerView(BaseModel):
    """Complaints and suspensions of a channel, newest first."""

    model_config = ConfigDict(frozen=True)

    channel: str
    suspended: bool
    most_in_a_week: int
    """The most complaints of any seven days, of those that count for the next suspension."""
    suspensions: tuple[SuspensionView, ...]
    complaints: tuple[ComplaintView, ...]
    next_before: int | None


class ComplaintLedger:
    """Enters and reads complaints. Every method blocks.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._entering = threading.Lock()

    def enter(
        self, channel: Channel, *, made_at_ms: int, source: ComplaintSource, recipient: str, reference: str, actor: str
    ) -> ComplaintView:
        """Enters a complaint, and suspends the channel if it is one too many. `recipient` is empty for a stranger.

        Raises:
            UnknownRecipientError: the name is not on the channel's list.
            ComplaintAheadError: made after now.
            ComplaintReferenceError: the carrier's number may not be kept.
            ComplaintTakenError: the carrier's number is in the ledger.
        """
        if recipient and recipient not in channel.recipients:
            raise UnknownRecipientError(channel=channel.id, recipient=recipient)
        now_ms = self._now_ms()
        if made_at_ms > now_ms:
            raise ComplaintAheadError(now=local(now_ms))
        if _REFERENCE.fullmatch(reference) is None or names_somebody(reference):
            raise ComplaintReferenceError
        with self._entering, self._store.transaction() as session:
            of_channel = select(ComplaintRecord.id).where(ComplaintRecord.channel == channel.id)
            if reference and session.scalar(of_channel.where(ComplaintRecord.reference == reference)) is not None:
                raise ComplaintTakenError(reference=reference)
            record = ComplaintRecord(
                channel=channel.id,
                made_at_ms=made_at_ms,
                entered_at_ms=now_ms,
                entered_by=actor,
                source=source.value,
                recipient=recipient,
                reference=reference,
            )
            session.add(record)
            session.flush()
            facts = {"channel": channel.id, "complaint": record.id, "source": source.value, "recipient": recipient}
            self._audit.add(session, actor, "notify.complaint", facts)
            if suspended_since(session, channel.id) is None and suspends(times := _counted(session, channel.id)):
                session.add(SuspensionRecord(channel=channel.id, since_ms=now_ms, complaint_id=record.id))
                facts = {"channel": channel.id, "complaints": most_in_a_week(times)}
                self._audit.add(session, ACTOR, "notify.suspended", facts)
            return ComplaintView.model_validate(record)

    def lift(self, channel: Channel, reason: str, *, actor: str) -> SuspensionView:
        """Lifts a suspension, and returns it. Complaints that are entered until now count for no later one.

        Raises:
            LiftReasonError: no reason, or one that may not be kept.
            NotSuspendedError: nothing to lift.
        """
        reason = reason.strip()
        if not 0 < len(reason) <= MAX_REASON or not reason.isprintable() or names_somebody(reason):
            raise LiftReasonError
        with self._entering, self._store.transaction() as session:
            record = _in_force(session, channel.id)
            if record is None:
                raise NotSuspendedError(channel=channel.id)
            newest = select(func.max(ComplaintRecord.id)).where(ComplaintRecord.channel == channel.id)
            record.complaint_id = session.scalars(newest).one()
            record.lifted_at_ms, record.lifted_by, record.reason = self._now_ms(), actor, reason
            self._audit.add(session, actor, "notify.suspension_lifted", {"channel": channel.id, "reason": reason})
            return SuspensionView.model_validate(record)

    def read(self, channel: Channel, *, before: int | None = None, limit: int = 50) -> LedgerView:
        """Reads a page of the complaints, and all suspensions."""
        query = select(ComplaintRecord).where(ComplaintRecord.channel == channel.id)
        if before is not None:
            query = query.where(ComplaintRecord.id < before)
        of_channel = select(SuspensionRecord).where(SuspensionRecord.channel == channel.id)
        with self._store.transaction() as session:
            records = session.scalars(query.order_by(ComplaintRecord.id.desc()).limit(limit + 1)).all()
            suspensions = session.scalars(of_channel.order_by(SuspensionRecord.id.desc())).all()
            return LedgerView(
                channel=channel.id,
                suspended=suspended_since(session, channel.id) is not None,
                most_in_a_week=most_in_a_week(_counted(session, channel.id)),
                suspensions=tuple(map(SuspensionView.model_validate, suspensions)),
                complaints=tuple(map(ComplaintView.model_validate, records[:limit])),
                next_before=records[limit - 1].id if len(records) > limit else None,
            )


def suspended_since(session: Session, channel_id: str) -> int | None:
    """Returns the time since which a channel is suspended; None if it is not."""
    record = _in_force(session, channel_id)
    return None if record is None else record.since_ms


def _in_force(session: Session, channel_id: str) -> SuspensionRecord | None:
    return session.scalars(
        select(SuspensionRecord).where(SuspensionRecord.channel == channel_id, SuspensionRecord.lifted_at_ms.is_(None))
    ).one_or_none()


def _counted(session: Session, channel_id: str) -> list[int]:
    """Returns the times of the complaints that were entered after the last suspension was lifted."""
    lifted = select(func.max(SuspensionRecord.complaint_id)).where(
        SuspensionRecord.channel == channel_id, SuspensionRecord.lifted_at_ms.is_not(None)
    )
    after = session.scalar(lifted) or 0
    query = select(ComplaintRecord.made_at_ms).where(ComplaintRecord.channel == channel_id, ComplaintRecord.id > after)
    return list(session.scalars(query))
