"""Slows down guessing: counts failures per account and per address, in memory and bounded."""

import threading
from collections import OrderedDict
from math import ceil

from center.clock import NowMs
from center.errors import LockedOutError


class Throttle:
    """At most `failures` failed attempts per key in `window_s`.

    An attempt counts from its start, so that parallel guesses cannot all pass before the first has failed. Counts live
    in memory: a restart of the centre, which a guesser cannot cause, forgets them.
    """

    def __init__(self, *, failures: int, window_s: int, now_ms: NowMs, capacity: int = 10_000) -> None:
        self._failures = failures
        self._window_ms = window_s * 1000
        self._now_ms = now_ms
        self._capacity = capacity
        self._attempts: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def attempt(self, key: str) -> None:
        """Count an attempt.

        Raises:
            LockedOutError: too many before it; this one is not counted.
        """
        now_ms = self._now_ms()
        with self._lock:
            recent = [at_ms for at_ms in self._attempts.get(key, []) if at_ms > now_ms - self._window_ms]
            if len(recent) >= self._failures:
                raise LockedOutError(retry_after_s=max(1, ceil((recent[0] + self._window_ms - now_ms) / 1000)))
            recent.append(now_ms)
            self._attempts[key] = recent
            self._attempts.move_to_end(key)
            while len(self._attempts) > self._capacity:
                self._attempts.popitem(last=False)

    def withdraw(self, key: str) -> None:
        """The last attempt succeeded: it does not count, those before it still do."""
        with self._lock:
            recent = self._attempts.get(key)
            if recent:
                recent.pop()

    def clear(self, key: str) -> None:
        """Forget every failure of `key`."""
        with self._lock:
            self._attempts.pop(key, None)
