"""Keeps sixty minutes as sixty bits. Setting a bit twice, or in another order, gives the same hour."""

from typing import Final

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
MINUTES: Final = 60
WHOLE: Final = (1 << MINUTES) - 1


def hour_of(at_ms: int) -> int:
    """Returns the hour of a time, counted since the Unix epoch, UTC."""
    return at_ms // HOUR_MS


def bit_of(at_ms: int) -> int:
    """Returns the minute of a time in its hour, as a mask of one bit."""
    return 1 << at_ms % HOUR_MS // MINUTE_MS


def listed(mask: int) -> tuple[int, ...]:
    """Lists the minutes that are set, 0 to 59, in order."""
    return tuple(minute for minute in range(MINUTES) if mask >> minute & 1)
