"""Time and chance, injected. Nothing else in the agent reads a clock, sleeps or draws a number."""

import random
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

_CHANCE: Final[Callable[[], float]] = random.SystemRandom().random


class Clock(Protocol):
    """Wall time for what is written down, monotonic time for what is measured."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, UTC. May jump when NTP corrects it."""

    def monotonic_s(self) -> float:
        """Seconds since some moment; never goes back."""

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Sleep until `event` is set or `timeout_s` has passed. Returns true if it is set."""


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return event.wait(timeout_s)


def thread_cpu_ms() -> float:
    """Processor time that the calling thread has had, in milliseconds since some moment."""
    return time.thread_time() * 1000


class Backoff:
    """Draws the wait before the next try, with full jitter, so that what failed together does not return together.

    The n-th wait is drawn from 0 to `first_s`·2ⁿ, never above `longest_s` (Brooker, "Exponential Backoff and Jitter").
    Every retry of the agent goes through here.
    """

    def __init__(self, first_s: float, longest_s: float, *, chance: Callable[[], float] = _CHANCE) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self._failures = 0

    def next_wait_s(self) -> float:
        """Draw the wait after one more failure."""
        ceiling_s = min(self._longest_s, self._first_s * 2.0**self._failures)
        if ceiling_s < self._longest_s:  # a year of failures must not grow the power without bound
            self._failures += 1
        return ceiling_s * self._chance()

    def reset(self) -> None:
        """Note a success: the next failure waits briefly again."""
        self._failures = 0
