"""Decides by the contract's rule whether complaints suspend a channel: more than ten within seven days. Pure.

Only the times at which complaints were made count. No clock takes part: a channel is suspended alike when its
complaints are entered late, and no passing of time lifts a suspension.
"""

from collections.abc import Iterable
from typing import Final

MOST: Final = 10
WEEK_MS: Final = 7 * 86_400_000


def most_in_a_week(times_ms: Iterable[int]) -> int:
    """Returns the most complaints of any seven days; two that are exactly seven days apart are not within them."""
    ordered = sorted(times_ms)
    most = first = 0
    for last, at_ms in enumerate(ordered):
        while at_ms - ordered[first] >= WEEK_MS:
            first += 1
        most = max(most, last - first + 1)
    return most


def suspends(times_ms: Iterable[int]) -> bool:
    """True if complaints made at these times suspend their channel."""
    return most_in_a_week(times_ms) > MOST
