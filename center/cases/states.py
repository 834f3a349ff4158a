"""The life of a case as a table: which act is allowed in which state, and the state that follows."""

from enum import StrEnum
from typing import Final

from center.cases.errors import CaseStateError


class State(StrEnum):
    DRAFT = "draft"
    REQUESTED = "requested"
    APPROVED = "approved"
    CLOSED = "closed"
    EXPIRED = "expired"


class Act(StrEnum):
    """Act on a case."""

    CREATE = "create"
    """The first act, which no state comes before."""
    CHANGE = "change"
    REQUEST = "request"
    WITHDRAW = "withdraw"
    """By the user who requested it."""
    REFUSE = "refuse"
    """By the user who was to approve it."""
    APPROVE = "approve"
    REVISE = "revise"
    """Its terms are to change, so its approval ends."""
    CLOSE = "close"
    EXPIRE = "expire"
    """By time alone. A draft does not expire: it allows nothing."""


TABLE: Final[dict[tuple[State, Act], State]] = {
    (State.DRAFT, Act.CHANGE): State.DRAFT,
    (State.DRAFT, Act.REQUEST): State.REQUESTED,
    (State.DRAFT, Act.CLOSE): State.CLOSED,
    (State.REQUESTED, Act.WITHDRAW): State.DRAFT,
    (State.REQUESTED, Act.REFUSE): State.DRAFT,
    (State.REQUESTED, Act.APPROVE): State.APPROVED,
    (State.REQUESTED, Act.CLOSE): State.CLOSED,
    (State.REQUESTED, Act.EXPIRE): State.EXPIRED,
    (State.APPROVED, Act.REVISE): State.DRAFT,
    (State.APPROVED, Act.CLOSE): State.CLOSED,
    (State.APPROVED, Act.EXPIRE): State.EXPIRED,
    (State.EXPIRED, Act.REVISE): State.DRAFT,
    (State.EXPIRED, Act.CLOSE): State.CLOSED,
}
ENDED: Final = frozenset({State.CLOSED, State.EXPIRED})
"""States of cases that are over, whose derived data is deleted after a while."""


def after(state: State, act: Act) -> State:
    """Returns the state that follows an act.

    Raises:
        CaseStateError: the act is not allowed in this state.
    """
    following = TABLE.get((state, act))
    if following is None:
        raise CaseStateError(state=state.value, act=act.value)
    return following


def now(state: State, *, expires_at_ms: int, now_ms: int) -> State:
    """Returns the state of a case at `now_ms`: time expires it, even before that is stored."""
    if now_ms >= expires_at_ms and (state, Act.EXPIRE) in TABLE:
        return TABLE[state, Act.EXPIRE]
    return state
