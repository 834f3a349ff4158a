"""Waits that end by what happens, and that give up by patience, which a busy machine uses up more slowly.

A second of patience passes where each program that wants a processor has one. With ten times as many as processors it
takes ten seconds. So a wait gives up after the same work on a busy machine as on a quiet one.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0
LONG_S = 3600.0
"""Bounds a blocking call (a join, a socket, a child) by wall time. The test's timer gives up before, and says where."""
PAGE_MS = 120_000.0
"""Bounds what Playwright waits for, which a healthy page does in a hundredth of it."""
_CPUS = len(os.sched_getaffinity(0))
_SLOWNESS = float(os.environ.get("WAYSIDE_TESTS_SLOWNESS", "1"))
"""Times that a program takes longer because its processor is emulated (`bin/arm`)."""
_LONGEST_STEP_S = 5.0
"""A machine that stood still in between has passed this much, not hours."""
_LONGEST_PAUSE_S = 0.5


def share_of_a_processor() -> float:
    """Estimates what part of a processor a program gets now: 1.0 on a quiet machine that emulates nothing."""
    runnable = int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[0])
    return min(1.0, _CPUS / max(runnable, 1)) / _SLOWNESS


class GaveUp(AssertionError):
    """The condition did not come true while the patience lasted."""


class Patience:
    """Seconds of a quiet machine, spent between one call of `is_over` and the next."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        share: Callable[[], float] = share_of_a_processor,
    ) -> None:
        self._seconds = self._left_s = seconds
        self._clock, self._share = clock, share
        self._began_s = self._last_s = clock()

    def is_over(self) -> bool:
        """Spends what has passed since the last call, and tells whether anything is left."""
        now_s = self._clock()
        self._left_s -= min(now_s - self._last_s, _LONGEST_STEP_S) * self._share()
        self._last_s = now_s
        return self._left_s <= 0

    def renew(self) -> None:
        """Begins anew: there was progress."""
        self._left_s = self._seconds

    def __str__(self) -> str:
        return f"{self._seconds:g} s of patience, {self._last_s - self._began_s:.0f} s by the clock"


class _Progress:
    """Renews the patience when what is seen changes; raises with the last of it when the patience is over."""

    def __init__(self, what: str, seen: Callable[[], object] | None, patience: Patience) -> None:
        self._what, self._seen, self._patience = what, seen, patience
        self._last = ""

    def look(self, value: object) -> None:
        now = repr(value if self._seen is None else self._seen())
        if now != self._last:
            self._last = now
            self._patience.renew()
        elif self._patience.is_over():
            raise GaveUp(f"{self._what or 'it'} did not happen within {self._patience}; seen last: {self._last[:2000]}")


def pause_s(step_s: float, took_s: float) -> float:
    """Returns how long to wait between two looks, the last of which took so long.

    Twice as long, so that a look that is dear takes a third of a processor and not all of it from what it waits for.
    """
    return max(step_s, min(2 * took_s, _LONGEST_PAUSE_S))


def until(
    condition: Callable[[], T],
    what: str = "",
    *,
    seen: Callable[[], object] | None = None,
    patience_s: float = PATIENCE_S,
    step_s: float = 0.02,
) -> T:
    """Waits until `condition` returns something true, and returns it.

    Each change of what `seen` returns (without it: the condition) is progress, and renews the patience.
    """
    progress = _Progress(what, seen, Patience(patience_s))
    began_s = time.monotonic()
    while not (value := condition()):
        progress.look(value)
        # Counted with the look at `seen`, which may be the dear one.
        time.sleep(pause_s(step_s, time.monotonic() - began_s))
        began_s = time.monotonic()
    return value


async def eventually(
    condition: Callable[[], T],
    what: str = "",
    *,
    seen: Callable[[], object] | None = None,
    patience_s: float = PATIENCE_S,
    step_s: float = 0.01,
) -> T:
    """Waits like `until`, while the event loop goes on."""
    progress = _Progress(what, seen, Patience(patience_s))
    began_s = time.monotonic()
    while not (value := condition()):
        progress.look(value)
        await asyncio.sleep(pause_s(step_s, time.monotonic() - began_s))
        began_s = time.monotonic()
    return value


@asynccontextmanager
async def within(patience_s: float = PATIENCE_S) -> AsyncIterator[None]:
    """Bounds what an asyncio test awaits by patience, where `asyncio.timeout` would by wall time."""
    patience = Patience(patience_s)
    async with asyncio.timeout(None) as scope:

        async def watch() -> None:
            while not patience.is_over():  # noqa: ASYNC110 - nobody tells that time has passed
                await asyncio.sleep(0.1)
            scope.reschedule(0)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
