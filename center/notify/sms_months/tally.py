"""Counts SMS by day and template, in the transactions of the outbox. A message counts on the day it was handed over."""

from sqlalchemy.orm import Session

from center.notify.channels.base import Channel, Kind
from center.notify.lifecycle import AttemptVerdict, MessageState
from center.notify.sms_months.tables import SmsDayRecord
from center.notify.tables import OutboxRecord

_BY_VERDICT = {AttemptVerdict.TAKEN: "accepted", AttemptVerdict.UNKNOWN: "unknown"}
_BY_STATE = {MessageState.DELIVERED: "delivered", MessageState.UNDELIVERED: "failed"}


def submit(session: Session, channel: Channel, record: OutboxRecord, *, day: str, template: str) -> None:
    """Counts an attempt whose parts are booked; of channels that are no SMS, none."""
    if channel.kind is Kind.SMS:
        record.day, record.template = day, template
        _of(session, record).messages += 1
        _add(session, record, "submitted", record.parts)


def settle(session: Session, record: OutboxRecord, verdict: AttemptVerdict) -> None:
    """Counts the outcome of an attempt, before its parts are given back."""
    if record.day and verdict in _BY_VERDICT:
        _add(session, record, _BY_VERDICT[verdict], record.parts)


def report(session: Session, record: OutboxRecord, before: MessageState) -> None:
    """Counts a delivery report that has moved a message on from `before`."""
    now = MessageState(record.state)
    if record.day and now is not before:
        if before in _BY_STATE:
            _add(session, record, _BY_STATE[before], -record.parts)
        _add(session, record, _BY_STATE[now], record.parts)


def _add(session: Session, record: OutboxRecord, column: str, parts: int) -> None:
    counts = _of(session, record)
    setattr(counts, column, getattr(counts, column) + parts)


def _of(session: Session, record: OutboxRecord) -> SmsDayRecord:
    found = session.get(SmsDayRecord, (record.channel, record.day, record.template))
    if found is None:
        found = SmsDayRecord(
            channel=record.channel,
            day=record.day,
            template=record.template,
            messages=0,
            submitted=0,
            accepted=0,
            unknown=0,
            delivered=0,
            failed=0,
        )
        session.add(found)
        session.flush()
    return found
