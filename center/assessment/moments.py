"""Decides the time of a message by two clocks: the sender's, which may be wrong, and the centre's at arrival."""

from typing import Final

AHEAD_MS: Final = 300_000
"""A sender's clock farther ahead than this is not believed; the archive has the same limit."""
BACKLOG_MS: Final = 72 * 3_600_000
"""An agent keeps a backlog this long through an outage; a message that claims to be older comes from a wrong clock."""


def moment(told_ms: int, arrived_ms: int) -> int:
    """Returns the sender's time if it can be true, else that of arrival: a clock of 1970 moves no fact there."""
    return told_ms if is_possible(told_ms, arrived_ms) else arrived_ms


def is_possible(told_ms: int, arrived_ms: int) -> bool:
    """True if a message of that time can arrive now."""
    return arrived_ms - BACKLOG_MS <= told_ms <= arrived_ms + AHEAD_MS
