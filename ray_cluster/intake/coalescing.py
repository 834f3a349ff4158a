"""Coalesces calls of several groups to an archiver in another process into one.

A call between deployments costs milliseconds of processor time, at any size (docs/cluster.md). Parser and canary get
as many pictures as a network takes at once; the archiver can take more rows.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.intake.stages import ArchiverStage

ARCHIVE_WAIT_S: Final = 0.02
"""Seconds for which entries wait for others; a commit waits ten times as long for its rows."""
MOST: Final = 128
"""Most snapshots of a call, unless one group has more."""
QUESTIONS: Final = 2
"""Most lookups under way: one with a row that may be archived already waits for the running commit, and lookups of new
rows must not wait with it."""
_MANY: Final = 1_000_000

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class CoalescedArchiver:
    """Coalesces calls to an archiver. Lives in one asyncio loop.

    Lookups that come while `questions` are under way go with the next one; entries wait `archive_wait_s` for others. An
    error of a call reaches each caller in it.
    """

    def __init__(
        self,
        archiver: ArchiverStage,
        *,
        archive_wait_s: float = ARCHIVE_WAIT_S,
        most: int = MOST,
        questions: int = QUESTIONS,
    ) -> None:
        self._known = _Coalescer(archiver.known, wait_s=0.0, most=most, at_once=questions)
        self._archive = _Coalescer(archiver.archive, wait_s=archive_wait_s, most=most, at_once=_MANY)

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        found, _ = await self._known.submit(sightings)
        asked = {sighting.row_key for sighting in sightings}
        return {key: receipt for key, receipt in found.items() if key in asked}

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        receipts, first = await self._archive.submit(entries)
        return receipts[first : first + len(entries)]


class _Coalescer(Generic[_Item, _Answer]):
    """Coalesces calls of one stage: at most `at_once` under way, each with the items of `wait_s`, up to `most`."""

    def __init__(
        self, call: Callable[[Sequence[_Item]], Awaitable[_Answer]], *, wait_s: float, most: int, at_once: int
    ) -> None:
        self._call = call
        self._wait_s = wait_s
        self._most = most
        self._at_once = at_once
        self._waiting: deque[tuple[Sequence[_Item], asyncio.Future[tuple[_Answer, int]]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[_Answer]] = set()

    async def submit(self, items: Sequence[_Item]) -> tuple[_Answer, int]:
        """Return the answer to the coalesced call of these items, and the index of the first of them in it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[_Answer, int]] = loop.create_future()
        self._waiting.append((items, future))
        if sum(len(waiting) for waiting, _ in self._waiting) >= self._most:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(self._wait_s, self._send)
        return await future

    def _send(self) -> None:
        """Send the waiting items while further calls may be under way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and len(self._under_way) < self._at_once:
            batch: list[_Item] = []
            callers: list[tuple[int, asyncio.Future[tuple[_Answer, int]]]] = []
            while self._waiting and (not batch or len(batch) + len(self._waiting[0][0]) <= self._most):
                items, future = self._waiting.popleft()
                callers.append((len(batch), future))
                batch += items
            task = asyncio.ensure_future(self._called(batch))
            self._under_way.add(task)
            task.add_done_callback(partial(self._resolve, callers))

    async def _called(self, batch: Sequence[_Item]) -> _Answer:
        return await self._call(batch)

    def _resolve(
        self, callers: Sequence[tuple[int, asyncio.Future[tuple[_Answer, int]]]], task: "asyncio.Task[_Answer]"
    ) -> None:
        self._under_way.discard(task)
        error = None if task.cancelled() else task.exception()
        for first, future in callers:
            if future.done():  # the caller was cancelled
                continue
            if task.cancelled():
                future.cancel()
            elif error is not None:
                future.set_exception(error)
            else:
                future.set_result((task.result(), first))
        if self._timer is None:
            self._send()
