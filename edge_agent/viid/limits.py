"""Limits the rate of a device's requests. Time is an argument."""


class RequestRates:
    """Limits each device's requests a minute, with a bucket that refills steadily."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}

    def allow(self, device_id: str, now_s: float) -> bool:
        """Counts one request of a configured device; returns True if it may be served now."""
        left, since_s = self._buckets.get(device_id, (float(self._per_minute), now_s))
        left = min(self._per_minute, left + (now_s - since_s) * self._per_minute / 60)
        is_allowed = left >= 1
        self._buckets[device_id] = (left - is_allowed, now_s)
        return is_allowed
