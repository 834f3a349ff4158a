"""How many parts a month: counted before they are sent, given back when they certainly were not. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum


class QuotaState(StrEnum):
    """Of one channel in one month."""

    OK = "ok"
    WARNED = "warned"
    """The share that warns is used."""
    SPENT = "spent"
    """All of it is used: nothing is sent any more, or every part costs extra, as it is set."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What the contract has."""

    parts: int
    warn_share: float
    overflow: bool
    """Whether to go on past it."""

    def allows(self, used: int, more: int) -> bool:
        """Whether `more` parts may be sent after `used`."""
        return self.overflow or used + more <= self.parts

    def state(self, used: int) -> QuotaState:
        """What `used` parts mean."""
        if used >= self.parts:
            return QuotaState.SPENT
        return QuotaState.WARNED if used >= self.parts * self.warn_share else QuotaState.OK


def month_of(at_ms: int, offset_minutes: int) -> str:
    """`2026-11`, in the contract's zone."""
    return datetime.fromtimestamp(at_ms / 1000, timezone(timedelta(minutes=offset_minutes))).strftime("%Y-%m")
