"""Views of channels and outbox: names, masks, states and counts."""

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select

from center.clock import NowMs
from center.database.store import Store
from center.notify import limits as rate
from center.notify import usage
from center.notify.channels.base import Channel, Kind
from center.notify.lifecycle import MessageState
from center.notify.limits import Quota, QuotaState, RateState, month_of
from center.notify.message import Message
from center.notify.sms_months.ledger import suspended_since
from center.notify.tables import OutboxRecord


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class RecipientView(_Shown):
    """Recipient of a channel; `to` is masked."""

    name: str
    to: str


class RateView(_Shown):
    """Present rate of a channel, parts a second."""

    state: RateState
    per_second: float
    since_ms: int


class QuotaView(_Shown):
    """Parts of the month, used and agreed."""

    month: str
    used: int
    parts: int
    state: QuotaState
    overflow: bool


class ChannelView(_Shown):
    """One channel with its rate, quota and counts."""

    id: str
    kind: Kind
    recipients: tuple[RecipientView, ...]
    rate: RateView
    quota: QuotaView | None
    messages: dict[MessageState, int]
    """Messages in the outbox by state."""
    fault: str
    """Cause for which nothing is sent at all; empty if the channel works."""
    suspended_since_ms: int | None
    """Time since which complaints suspend the channel; null if none do."""
    reports: int
    replies_dropped: int
    reports_unreadable: int


class ChannelStanding(_Shown):
    """Fault, suspension and monthly quota of a channel, without its messages."""

    id: str
    fault: str
    suspended_since_ms: int | None
    quota: QuotaView | None


class EntryView(_Shown):
    """One message to one recipient. Times are milliseconds since the Unix epoch, UTC."""

    id: int
    parcel_id: str
    channel: str
    recipient: str
    state: MessageState
    attempts: int
    code: str
    """Code of the last attempt, or of the rule that refused the message."""
    created_ms: int
    due_ms: int
    expires_ms: int
    changed_ms: int
    message: Message | None
    """None if this release cannot read it any more."""


class OutboxPage(_Shown):
    """Page of messages, newest first; `next_before` is for the page after it."""

    entries: tuple[EntryView, ...]
    next_before: int | None


class OutboxBacklog(_Shown):
    """Messages of a channel that are not settled."""

    messages: int
    oldest_ms: int
    """Time at which the oldest was posted."""


class Views:
    """Reads the views of channels and outbox. Every method blocks.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, now_ms: NowMs, *, offset_minutes: int) -> None:
        self._store = store
        self._now_ms = now_ms
        self._offset_minutes = offset_minutes

    def channel(self, channel: Channel, *, fault: str, received: tuple[int, int, int]) -> ChannelView:
        """Reads the view of a channel."""
        now_ms = self._now_ms()
        limits, quota = channel.terms.limits, channel.terms.quota
        month = month_of(now_ms, self._offset_minutes)
        with self._store.transaction() as session:
            pace = rate.restored(usage.pace_of(session, channel.id), limits, now_ms)
            counts = session.execute(
                select(OutboxRecord.state, func.count(OutboxRecord.id))
                .where(OutboxRecord.channel == channel.id)
                .group_by(OutboxRecord.state)
            ).all()
            used = usage.used(session, channel.id, month)
            suspended_ms = suspended_since(session, channel.id)
        state = rate.in_force(pace, limits)
        return ChannelView(
            id=channel.id,
            kind=channel.kind,
            recipients=tuple(RecipientView(name=name, to=to) for name, to in channel.recipients.items()),
            rate=RateView(state=state, per_second=rate.per_second(state, limits), since_ms=pace.since_ms),
            quota=None if quota is None else _quota(quota, used, month),
            messages={MessageState(name): count for name, count in counts},
            fault=fault,
            suspended_since_ms=suspended_ms,
            reports=received[0],
            replies_dropped=received[1],
            reports_unreadable=received[2],
        )

    def standing(self, channel: Channel, *, fault: str) -> ChannelStanding:
        """Reads a channel's suspension and monthly quota alone."""
        quota = channel.terms.quota
        if quota is None:
            return ChannelStanding(id=channel.id, fault=fault, suspended_since_ms=None, quota=None)
        month = month_of(self._now_ms(), self._offset_minutes)
        with self._store.transaction() as session:
            used = usage.used(session, channel.id, month)
            suspended_ms = suspended_since(session, channel.id)
        shown = _quota(quota, used, month)
        return ChannelStanding(id=channel.id, fault=fault, suspended_since_ms=suspended_ms, quota=shown)

    def waiting(self) -> dict[str, OutboxBacklog]:
        """Reads what is not settled, by the id of its channel; channels without any are absent."""
        query = (
            select(OutboxRecord.channel, func.count(OutboxRecord.id), func.min(OutboxRecord.created_ms))
            .where(OutboxRecord.state.in_((MessageState.WAITING.value, MessageState.SENDING.value)))
            .group_by(OutboxRecord.channel)
        )
        with self._store.transaction() as session:
            rows = session.execute(query).all()
        return {channel: OutboxBacklog(messages=count, oldest_ms=oldest_ms) for channel, count, oldest_ms in rows}

    def outbox(self, *, channel: str | None, state: MessageState | None, before: int | None, limit: int) -> OutboxPage:
        """Reads a page of messages, newest first."""
        query = select(OutboxRecord).order_by(OutboxRecord.id.desc()).limit(limit + 1)
        if channel is not None:
            query = query.where(OutboxRecord.channel == channel)
        if state is not None:
            query = query.where(OutboxRecord.state == state.value)
        if before is not None:
            query = query.where(OutboxRecord.id < before)
        with self._store.transaction() as session:
            records = session.scalars(query).all()
        entries = tuple(_entry(record) for record in records[:limit])
        return OutboxPage(entries=entries, next_before=entries[-1].id if len(records) > limit else None)


def _quota(quota: Quota, used: int, month: str) -> QuotaView:
    return QuotaView(month=month, used=used, parts=quota.parts, state=quota.state(used), overflow=quota.overflow)


def _entry(record: OutboxRecord) -> EntryView:
    try:
        message = Message.model_validate_json(record.message)
    except ValueError:
        message = None
    return EntryView(
        id=record.id,
        parcel_id=record.parcel_id,
        channel=record.channel,
        recipient=record.recipient,
        state=MessageState(record.state),
        attempts=record.attempts,
        code=record.code,
        created_ms=record.created_ms,
        due_ms=record.due_ms,
        expires_ms=record.expires_ms,
        changed_ms=record.changed_ms,
        message=message,
    )
