"""The life of an alarm as a table: which event is allowed in which state, and the state that follows."""

from enum import StrEnum
from typing import Final

from center.alarms.errors import AlarmStateError


class State(StrEnum):
    OPEN = "open"
    ESCALATED = "escalated"
    """Open, and the channels of a higher level were notified."""
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Event(StrEnum):
    """Event in the life of an alarm."""

    RAISED = "raised"
    """The first event, which no state comes before."""
    COMMENTED = "commented"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    CLOSED = "closed"


TABLE: Final[dict[tuple[State, Event], State]] = {
    (State.OPEN, Event.COMMENTED): State.OPEN,
    (State.OPEN, Event.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.OPEN, Event.ESCALATED): State.ESCALATED,
    (State.OPEN, Event.CLOSED): State.CLOSED,
    (State.ESCALATED, Event.COMMENTED): State.ESCALATED,
    (State.ESCALATED, Event.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.ESCALATED, Event.ESCALATED): State.ESCALATED,
    (State.ESCALATED, Event.CLOSED): State.CLOSED,
    (State.ACKNOWLEDGED, Event.COMMENTED): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Event.ESCALATED): State.ESCALATED,
    (State.ACKNOWLEDGED, Event.CLOSED): State.CLOSED,
    (State.CLOSED, Event.COMMENTED): State.CLOSED,
}
WAITING: Final = frozenset({State.OPEN, State.ESCALATED})
"""States of alarms that are not acknowledged: these escalate by time alone."""


def after(state: State, event: Event) -> State:
    """Returns the state that follows an event.

    Raises:
        AlarmStateError: the event is not allowed in this state.
    """
    following = TABLE.get((state, event))
    if following is None:
        raise AlarmStateError(state=state.value, event=event.value)
    return following
