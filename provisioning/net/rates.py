"""Limits messages by sender, and spreads what thousands of devices cause at one moment. Time is an argument."""

from typing import Final

MAX_BUCKETS: Final = 4096
"""Past it the bucket that was used longest ago is dropped: its owner begins with a full bucket again."""


class TokenBuckets:
    """Buckets of addresses, or of devices, that refill steadily. The table is bounded."""

    def __init__(self, per_minute: float, *, max_buckets: int = MAX_BUCKETS) -> None:
        """A full bucket holds a minute's share."""
        self._full = per_minute
        self._max_buckets = max_buckets
        self._buckets: dict[str, tuple[float, float]] = {}
        """Tokens left, and the second at which they were counted."""

    def allow(self, sender: str, now_s: float) -> bool:
        """Counts one message; returns True if the sender's bucket allows it."""
        left, since_s = self._buckets.pop(sender, (self._full, now_s))
        left = min(self._full, left + (now_s - since_s) * self._full / 60)
        is_allowed = left >= 1
        self._buckets[sender] = left - is_allowed, now_s
        if len(self._buckets) > self._max_buckets:
            del self._buckets[next(iter(self._buckets))]
        return is_allowed


class Pacer:
    """Gives out turns, so many a second. Times are monotonic seconds."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s
        self._next_s = float("-inf")

    def turn_s(self, earliest_s: float) -> float:
        """Takes a turn; returns its moment: not before `earliest_s`, and not together with another."""
        turn_s = max(earliest_s, self._next_s)
        self._next_s = turn_s + self._gap_s
        return turn_s
