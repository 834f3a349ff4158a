"""Counts what goes to parties outside by the hour, and writes each hour that is over into the audit."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Integer, Result, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.audit.log import Audit
from center.clock import local
from center.database.store import Base

ACTOR: Final = "(centre)"
SENT: Final = "sent"
DROPPED: Final = "dropped"
HOUR_MS: Final = 3_600_000
_Name = TypeVar("_Name", bound=str)


class HourCountRecord(Base):
    """Base of tables of hours: a count that is not in the audit yet. A table adds `party`."""

    __abstract__ = True

    party: Mapped[str]
    hour: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Hours since the Unix epoch."""
    outcome: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class HourCounts:
    """Counts in one table. `action` and `party` name the audit's entry and the party in it."""

    def __init__(self, record: type[HourCountRecord], audit: Audit, *, action: str, party: str) -> None:
        self._record = record
        self._audit = audit
        self._action = action
        self._party = party

    def add(self, session: Session, party: str, now_ms: int, outcome: str, counts: Mapping[_Name, int]) -> None:
        """Adds counts to those of the present hour."""
        for name, count in counts.items():
            key = {"party": party, "hour": now_ms // HOUR_MS, "outcome": outcome, "name": str(name)}
            more = update(self._record).filter_by(**key).values(count=self._record.count + count)
            if not rows_of(session.execute(more)):
                session.add(self._record(**key, count=count))

    def audit_before(self, session: Session, end_hour: int) -> None:
        """Writes an entry of the audit for each party and hour before `end_hour`, and deletes the counts."""
        record = self._record
        query = select(record).where(record.hour < end_hour).order_by(record.hour, record.party)
        entries: dict[tuple[int, str], dict[str, dict[str, int]]] = defaultdict(lambda: {SENT: {}, DROPPED: {}})
        for each in session.scalars(query):
            entries[each.hour, each.party][each.outcome][each.name] = each.count
        for (hour, party), counts in entries.items():
            self._audit.add(session, ACTOR, self._action, {self._party: party, "hour": local(hour * HOUR_MS), **counts})
        session.execute(delete(record).where(record.hour < end_hour))


def rows_of(result: Result[Any]) -> int:
    """Returns how many rows an UPDATE or DELETE reached."""
    return int(result.rowcount)  # type: ignore[attr-defined] # the result of such a statement has it
