"""The life of a maintenance order as a table: which event each state allows, and the state that follows. Pure."""

from enum import StrEnum
from typing import Final

from center.orders.errors import OrderStateError


class MaintenanceState(StrEnum):
    OPEN = "open"
    """No technician is assigned."""
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    MENDED = "mended"
    """The technician told that the fault is mended; the indicator has not proved it yet."""
    WELL = "well"
    """The indicator was well for as long as the terms want; a second person has to confirm."""
    CLOSED = "closed"
    VOID = "void"
    """Ended without repair, such as the order of a camera that was removed."""


class OrderEvent(StrEnum):
    """Event in the history of an order."""

    OPENED = "opened"
    """The first event, which no state comes before."""
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    LEFT = "left"
    DONE = "done"
    NOTED = "noted"
    PARTS = "parts"
    WAITING = "waiting"
    """The contract's clocks stop: the owner has to act first."""
    RESUMED = "resumed"
    WELL = "well"
    """By the program alone: the indicator was well for as long as the terms want."""
    RECOVERED = "recovered"
    """By the program alone: well again before a technician accepted."""
    CONFIRMED = "confirmed"
    REOPENED = "reopened"
    VOIDED = "voided"


class StepKind(StrEnum):
    """Step that a technician tells of."""

    ACCEPT = "accept"
    ARRIVE = "arrive"
    PART = "part"
    NOTE = "note"
    LEAVE = "leave"
    DONE = "done"
    REOPEN = "reopen"


S, E = MaintenanceState, OrderEvent
EVENT_OF: Final[dict[StepKind, OrderEvent]] = {
    StepKind.ACCEPT: E.ACCEPTED,
    StepKind.ARRIVE: E.ARRIVED,
    StepKind.PART: E.PARTS,
    StepKind.NOTE: E.NOTED,
    StepKind.LEAVE: E.LEFT,
    StepKind.DONE: E.DONE,
    StepKind.REOPEN: E.REOPENED,
}
ENDED: Final = frozenset({S.CLOSED, S.VOID})
LIVE: Final = tuple(state for state in MaintenanceState if state not in ENDED)
BEFORE_WORK: Final = frozenset({S.OPEN, S.ASSIGNED})
"""States in which no technician has accepted the order."""

TABLE: Final[dict[tuple[MaintenanceState, OrderEvent], MaintenanceState]] = {
    (S.OPEN, E.ASSIGNED): S.ASSIGNED,
    (S.OPEN, E.ACCEPTED): S.ACCEPTED,
    (S.OPEN, E.RECOVERED): S.CLOSED,
    (S.ASSIGNED, E.ASSIGNED): S.ASSIGNED,
    (S.ASSIGNED, E.ACCEPTED): S.ACCEPTED,
    (S.ASSIGNED, E.RECOVERED): S.CLOSED,
    (S.ACCEPTED, E.ASSIGNED): S.ASSIGNED,
    (S.ACCEPTED, E.ARRIVED): S.ON_SITE,
    (S.ACCEPTED, E.DONE): S.MENDED,
    (S.ON_SITE, E.ASSIGNED): S.ASSIGNED,
    (S.ON_SITE, E.LEFT): S.ACCEPTED,
    (S.ON_SITE, E.DONE): S.MENDED,
    (S.MENDED, E.LEFT): S.MENDED,
    (S.MENDED, E.ARRIVED): S.ON_SITE,
    (S.MENDED, E.WELL): S.WELL,
    (S.MENDED, E.REOPENED): S.ACCEPTED,
    (S.WELL, E.LEFT): S.WELL,
    (S.WELL, E.CONFIRMED): S.CLOSED,
    (S.WELL, E.REOPENED): S.ASSIGNED,
    (S.CLOSED, E.LEFT): S.CLOSED,
    (S.CLOSED, E.REOPENED): S.ASSIGNED,
    **{(state, event): state for state in MaintenanceState for event in (E.NOTED, E.PARTS)},
    **{(state, E.VOIDED): S.VOID for state in LIVE},
    **{(state, event): state for state in LIVE for event in (E.WAITING, E.RESUMED)},
}
"""`NOTED`, `PARTS` and `LEFT` also come late, from a telephone that was offline while the order went on."""


def after(state: MaintenanceState, event: OrderEvent) -> MaintenanceState:
    """Returns the state that follows an event.

    Raises:
        OrderStateError: the event is not allowed in this state.
    """
    following = TABLE.get((state, event))
    if following is None:
        raise OrderStateError(state=state.value, event=event.value)
    return following
