"""The life of an alarm: the outcome of a rule's match, and a table of the events that each state allows. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from center.alarms.errors import AlarmStateError
from provisioning.contracts.query.archive import FUTURE_TOLERANCE_MS


class MatchOutcome(StrEnum):
    """Outcome of one match of a rule."""

    RAISED = "raised"
    REPEATED = "repeated"
    """Added to the alarm of its window."""
    LATE = "late"
    """Captured too long ago: counted and kept, and raises no alarm."""
    UNTRUSTED = "untrusted"
    """Captured at a time that cannot be believed: handled like `LATE`."""


@dataclass(frozen=True, slots=True)
class LastAlarm:
    """The newest alarm of a rule at a place."""

    alarm_id: int
    raised_at_ms: int
    is_closed: bool


def delay(captured_at_ms: int, *, trusted: bool, now_ms: int, late_after_ms: int) -> MatchOutcome | None:
    """Returns why a row may not raise an alarm, by the centre's clock; None if it may."""
    if not trusted or captured_at_ms > now_ms + FUTURE_TOLERANCE_MS:
        return MatchOutcome.UNTRUSTED
    return MatchOutcome.LATE if captured_at_ms < now_ms - late_after_ms else None


def decide(last: LastAlarm | None, *, now_ms: int, window_ms: int, lasts: bool) -> MatchOutcome:
    """Decides if a match that is in time raises an alarm or repeats the last one.

    `lasts`: the match is a fault, whose alarm goes on until a user closes it. Else an alarm's window begins when it is
    raised and is not stretched by further matches: a rule never falls silent for good.
    """
    if last is None:
        return MatchOutcome.RAISED
    within = 0 <= now_ms - last.raised_at_ms < window_ms
    return MatchOutcome.REPEATED if within or (lasts and not last.is_closed) else MatchOutcome.RAISED


class AlarmState(StrEnum):
    OPEN = "open"
    ESCALATED = "escalated"
    """Open, and the channels of a higher level were notified."""
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class AlarmEvent(StrEnum):
    """Event in the life of an alarm."""

    RAISED = "raised"
    """The first event, which no state comes before."""
    COMMENTED = "commented"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    CLOSED = "closed"


TABLE: Final[dict[tuple[AlarmState, AlarmEvent], AlarmState]] = {
    (AlarmState.OPEN, AlarmEvent.COMMENTED): AlarmState.OPEN,
    (AlarmState.OPEN, AlarmEvent.ACKNOWLEDGED): AlarmState.ACKNOWLEDGED,
    (AlarmState.OPEN, AlarmEvent.ESCALATED): AlarmState.ESCALATED,
    (AlarmState.OPEN, AlarmEvent.CLOSED): AlarmState.CLOSED,
    (AlarmState.ESCALATED, AlarmEvent.COMMENTED): AlarmState.ESCALATED,
    (AlarmState.ESCALATED, AlarmEvent.ACKNOWLEDGED): AlarmState.ACKNOWLEDGED,
    (AlarmState.ESCALATED, AlarmEvent.ESCALATED): AlarmState.ESCALATED,
    (AlarmState.ESCALATED, AlarmEvent.CLOSED): AlarmState.CLOSED,
    (AlarmState.ACKNOWLEDGED, AlarmEvent.COMMENTED): AlarmState.ACKNOWLEDGED,
    (AlarmState.ACKNOWLEDGED, AlarmEvent.ESCALATED): AlarmState.ESCALATED,
    (AlarmState.ACKNOWLEDGED, AlarmEvent.CLOSED): AlarmState.CLOSED,
    (AlarmState.CLOSED, AlarmEvent.COMMENTED): AlarmState.CLOSED,
}
WAITING: Final = frozenset({AlarmState.OPEN, AlarmState.ESCALATED})
"""States of alarms that are not acknowledged: these escalate by time alone."""


def after(state: AlarmState, event: AlarmEvent) -> AlarmState:
    """Returns the state that follows an event.

    Raises:
        AlarmStateError: the event is not allowed in this state.
    """
    following = TABLE.get((state, event))
    if following is None:
        raise AlarmStateError
    return following
