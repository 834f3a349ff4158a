"""How fast a channel may be: the carrier's reductions as a table of states, and the pace that follows. Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

FLOOR_PER_SECOND: Final = 2.0


class RateState(StrEnum):
    """Full rate, or what the carrier has reduced it to."""

    FULL = "full"
    HALF = "half"
    QUARTER = "quarter"
    FLOOR = "floor"
    """Two a second."""


class RateEvent(StrEnum):
    """What changes it."""

    REDUCED = "reduced"
    """We were told that we are too fast."""
    RESTORED = "restored"
    """For long enough we were not."""


R, E = RateState, RateEvent
TABLE: Final[dict[tuple[RateState, RateEvent], RateState]] = {
    (R.FULL, E.REDUCED): R.HALF,
    (R.HALF, E.REDUCED): R.QUARTER,
    (R.QUARTER, E.REDUCED): R.FLOOR,
    (R.FLOOR, E.REDUCED): R.FLOOR,
    (R.FLOOR, E.RESTORED): R.QUARTER,
    (R.QUARTER, E.RESTORED): R.HALF,
    (R.HALF, E.RESTORED): R.FULL,
    (R.FULL, E.RESTORED): R.FULL,
}
_ORDER: Final = tuple(RateState)
_SHARE: Final = {R.FULL: 1.0, R.HALF: 0.5, R.QUARTER: 0.25, R.FLOOR: 0.25}


@dataclass(frozen=True, slots=True)
class Limits:
    """What was agreed with whoever takes messages."""

    per_second: float
    """Parts a second at full rate."""
    ceiling: RateState = RateState.FULL
    """What the carrier has announced."""
    restore_after_ms: int = 600_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a channel stands."""

    state: RateState = RateState.FULL
    since_ms: int = 0
    """Of the state, or of the last time that it was confirmed."""
    next_at_ms: int = 0
    """Nothing is sent before."""


def in_force(pace: Pace, limits: Limits) -> RateState:
    """The slower of what we were answered and what was announced."""
    return max(pace.state, limits.ceiling, key=_ORDER.index)


def per_second(state: RateState, limits: Limits) -> float:
    """Parts a second; at the floor two, unless a quarter was less already."""
    rate = limits.per_second * _SHARE[state]
    return min(rate, FLOOR_PER_SECOND) if state is RateState.FLOOR else rate


def restored(pace: Pace, limits: Limits, now_ms: int) -> Pace:
    """One state faster if it was quiet for long enough."""
    if pace.state is RateState.FULL or now_ms - pace.since_ms < limits.restore_after_ms:
        return pace
    return replace(pace, state=TABLE[pace.state, RateEvent.RESTORED], since_ms=now_ms)


def reduced(pace: Pace, now_ms: int) -> Pace:
    """One state slower."""
    return replace(pace, state=TABLE[pace.state, RateEvent.REDUCED], since_ms=now_ms)


def spent(pace: Pace, limits: Limits, parts: int, now_ms: int) -> Pace:
    """After `parts` were handed over now."""
    wait_ms = round(1000 * parts / per_second(in_force(pace, limits), limits))
    return replace(pace, next_at_ms=now_ms + wait_ms)
