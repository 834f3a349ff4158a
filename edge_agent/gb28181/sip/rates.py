"""How many messages are listened to, of whom: buckets that refill steadily. Time is an argument, the table bounded."""

from typing import Final

MAX_BUCKETS: Final = 4096
"""Past it the one that was asked longest ago is dropped: its owner begins with a full bucket again."""


class Rates:
    """Of addresses, or of devices."""

    def __init__(self, per_minute: float, *, max_buckets: int = MAX_BUCKETS) -> None:
        """A full bucket holds a minute's share."""
        self._full = per_minute
        self._max_buckets = max_buckets
        self._buckets: dict[str, tuple[float, float]] = {}
        """What was left, and when."""

    def allow(self, whose: str, now_s: float) -> bool:
        """Count one message; whether it may be heard."""
        left, since_s = self._buckets.pop(whose, (self._full, now_s))
        left = min(self._full, left + (now_s - since_s) * self._full / 60)
        is_allowed = left >= 1
        self._buckets[whose] = left - is_allowed, now_s
        if len(self._buckets) > self._max_buckets:
            del self._buckets[next(iter(self._buckets))]
        return is_allowed
