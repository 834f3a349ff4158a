"""The time that one picture's redaction may take, checked at every point where the search can end."""

from edge_agent.clock import Clock


class TooLateError(Exception):
    """Ends a search in the middle. Its text completes "redaction took …"."""


class Deadline:
    """Limits the redaction of one picture. Thread-safe: its searches run beside each other."""

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._began_s = clock.monotonic_s()

    def check(self) -> None:
        """Raise `TooLateError` once the time is over."""
        took_s = self._clock.monotonic_s() - self._began_s
        if took_s > self._limit_s:
            raise TooLateError(f"{took_s:.1f} s, limit {self._limit_s:.0f} s")
