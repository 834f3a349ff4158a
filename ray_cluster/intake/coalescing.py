"""Stages that put together what several groups ask of the archiver at the same time.

A call between deployments costs milliseconds of processor time, whatever it carries (docs/cluster.md). Parser and
canary are given what a network takes at once; the archiver can take more.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake.stages import Stages

ARCHIVE_WAIT_S: Final = 0.02
"""How long entries wait for more of them; a commit waits ten times as long for its rows."""
MOST: Final = 128
"""Snapshots a call, unless one group has more."""
QUESTIONS: Final = 2
"""On their way at a time: one that has a row which may be archived already waits for the commit that runs, and what is
new must not wait with it."""
_MANY: Final = 1_000_000

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class Gathering:
    """`Stages` with fewer calls of the archiver. Lives in one asyncio loop.

    What is asked while `questions` are on their way goes with the next one; entries wait a moment for each other. An
    error of a call reaches everybody who is in it.
    """

    def __init__(
        self,
        stages: Stages,
        *,
        archive_wait_s: float = ARCHIVE_WAIT_S,
        most: int = MOST,
        questions: int = QUESTIONS,
    ) -> None:
        self._stages = stages
        self._known = _Gatherer(stages.known, wait_s=0.0, most=most, at_once=questions)
        self._archive = _Gatherer(stages.archive, wait_s=archive_wait_s, most=most, at_once=_MANY)

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """See `Stages`."""
        found, _ = await self._known.ask(sightings)
        asked = {sighting.row_key for sighting in sightings}
        return {key: receipt for key, receipt in found.items() if key in asked}

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """See `Stages`."""
        return await self._stages.parse(photos)

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """See `Stages`."""
        return await self._stages.inspect(photos)

    async def embed(self, sitters: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """See `Stages`."""
        return await self._stages.embed(sitters)

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """See `Stages`."""
        receipts, first = await self._archive.ask(entries)
        return receipts[first : first + len(entries)]


class _Gatherer(Generic[_Item, _Answer]):
    """One stage's calls: at most `at_once` on their way, each of what came within `wait_s` or up to `most` items."""

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

    async def ask(self, items: Sequence[_Item]) -> tuple[_Answer, int]:
        """The answer to the call that these items were in, and the number of the first of them there."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[_Answer, int]] = loop.create_future()
        self._waiting.append((items, future))
        if sum(len(waiting) for waiting, _ in self._waiting) >= self._most:
            self._send()
        elif self._timer is None:
            self._timer = loop.call_later(self._wait_s, self._send)
        return await future

    def _send(self) -> None:
        """All that waits, if as much may be on its way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and len(self._under_way) < self._at_once:
            batch: list[_Item] = []
            told: list[tuple[int, asyncio.Future[tuple[_Answer, int]]]] = []
            while self._waiting and (not batch or len(batch) + len(self._waiting[0][0]) <= self._most):
                items, future = self._waiting.popleft()
                told.append((len(batch), future))
                batch += items
            task = asyncio.ensure_future(self._called(batch))
            self._under_way.add(task)
            task.add_done_callback(partial(self._tell, told))

    async def _called(self, batch: Sequence[_Item]) -> _Answer:
        return await self._call(batch)

    def _tell(
        self, told: Sequence[tuple[int, asyncio.Future[tuple[_Answer, int]]]], task: "asyncio.Task[_Answer]"
    ) -> None:
        self._under_way.discard(task)
        error = None if task.cancelled() else task.exception()
        for first, future in told:
            if future.done():  # whoever asked was cancelled
                continue
            if task.cancelled():
                future.cancel()
            elif error is not None:
                future.set_exception(error)
            else:
                future.set_result((task.result(), first))
        if self._timer is None:
            self._send()
