"""Keeps the last hours of every stage, a point a minute: in memory for pages, in the database over restarts."""

import threading
from collections import deque
from typing import Final, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Text, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base, Store
from center.pipeline.stages import THIRD_PARTIES, Stage, StageState
from center.pipeline.verdict import ChainViewBase, Figures, StageVerdict

EVERY_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


class Point(ChainViewBase):
    """One minute of one stage: its worst state and all causes in it, and its last figures."""

    at_ms: int
    state: StageState
    codes: tuple[str, ...]
    figures: Figures


class StageHistory(ChainViewBase):
    """One stage's points, oldest first. A minute without a sample has none."""

    stage: Stage
    points: tuple[Point, ...]


class MinuteRecord(Base):
    """One minute of all stages, as JSON of a `Point` each."""

    __tablename__ = "pipeline_minutes"

    at_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    points: Mapped[str] = mapped_column(Text)


class _Minute(NamedTuple):
    at_ms: int
    points: dict[Stage, Point]


_BADNESS: Final = (StageState.GREEN, StageState.UNKNOWN, StageState.STARTING, StageState.AMBER, StageState.RED)
_POINTS: Final = TypeAdapter(dict[Stage, Point])


class History:
    """History of all stages, for any thread. Bounded by age, in memory and in the database: one row a minute."""

    def __init__(self, store: Store, hours: int) -> None:
        self._store = store
        self._span_ms = hours * HOUR_MS
        self._lock = threading.Lock()
        self._minutes: deque[_Minute] = deque()
        self._kept_ms = 0
        """The newest minute that is in the database for good."""

    def load(self, now_ms: int) -> None:
        """Loads the minutes that were written before a restart.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        table = MinuteRecord
        kept = select(table).where(table.at_ms > now_ms - self._span_ms, table.at_ms <= now_ms).order_by(table.at_ms)
        with self._store.transaction() as session:
            found = [_Minute(row.at_ms, _POINTS.validate_json(row.points)) for row in session.scalars(kept)]
        with self._lock:
            self._minutes = deque(found)
            if found:
                # The newest may be the present minute, which goes on.
                self._kept_ms = found[-1].at_ms - 1

    def add(self, at_ms: int, verdicts: tuple[StageVerdict, ...]) -> None:
        """Adds the verdicts of one time. Those of one minute become one point."""
        minute_ms = at_ms - at_ms % EVERY_MS
        with self._lock:
            minutes = self._minutes
            while minutes and minutes[-1].at_ms > minute_ms:
                minutes.pop()  # The clock was set back: these minutes are in the future.
            while minutes and minutes[0].at_ms <= minute_ms - self._span_ms:
                minutes.popleft()
            self._kept_ms = min(self._kept_ms, minute_ms - 1)
            before = minutes.pop().points if minutes and minutes[-1].at_ms == minute_ms else {}
            minutes.append(_Minute(minute_ms, {v.stage: _point(minute_ms, v, before.get(v.stage)) for v in verdicts}))

    def keep(self, *, at_end: bool = False) -> None:
        """Writes the minutes that are over to the database, and `at_end` the last one as well.

        Raises:
            StoreUnavailableError: the database does not work; they wait in memory for the next call.
        """
        with self._lock:
            due = [each for each in self._minutes if each.at_ms > self._kept_ms]
        due = due if at_end else due[:-1]
        if not due:
            return
        newest_ms = due[-1].at_ms
        with self._store.transaction() as session:
            for each in due:
                points = _POINTS.dump_json(each.points, exclude_none=True).decode()
                session.merge(MinuteRecord(at_ms=each.at_ms, points=points))
            at_ms = MinuteRecord.at_ms
            session.execute(delete(MinuteRecord).where(or_(at_ms <= newest_ms - self._span_ms, at_ms > newest_ms)))
        with self._lock:
            self._kept_ms = newest_ms

    def stages(self, since_ms: int) -> tuple[StageHistory, ...]:
        """Returns the history of all stages since then; of third parties, of those in use."""
        with self._lock:
            minutes = [each.points for each in self._minutes if each.at_ms >= since_ms]
        return tuple(
            StageHistory(stage=stage, points=tuple(points[stage] for points in minutes if stage in points))
            for stage in Stage
            if stage not in THIRD_PARTIES or any(stage in points for points in minutes)
        )


def _point(minute_ms: int, verdict: StageVerdict, last: Point | None) -> Point:
    codes = [finding.cause.code for finding in verdict.findings]
    state = verdict.state
    if last is not None:
        state = max(state, last.state, key=_BADNESS.index)
        codes = [*codes, *(code for code in last.codes if code not in codes)]
    return Point(at_ms=minute_ms, state=state, codes=tuple(codes), figures=verdict.figures)
