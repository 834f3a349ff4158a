"""The life of an alarm as a table: what may happen to it in which state, and what it is afterwards."""

from enum import StrEnum
from typing import Final

from center.alarms.errors import AlarmStateError


class State(StrEnum):
    """Of one alarm."""

    OPEN = "open"
    ESCALATED = "escalated"
    """Open, and somebody higher was told."""
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Event(StrEnum):
    """What happens to an alarm."""

    RAISED = "raised"
    """Its beginning, which no state comes before."""
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
"""Nobody has acknowledged it: time alone escalates it."""


def after(state: State, event: Event) -> State:
    """The state that follows.

    Raises:
        AlarmStateError: this cannot happen in this state.
    """
    following = TABLE.get((state, event))
    if following is None:
        raise AlarmStateError(state=state.value, event=event.value)
    return following
