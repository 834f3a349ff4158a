"""The life of an alarm as a table: which event is allowed in which state, and the state that follows."""

from enum import StrEnum
from typing import Final

from center.alarms.errors import AlarmStateError


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
        raise AlarmStateError(state=state.value, event=event.value)
    return following
