"""Reads the results from the database: alarms and how fast they were taken, cases, machines found, exports."""

from statistics import median
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.alarms.lifecycle import WAITING, AlarmEvent
from center.alarms.rules.rule import Severity
from center.alarms.tables import AlarmRecord, EventRecord
from center.cases.states import CaseState
from center.cases.tables import CaseMachineRecord, CaseRecord
from center.cases.views import MachineVerdict
from center.evidence.tables import ExportRecord, ExportState
from center.wall.views import WallResults

WINDOW_MS: Final = 7 * 86_400_000
_TAKEN: Final = (AlarmEvent.ACKNOWLEDGED, AlarmEvent.CLOSED)
_MADE: Final = (ExportState.READY, ExportState.REMOVED)


def read_results(session: Session, *, now_ms: int, target_s: int | None) -> WallResults:
    """Counts the results; alarms of the last seven days."""
    since_ms = now_ms - WINDOW_MS
    alarms, cases, exports = AlarmRecord, CaseRecord, ExportRecord
    taken_ms = _taken_ms(session, since_ms)
    confirmed = CaseMachineRecord.verdict == MachineVerdict.CONFIRMED
    found = select(func.count(CaseMachineRecord.number.distinct()), func.count()).where(confirmed)
    machines, sightings = session.execute(found).one()
    severities = select(alarms.severity, func.count()).where(alarms.raised_at_ms >= since_ms).group_by(alarms.severity)
    states = select(cases.state, func.count()).group_by(cases.state)
    return WallResults(
        since_ms=since_ms,
        alarms=dict.fromkeys(Severity, 0)
        | {Severity(severity): count for severity, count in session.execute(severities)},
        waiting=session.scalar(select(func.count()).where(alarms.state.in_(sorted(WAITING)))) or 0,
        taken=len(taken_ms),
        median_taken_s=median(taken_ms) / 1000 if taken_ms else None,
        in_time=None if target_s is None else sum(each <= target_s * 1000 for each in taken_ms),
        target_s=target_s,
        cases=dict.fromkeys(CaseState, 0) | {CaseState(state): n for state, n in session.execute(states)},
        machines_found=machines,
        sightings=sightings,
        exports=session.scalar(select(func.count()).where(exports.state.in_(_MADE))) or 0,
    )


def _taken_ms(session: Session, since_ms: int) -> list[int]:
    """Times from raising to the first acknowledgement or closing, of the alarms raised since then."""
    first = (
        select(AlarmRecord.raised_at_ms, func.min(EventRecord.at_ms))
        .join(EventRecord, EventRecord.alarm_id == AlarmRecord.id)
        .where(AlarmRecord.raised_at_ms >= since_ms, EventRecord.event.in_(_TAKEN))
        .group_by(AlarmRecord.id, AlarmRecord.raised_at_ms)
    )
    return [taken_ms - raised_ms for raised_ms, taken_ms in session.execute(first)]
