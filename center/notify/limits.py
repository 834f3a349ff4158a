"""Computes the rate of a channel, by a table of the carrier's reductions, and its monthly quota of parts. Pure.

Parts are counted before they are sent, and given back if they certainly were not.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

FLOOR_PER_SECOND: Final = 2.0


class RateState(StrEnum):
    """Rate of a channel: full, or as the carrier has reduced it."""

    FULL = "full"
    HALF = "half"
    QUARTER = "quarter"
    FLOOR = "floor"
    """`FLOOR_PER_SECOND`, or a quarter of the full rate if that is less."""


class RateEvent(StrEnum):
    """Event that changes the state of the rate."""

    REDUCED = "reduced"
    """The receiving side answered that messages come too fast."""
    RESTORED = "restored"
    """There was no such answer for `restore_after_ms`."""


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
    """Rates agreed with the receiving side."""

    per_second: float
    """Parts a second at full rate."""
    ceiling: RateState = RateState.FULL
    """The highest state of the rate that the carrier has announced."""
    restore_after_ms: int = 600_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Pace of a channel: the state of its rate, and the time of the next message."""

    state: RateState = RateState.FULL
    since_ms: int = 0
    """Begin of the state, or the last time that it was confirmed."""
    next_at_ms: int = 0
    """Nothing is sent before."""


def in_force(pace: Pace, limits: Limits) -> RateState:
    """Returns the slower of the state that answers led to and the one announced."""
    return max(pace.state, limits.ceiling, key=_ORDER.index)


def per_second(state: RateState, limits: Limits) -> float:
    """Returns the rate in parts a second; at the floor two, unless a quarter is less."""
    rate = limits.per_second * _SHARE[state]
    return min(rate, FLOOR_PER_SECOND) if state is RateState.FLOOR else rate


def restored(pace: Pace, limits: Limits, now_ms: int) -> Pace:
    """Returns the pace one state faster, if `restore_after_ms` have passed; else unchanged."""
    if pace.state is RateState.FULL or now_ms - pace.since_ms < limits.restore_after_ms:
        return pace
    return replace(pace, state=TABLE[pace.state, RateEvent.RESTORED], since_ms=now_ms)


def reduced(pace: Pace, now_ms: int) -> Pace:
    """Returns the pace one state slower."""
    return replace(pace, state=TABLE[pace.state, RateEvent.REDUCED], since_ms=now_ms)


def spent(pace: Pace, limits: Limits, parts: int, now_ms: int) -> Pace:
    """Returns the pace after `parts` were handed over now."""
    wait_ms = round(1000 * parts / per_second(in_force(pace, limits), limits))
    return replace(pace, next_at_ms=now_ms + wait_ms)


class QuotaState(StrEnum):
    """State of one channel's quota in one month."""

    OK = "ok"
    WARNED = "warned"
    """The share that warns is used."""
    SPENT = "spent"
    """All of it is used: nothing is sent any more, or every part costs extra, as it is set."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Monthly parts of the carrier's contract."""

    parts: int
    warn_share: float
    overflow: bool
    """True: sending goes on past the quota."""

    def allows(self, used: int, more: int) -> bool:
        """True if `more` parts may be sent after `used`."""
        return self.overflow or used + more <= self.parts

    def state(self, used: int) -> QuotaState:
        """Returns the state of the quota after `used` parts."""
        if used >= self.parts:
            return QuotaState.SPENT
        return QuotaState.WARNED if used >= self.parts * self.warn_share else QuotaState.OK


def day_of(at_ms: int, offset_minutes: int) -> str:
    """Returns the day as `2026-11-24`, in the contract's time zone."""
    return datetime.fromtimestamp(at_ms / 1000, timezone(timedelta(minutes=offset_minutes))).strftime("%Y-%m-%d")


def month_of(at_ms: int, offset_minutes: int) -> str:
    """Returns the month as `2026-11`, in the contract's time zone."""
    return day_of(at_ms, offset_minutes)[:7]
