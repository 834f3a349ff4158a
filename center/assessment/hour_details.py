"""Reads the hours behind a finding, as they were counted: minutes, causes, counters, and maintenance."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from center.assessment.indicators import Indicator
from center.assessment.maintenance import MaintenanceWindow
from center.assessment.period import Span
from center.assessment.profiles import Profile
from center.assessment.recording import facts_store
from center.assessment.recording.facts import HourFacts
from center.assessment.settings import Settings
from center.assessment.tables import CauseRecord, HourRecord

_Record = TypeVar("_Record", HourRecord, CauseRecord)


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth of a camera's counters since they were last reported."""

    selected: int
    archived: int
    rejected: int
    dropped: int
    astray: int
    in_flight: int
    """Pictures under way; this one is no growth."""


@dataclass(frozen=True, slots=True)
class HourEvidence:
    """One hour of service. Without facts it is unknown, and listed too."""

    hour: int
    facts: HourFacts | None
    growth: Growth | None
    causes: dict[str, int]
    """Masks of minutes, by cause."""
    excused_by: tuple[int, ...]
    """Numbers of the maintenance that excuses the hour."""


_GROWTH: Final = "SELECT hour, selected, archived, rejected, dropped, astray, in_flight FROM assessment_growth"


def hours(session: Session, profile: Profile, within: Span, windows: list[MaintenanceWindow]) -> list[HourEvidence]:
    """Reads every hour of a span. `sums.begin` must have written the growth of this camera's counters before."""
    first, end = within
    mine = [window for window in windows if window.covers(profile)]

    facts = {row.hour: facts_store.hour_facts(row) for row in _of(session, HourRecord, profile, within)}
    causes: dict[int, dict[str, int]] = {}
    for row in _of(session, CauseRecord, profile, within):
        causes.setdefault(row.hour, {})[row.cause] = row.minutes
    grown = {row[0]: Growth(*row[1:]) for row in session.execute(text(_GROWTH))}
    return [
        HourEvidence(
            hour=hour,
            facts=facts.get(hour),
            growth=grown.get(hour),
            causes=dict(sorted(causes.get(hour, {}).items())),
            excused_by=tuple(window.id for window in mine if _touches(window, hour, end)),
        )
        for hour in range(first, end)
    ]


def _of(session: Session, table: type[_Record], profile: Profile, within: Span) -> Iterable[_Record]:
    return session.scalars(
        select(table).where(
            table.agent_id == profile.agent_id,
            table.camera_id == profile.camera_id,
            table.hour >= within[0],
            table.hour < within[1],
        )
    )


def _touches(window: MaintenanceWindow, hour: int, end_hour: int) -> bool:
    first, end = window.hours(end_hour)
    return first <= hour < end


def speaks_against(item: HourEvidence, indicator: Indicator, settings: Settings) -> bool:
    """True if something in an hour counts against this indicator; place and code have no hours."""
    facts, growth = item.facts or HourFacts(), item.growth
    if item.excused_by:
        return False
    timely: int = getattr(facts, f"within_{settings.timely_s}s")
    online = (facts.told & ~facts.offline).bit_count()
    is_idle = growth is not None and growth.archived == 0 and growth.in_flight == 0
    against = {
        Indicator.ONLINE: facts.offline != 0,
        Indicator.CLOCK: facts.clock_sure_ms is not None and facts.clock_sure_ms > settings.clock_ms,
        Indicator.TIMELINESS: facts.pictured & ~timely != 0,
        Indicator.PICTURE: not facts.pictured and online >= settings.online_minutes and is_idle,
        Indicator.SNAPSHOT: facts.abnormal != 0,
        Indicator.DELIVERY: growth is not None and growth.rejected + growth.dropped > 0,
        Indicator.COMPLETENESS: growth is not None and growth.astray > 0,
    }
    return against.get(indicator, False)
