"""Slows down clients that are refused again and again: counts in memory, bounded."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Record:
    since_s: float
    refusals: int = 0
    until_s: float = 0.0


class Throttle:
    """Pauses a client after this many refusals within a window. Not for several threads.

    A restart forgets everything, and no client can cause one. When the table is full, the oldest entry goes.
    """

    def __init__(
        self,
        *,
        refusals: int = 10,
        window_s: float = 60.0,
        pause_s: float = 60.0,
        capacity: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._refusals = refusals
        self._window_s = window_s
        self._pause_s = pause_s
        self._capacity = capacity
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def is_paused(self, key: str) -> bool:
        """True while this client is to be turned away unheard."""
        record = self._records.get(key)
        return record is not None and self._clock() < record.until_s

    def refused(self, key: str) -> bool:
        """Counts a refusal; True if it begins a pause."""
        now_s = self._clock()
        record = self._records.pop(key, None)
        if record is None or now_s >= record.since_s + self._window_s:
            record = _Record(now_s)
        record.refusals += 1
        self._records[key] = record
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)
        if record.refusals < self._refusals:
            return False
        self._records[key] = _Record(now_s, until_s=now_s + self._pause_s)
        return True
