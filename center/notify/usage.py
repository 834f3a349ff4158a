"""Stores a channel's usage: its month's parts and its pace, in the transaction that sends."""

from sqlalchemy.orm import Session

from center.audit.log import Audit
from center.notify.channels.base import Channel
from center.notify.limits import Pace, Quota, QuotaState, RateState
from center.notify.tables import PaceRecord, QuotaRecord

ACTOR = "-"
"""Actor of the centre itself, in the audit."""
_ORDER = tuple(QuotaState)


def reserve(session: Session, audit: Audit, channel: Channel, *, parts: int, month: str) -> bool:
    """Counts `parts` before they are sent; False if the quota stops them. Audits each worse state once a month."""
    quota = channel.terms.quota
    if quota is None:
        return True
    record = session.get(QuotaRecord, (channel.id, month))
    if record is None:
        record = QuotaRecord(channel=channel.id, month=month, parts=0, told=QuotaState.OK.value)
        session.add(record)
    allowed = quota.allows(record.parts, parts)
    if allowed:
        record.parts += parts
    state = quota.state(record.parts) if allowed else QuotaState.SPENT
    _audit_state(session, audit, record, quota, state)
    return allowed


def _audit_state(session: Session, audit: Audit, record: QuotaRecord, quota: Quota, state: QuotaState) -> None:
    if _ORDER.index(state) <= _ORDER.index(QuotaState(record.told)):
        return
    record.told = state.value
    facts = {"channel": record.channel, "month": record.month, "state": state.value}
    audit.add(session, ACTOR, "notify.quota", {**facts, "used": record.parts, "parts": quota.parts})


def give_back(session: Session, channel_id: str, *, parts: int, month: str) -> None:
    """Gives back parts that were counted and certainly not sent."""
    record = session.get(QuotaRecord, (channel_id, month)) if parts and month else None
    if record is not None:
        record.parts = max(0, record.parts - parts)


def used(session: Session, channel_id: str, month: str) -> int:
    """Returns the parts that a channel used in a month."""
    record = session.get(QuotaRecord, (channel_id, month))
    return 0 if record is None else record.parts


def pace_of(session: Session, channel_id: str) -> Pace:
    """Returns the stored pace of a channel."""
    record = session.get(PaceRecord, channel_id)
    return Pace() if record is None else Pace(RateState(record.state), record.since_ms, record.next_at_ms)


def keep_pace(session: Session, channel: Channel, pace: Pace, now_ms: int) -> None:
    """Stores a pace. A clock that was set back stops a channel no longer than one of its messages lives."""
    next_at_ms = min(pace.next_at_ms, now_ms + channel.terms.give_up_after_ms)
    session.merge(PaceRecord(channel=channel.id, state=pace.state.value, since_ms=pace.since_ms, next_at_ms=next_at_ms))
