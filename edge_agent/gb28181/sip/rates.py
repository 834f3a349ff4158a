"""Limits messages by sender with token buckets that refill steadily. Time is an argument, the table is bounded."""

from typing import Final

MAX_BUCKETS: Final = 4096
"""Past it the bucket that was used longest ago is dropped: its owner begins with a full bucket again."""


class TokenBuckets:
    """Token buckets of addresses, or of devices."""

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
