"""Wakes a protocol at its next deadline, in an event loop, and not before it has read what came."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Final

_LATE_S: Final = 0.5
"""A process that wakes so late stood still (a suspended machine), or its event loop did."""
_CATCH_UP_S: Final = 0.5
"""Seconds in which it reads what its peers sent meanwhile, lest it takes them for silent."""


class NextTimer:
    """Holds the earliest of the moments that it was set to. Used in the event loop's thread alone."""

    def __init__(self, wake: Callable[[], None], monotonic_s: Callable[[], float]) -> None:
        """`wake` is called at that moment, and sets the next one."""
        self._wake = wake
        self._monotonic_s = monotonic_s
        self._at_s = inf
        self._handle: asyncio.TimerHandle | None = None

    def set(self, at_s: float | None) -> None:
        """Sets a monotonic second; None: none. A later one than is set already is left to `wake`."""
        if at_s is None or at_s >= self._at_s:
            return
        self.cancel()
        self._at_s = at_s
        delay_s = max(0.0, at_s - self._monotonic_s())
        self._handle = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def cancel(self) -> None:
        """Forgets the moment that it was set to, until it is set again."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._at_s = None, inf

    def _ring(self) -> None:
        if self._monotonic_s() - self._at_s > _LATE_S:
            self._handle = asyncio.get_running_loop().call_later(_CATCH_UP_S, self._over)
        else:
            self._over()

    def _over(self) -> None:
        self._handle, self._at_s = None, inf
        self._wake()
