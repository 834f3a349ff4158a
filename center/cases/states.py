"""The life of a case as a table: what may be done to it in which state, and what it is afterwards."""

from enum import StrEnum
from typing import Final

from center.cases.errors import CaseStateError


class State(StrEnum):
    """Of one case."""

    DRAFT = "draft"
    REQUESTED = "requested"
    APPROVED = "approved"
    CLOSED = "closed"
    EXPIRED = "expired"


class Act(StrEnum):
    """What is done to it."""

    CREATE = "create"
    """Its beginning, which no state comes before."""
    CHANGE = "change"
    REQUEST = "request"
    WITHDRAW = "withdraw"
    """By whoever requested it."""
    REFUSE = "refuse"
    """By whoever was to approve it."""
    APPROVE = "approve"
    REVISE = "revise"
    """Its terms are to change, so its approval ends."""
    CLOSE = "close"
    EXPIRE = "expire"
    """By time alone. A draft waits: it allows nothing."""


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
"""What was derived for it is deleted after a while."""


def after(state: State, act: Act) -> State:
    """The state that follows.

    Raises:
        CaseStateError: this cannot be done in this state.
    """
    following = TABLE.get((state, act))
    if following is None:
        raise CaseStateError(state=state.value, act=act.value)
    return following


def now(state: State, *, expires_at_ms: int, now_ms: int) -> State:
    """What a case is at this moment: time expires it, whether or not anybody has written that down."""
    if now_ms >= expires_at_ms and (state, Act.EXPIRE) in TABLE:
        return TABLE[state, Act.EXPIRE]
    return state
