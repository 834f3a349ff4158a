"""When something was, by two clocks: the sender's, which may be wrong, and the centre's at arrival."""

from typing import Final

AHEAD_MS: Final = 300_000
"""A sender's clock further ahead than this is not believed; the archive draws the same line."""
BACKLOG_MS: Final = 72 * 3_600_000
"""An agent keeps this long a backlog through an outage; what claims to be older has a clock that is wrong."""


def moment(told_ms: int, arrived_ms: int) -> int:
    """The sender's time while it can be true, else that of arrival: a clock in 1970 or 2038 moves no fact there."""
    return told_ms if is_possible(told_ms, arrived_ms) else arrived_ms


def is_possible(told_ms: int, arrived_ms: int) -> bool:
    """Whether a message of that time could arrive now."""
    return arrived_ms - BACKLOG_MS <= told_ms <= arrived_ms + AHEAD_MS
