"""The life of a case as a table: which act is allowed in which state, and the state that follows."""

from enum import StrEnum
from typing import Final

from center.cases.errors import CaseStateError


class CaseState(StrEnum):
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


TABLE: Final[dict[tuple[CaseState, Act], CaseState]] = {
    (CaseState.DRAFT, Act.CHANGE): CaseState.DRAFT,
    (CaseState.DRAFT, Act.REQUEST): CaseState.REQUESTED,
    (CaseState.DRAFT, Act.CLOSE): CaseState.CLOSED,
    (CaseState.REQUESTED, Act.WITHDRAW): CaseState.DRAFT,
    (CaseState.REQUESTED, Act.REFUSE): CaseState.DRAFT,
    (CaseState.REQUESTED, Act.APPROVE): CaseState.APPROVED,
    (CaseState.REQUESTED, Act.CLOSE): CaseState.CLOSED,
    (CaseState.REQUESTED, Act.EXPIRE): CaseState.EXPIRED,
    (CaseState.APPROVED, Act.REVISE): CaseState.DRAFT,
    (CaseState.APPROVED, Act.CLOSE): CaseState.CLOSED,
    (CaseState.APPROVED, Act.EXPIRE): CaseState.EXPIRED,
    (CaseState.EXPIRED, Act.REVISE): CaseState.DRAFT,
    (CaseState.EXPIRED, Act.CLOSE): CaseState.CLOSED,
}
ENDED: Final = frozenset({CaseState.CLOSED, CaseState.EXPIRED})
"""States of cases that are over, whose derived data is deleted after a while."""


def after(state: CaseState, act: Act) -> CaseState:
    """Returns the state that follows an act.

    Raises:
        CaseStateError: the act is not allowed in this state.
    """
    following = TABLE.get((state, act))
    if following is None:
        raise CaseStateError
    return following


def now(state: CaseState, *, expires_at_ms: int, now_ms: int) -> CaseState:
    """Returns the state of a case at `now_ms`: time expires it, even before that is stored."""
    if now_ms >= expires_at_ms and (state, Act.EXPIRE) in TABLE:
        return TABLE[state, Act.EXPIRE]
    return state
