"""Monthly quota of parts: counted before they are sent, given back if they certainly were not. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum


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


def month_of(at_ms: int, offset_minutes: int) -> str:
    """Returns the month as `2026-11`, in the contract's time zone."""
    return datetime.fromtimestamp(at_ms / 1000, timezone(timedelta(minutes=offset_minutes))).strftime("%Y-%m")
