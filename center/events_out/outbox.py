"""Keeps on disk what waits for each receiver, how far each source was read, and what was sent in an hour.

Events and the marks of their source are one transaction, and an event leaves only when its receiver has acknowledged
it: a process that is killed loses none, and sends some twice, with the same ids. Bounded in two lanes: the oldest are
dropped by name, and alarms do not give way to observations. Every method blocks: call it from a worker thread.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.events_out.publisher import QueuedEvent
from center.events_out.schema import Event
from center.events_out.tables import EventHourRecord, EventMarkRecord, QueuedEventRecord
from center.hour_counts import DROPPED, HOUR_MS, SENT, HourCounts, rows_of
from provisioning.contracts.config.events_out import EventKind, EventReceiver

COMMON: Final = ""
"""Receiver of the marks that all share: how far a source was read."""
CAMERA_PLACE: Final = "camera/"
"""Prefix of the places of cameras."""


class EventDrop(StrEnum):
    """Reason for which an event does not reach its receiver."""

    EXPIRED = "expired"
    """An observation or count waited too long."""
    OUTBOX_FULL = "outbox_full"
    """An observation or count was the oldest of too many."""
    KEPT_EXPIRED = "kept_expired"
    """The same of an alarm, a camera state or a month."""
    KEPT_FULL = "kept_full"
    REFUSED = "refused"
    """The receiver never takes it: it is too large, for one."""
    REMOVED = "removed"
    """Its receiver is no longer configured."""


class OutboxLane(IntEnum):
    """OutboxLane of the outbox; the lower is sent first."""

    KEPT = 0
    BULK = 1


_BULK: Final = frozenset({EventKind.OBSERVATION, EventKind.PEOPLE})


@dataclass(frozen=True, slots=True)
class Addressed:
    """An event for one receiver."""

    receiver: str
    kind: EventKind
    event: Event


@dataclass(frozen=True, slots=True)
class EventBacklog:
    """Events that wait for a receiver. `oldest_ms`: time at which the oldest was queued."""

    events: int
    oldest_ms: int


class EventOutbox:
    """Outbox of all receivers of one centre.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, receivers: Sequence[EventReceiver], now_ms: NowMs) -> None:
        self._store = store
        self._receivers = receivers
        self._now_ms = now_ms
        self._hours = HourCounts(EventHourRecord, audit, action="events.sent", party="receiver")
        self.sent: dict[str, Counter[EventKind]] = defaultdict(Counter)
        """Events since the start, by receiver."""
        self.dropped: dict[str, Counter[EventDrop]] = defaultdict(Counter)
        """The same of events that were dropped."""

    def marks(self, receiver: str, prefix: str = "") -> dict[str, str]:
        """Returns the marks of a receiver by place, of the places that begin with `prefix`."""
        mine = select(EventMarkRecord).where(EventMarkRecord.receiver == receiver)
        with self._store.transaction() as session:
            found = session.scalars(mine.where(EventMarkRecord.place.startswith(prefix, autoescape=True)))
            return {each.place: each.mark for each in found}

    def post(
        self,
        events: Iterable[Addressed],
        marks: Mapping[tuple[str, str], str | None],
        dropped: Mapping[str, Counter[EventDrop]] | None = None,
    ) -> None:
        """Stores events and the marks of their source, by receiver and place; a mark of None is deleted.

        Events that have no room, or have waited too long, are dropped.
        """
        now_ms = self._now_ms()
        counts = {each.id: Counter((dropped or {}).get(each.id, ())) for each in self._receivers}
        with self._store.transaction() as session:
            for (receiver, place), mark in marks.items():
                if mark is None:
                    gone = (EventMarkRecord.receiver == receiver, EventMarkRecord.place == place)
                    session.execute(delete(EventMarkRecord).where(*gone))
                else:
                    session.merge(EventMarkRecord(receiver=receiver, place=place, mark=mark))
            session.add_all(
                QueuedEventRecord(
                    receiver=each.receiver,
                    lane=OutboxLane.BULK if each.kind in _BULK else OutboxLane.KEPT,
                    kind=each.kind.value,
                    subject=each.event.subject,
                    event_id=each.event.id,
                    event=each.event.model_dump_json(),
                    queued_at_ms=now_ms,
                )
                for each in events
            )
            session.flush()
            self._bound(session, counts, now_ms)
        self._count_dropped(counts)

    def expire(self) -> None:
        """Drops what has waited too long, also where no source has anything new; audits the hours that are over."""
        now_ms = self._now_ms()
        counts = {each.id: Counter[EventDrop]() for each in self._receivers}
        with self._store.transaction() as session:
            self._bound(session, counts, now_ms)
            self._hours.audit_before(session, now_ms // HOUR_MS)
        self._count_dropped(counts)

    def heads(self, receiver: str, limit: int) -> list[QueuedEvent]:
        """Returns the events that are sent next to a receiver."""
        mine = select(QueuedEventRecord).where(QueuedEventRecord.receiver == receiver)
        with self._store.transaction() as session:
            return [
                QueuedEvent(each.id, EventKind(each.kind), each.subject, each.event_id, each.event.encode())
                for each in session.scalars(mine.order_by(QueuedEventRecord.lane, QueuedEventRecord.id).limit(limit))
            ]

    def settle(self, receiver: str, acknowledged: Sequence[QueuedEvent], refused: Sequence[QueuedEvent]) -> None:
        """Removes events to which the receiver has given its answer.

        One that was dropped meanwhile, for the room of others, stays counted as dropped alone.
        """
        now_ms = self._now_ms()
        with self._store.transaction() as session:
            sent = Counter(_removed(session, acknowledged))
            dropped = Counter({EventDrop.REFUSED: len(_removed(session, refused))})
            self._hours.add(session, receiver, now_ms, SENT, sent)
            self._hours.add(session, receiver, now_ms, DROPPED, +dropped)
        self.sent[receiver] += sent
        self.dropped[receiver] += dropped

    def forget_states(self, receiver: str) -> None:
        """Forgets which camera states a receiver was given: each is sent again, with its id."""
        mine = (EventMarkRecord.receiver == receiver, EventMarkRecord.place.startswith(CAMERA_PLACE, autoescape=True))
        with self._store.transaction() as session:
            session.execute(delete(EventMarkRecord).where(*mine))

    def backlog(self) -> dict[tuple[str, OutboxLane], EventBacklog]:
        """Counts what waits, by receiver and lane."""
        record = QueuedEventRecord
        query = select(record.receiver, record.lane, func.count(record.id), func.min(record.queued_at_ms))
        with self._store.transaction() as session:
            return {
                (receiver, OutboxLane(lane)): EventBacklog(count, oldest_ms)
                for receiver, lane, count, oldest_ms in session.execute(query.group_by(record.receiver, record.lane))
            }

    def recover(self) -> None:
        """Audits every hour of the last run, and drops what waits for receivers that are gone, at a start."""
        now_ms = self._now_ms()
        known = [each.id for each in self._receivers]
        gone = QueuedEventRecord.receiver.not_in(known)
        with self._store.transaction() as session:
            query = select(QueuedEventRecord.receiver, func.count(QueuedEventRecord.id)).where(gone)
            for receiver, count in session.execute(query.group_by(QueuedEventRecord.receiver)).all():
                self._hours.add(session, receiver, now_ms, DROPPED, {EventDrop.REMOVED: count})
            session.execute(delete(QueuedEventRecord).where(gone))
            session.execute(delete(EventMarkRecord).where(EventMarkRecord.receiver.not_in([COMMON, *known])))
            session.flush()
            self._hours.audit_before(session, now_ms // HOUR_MS + 1)

    def _bound(self, session: Session, counts: Mapping[str, Counter[EventDrop]], now_ms: int) -> None:
        """Drops what has waited too long, and the oldest beyond the room of each lane."""
        for each in self._receivers:
            expired, over = _drop(session, each.id, OutboxLane.BULK, now_ms, each.give_up_after_h, each.max_waiting)
            kept_expired, kept_over = _drop(
                session, each.id, OutboxLane.KEPT, now_ms, each.give_up_kept_after_h, each.max_waiting_kept
            )
            counts[each.id].update(
                {
                    EventDrop.EXPIRED: expired,
                    EventDrop.OUTBOX_FULL: over,
                    EventDrop.KEPT_EXPIRED: kept_expired,
                    EventDrop.KEPT_FULL: kept_over,
                }
            )
            self._hours.add(session, each.id, now_ms, DROPPED, +counts[each.id])

    def _count_dropped(self, counts: Mapping[str, Counter[EventDrop]]) -> None:
        for receiver, names in counts.items():
            self.dropped[receiver] += names


def _removed(session: Session, events: Sequence[QueuedEvent]) -> list[EventKind]:
    """Removes events and returns their kinds.

    A number may be used again once all records are gone, so the ids of the events are compared too.
    """
    record = QueuedEventRecord
    these = tuple_(record.id, record.event_id).in_([(each.id, each.event_id) for each in events])
    return [EventKind(kind) for kind in session.scalars(delete(record).where(these).returning(record.kind))]


def _drop(session: Session, receiver: str, lane: OutboxLane, now_ms: int, hours: float, most: int) -> tuple[int, int]:
    """Drops from one lane; returns how many had waited too long, and how many had no room."""
    record = QueuedEventRecord
    mine = (record.receiver == receiver, record.lane == lane.value)
    expired = session.execute(delete(record).where(*mine, record.queued_at_ms < now_ms - round(hours * HOUR_MS)))
    over = max(0, (session.scalar(select(func.count(record.id)).where(*mine)) or 0) - most)
    if over:
        oldest = select(record.id).where(*mine).order_by(record.id).limit(over)
        session.execute(delete(record).where(record.id.in_(oldest)))
    return rows_of(expired), over
