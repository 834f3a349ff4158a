"""Keeps on disk what waits for each superior, how far the archive was read, and what was sent in an hour.

What was chosen and the cursor are one transaction, and an observation leaves it only when the superior has answered: a
process that is killed loses none, and sends one twice at most, with the same ids. Bounded: the oldest are dropped by
name. Every method blocks: call it from a worker thread.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.hour_counts import DROPPED, HOUR_MS, SENT, HourCounts, rows_of
from center.viid_cascade.composing import ObjectKind
from center.viid_cascade.selection import Chosen, DropName
from center.viid_cascade.tables import CascadeCursorRecord, SentHourRecord, WaitingRecord
from provisioning.contracts.config.viid_cascade import ViidSuperior

_FIRST: Final = 1
"""Id of the cursor of partition 0; the others follow."""


@dataclass(frozen=True, slots=True)
class WaitingObservation:
    """One observation that waits for a superior."""

    id: int
    row_key: str
    place: str
    device_id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Observations that wait for a superior. `oldest_ms`: when the oldest was chosen."""

    observations: int
    oldest_ms: int


@dataclass(slots=True)
class Settlement:
    """Results of a round of sending: what is done, what fell over, and counts of both."""

    done: list[WaitingObservation] = field(default_factory=list)
    fell: list[WaitingObservation] = field(default_factory=list)
    sent: Counter[ObjectKind] = field(default_factory=Counter)
    dropped: Counter[DropName] = field(default_factory=Counter)


class CascadeOutbox:
    """Outbox of all superiors of one centre.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, superiors: Sequence[ViidSuperior], now_ms: NowMs) -> None:
        self._store = store
        self._hours = HourCounts(SentHourRecord, audit, action="viid.sent", party="superior")
        self._superiors = superiors
        self._now_ms = now_ms
        self.sent: dict[str, Counter[ObjectKind]] = defaultdict(Counter)
        """Objects since the start, by superior."""
        self.dropped: dict[str, Counter[DropName]] = defaultdict(Counter)
        """Observations since the start, by superior."""

    def cursor(self, partition: int = 0) -> int | None:
        """Returns the last commit of a partition that was read; None before the first."""
        with self._store.transaction() as session:
            record = session.get(CascadeCursorRecord, _FIRST + partition)
            return None if record is None else record.commit_seq

    def post(
        self,
        commit_seq: int,
        chosen: Iterable[Chosen],
        dropped: Mapping[str, Counter[DropName]],
        partition: int = 0,
    ) -> None:
        """Stores what was chosen up to a partition's commit; what waits too long, or has no room, is dropped."""
        now_ms = self._now_ms()
        counts = {each.id: Counter(dropped.get(each.id, ())) for each in self._superiors}
        with self._store.transaction() as session:
            session.merge(CascadeCursorRecord(id=_FIRST + partition, commit_seq=commit_seq))
            session.add_all(
                WaitingRecord(
                    superior=each.superior,
                    row_key=each.row_key,
                    place=each.place,
                    device_id=each.device_id,
                    queued_at_ms=now_ms,
                    attempts=0,
                )
                for each in chosen
            )
            session.flush()
            for superior in self._superiors:
                counts[superior.id] += _bound(session, superior, now_ms)
                self._hours.add(session, superior.id, now_ms, DROPPED, counts[superior.id])
        for name, each in counts.items():
            self.dropped[name] += each

    def heads(self, superior: str, limit: int) -> list[WaitingObservation]:
        """Returns the oldest observations that wait for a superior."""
        oldest = select(WaitingRecord).where(WaitingRecord.superior == superior).order_by(WaitingRecord.id)
        with self._store.transaction() as session:
            return [
                WaitingObservation(each.id, each.row_key, each.place, each.device_id, each.attempts)
                for each in session.scalars(oldest.limit(limit))
            ]

    def settle(self, superior: str, results: Settlement) -> None:
        """Stores the results of a round."""
        now_ms = self._now_ms()
        with self._store.transaction() as session:
            if results.done:
                session.execute(delete(WaitingRecord).where(or_(*map(_is, results.done))))
            if results.fell:
                fallen = update(WaitingRecord).where(or_(*map(_is, results.fell)))
                session.execute(fallen.values(attempts=WaitingRecord.attempts + 1))
            self._hours.add(session, superior, now_ms, SENT, results.sent)
            self._hours.add(session, superior, now_ms, DROPPED, results.dropped)
        self.sent[superior] += results.sent
        self.dropped[superior] += results.dropped

    def backlog(self) -> dict[str, Backlog]:
        """Counts what waits, by superior."""
        query = select(
            WaitingRecord.superior, func.count(WaitingRecord.id), func.min(WaitingRecord.queued_at_ms)
        ).group_by(WaitingRecord.superior)
        with self._store.transaction() as session:
            return {name: Backlog(count, oldest_ms) for name, count, oldest_ms in session.execute(query)}

    def recover(self) -> None:
        """Audits every hour of the last run, and drops what waits for superiors that are gone, at a start."""
        now_ms = self._now_ms()
        gone = WaitingRecord.superior.not_in([each.id for each in self._superiors])
        with self._store.transaction() as session:
            query = select(WaitingRecord.superior, func.count(WaitingRecord.id)).where(gone)
            for superior, count in session.execute(query.group_by(WaitingRecord.superior)).all():
                self._hours.add(session, superior, now_ms, DROPPED, {DropName.REMOVED: count})
            session.execute(delete(WaitingRecord).where(gone))
        with self._store.transaction() as session:
            self._hours.audit_before(session, now_ms // HOUR_MS + 1)

    def audit_hours(self) -> None:
        """Writes one entry of the audit for each superior and hour that is over."""
        with self._store.transaction() as session:
            self._hours.audit_before(session, self._now_ms() // HOUR_MS)


def _is(waiting: WaitingObservation) -> ColumnElement[bool]:
    """Names one record: a number may be used again once all records are gone."""
    return and_(WaitingRecord.id == waiting.id, WaitingRecord.row_key == waiting.row_key)


def _bound(session: Session, superior: ViidSuperior, now_ms: int) -> Counter[DropName]:
    """Drops what waits for a superior for too long, and the oldest beyond its room."""
    mine = WaitingRecord.superior == superior.id
    due_ms = now_ms - round(superior.give_up_after_h * HOUR_MS)
    expired = session.execute(delete(WaitingRecord).where(mine, WaitingRecord.queued_at_ms < due_ms))
    waiting = session.scalar(select(func.count(WaitingRecord.id)).where(mine)) or 0
    over = max(0, waiting - superior.max_waiting)
    if over:
        oldest = select(WaitingRecord.id).where(mine).order_by(WaitingRecord.id).limit(over)
        session.execute(delete(WaitingRecord).where(WaitingRecord.id.in_(oldest)))
    return +Counter({DropName.EXPIRED: rows_of(expired), DropName.OUTBOX_FULL: over})
