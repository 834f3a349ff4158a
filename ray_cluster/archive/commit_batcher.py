"""Gathers entries into commits: one at `flush_rows` rows, or `flush_s` after the last one began.

So commits that are not full are at least `flush_s` apart, and a row that comes after a pause waits only `LINGER_S`, for
those that were parsed with it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.errors import ClusterError, Retryable

LINGER_S: Final = 0.02
_Waiting = tuple[Sequence[Entry], asyncio.Future[list[Receipt]]]
Commit = Callable[[Sequence[Entry]], Awaitable[list[Receipt]]]


class Batcher:
    """Batches entries of many callers for one writer. Overflow policy: `block` — callers wait while `max_rows` rows do.

    Args:
        commit: makes a batch permanent or raises; one at a time.
        maintain: runs after a commit, and when `idle_s` passed without one.
    """

    def __init__(
        self,
        commit: Commit,
        maintain: Callable[[], Awaitable[None]],
        *,
        flush_rows: int,
        flush_s: float,
        max_rows: int,
        idle_s: float = 60.0,
    ) -> None:
        self._commit = commit
        self._maintain = maintain
        self._flush_rows = flush_rows
        self._flush_s = flush_s
        self._max_rows = max_rows
        self._idle_s = idle_s
        self._waiting: deque[_Waiting] = deque()
        self._rows = 0
        self._changed = asyncio.Condition()
        self._first_at = 0.0
        self._began_at = float("-inf")
        self.maintenance_fault = ""
        """Reason why the last maintenance failed; empty after a success. It is tried again after the next commit."""

    @property
    def waiting_rows(self) -> int:
        """Rows that wait for a commit."""
        return self._rows

    async def submit(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Wait for a commit of these entries and return their receipts.

        Raises:
            Retryable: the commit failed; none of the entries may be acknowledged.
        """
        if not entries:
            return []
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        async with self._changed:
            await self._changed.wait_for(lambda: self._rows == 0 or self._rows + len(entries) <= self._max_rows)
            if not self._waiting:
                self._first_at = asyncio.get_running_loop().time()
            self._waiting.append((entries, future))
            self._rows += len(entries)
            self._changed.notify_all()
        return await future

    async def run(self) -> None:
        """Commit until cancelled. Entries that wait then are not committed, and their callers are cancelled."""
        try:
            while True:
                batch = await self._next_batch()
                if batch:
                    await self._commit_batch(batch)
                await self._maintained()
        finally:
            for _, future in self._waiting:
                future.cancel()

    async def _next_batch(self) -> list[_Waiting]:
        loop = asyncio.get_running_loop()
        async with self._changed:
            try:
                async with asyncio.timeout(self._idle_s):
                    await self._changed.wait_for(lambda: bool(self._waiting))
            except TimeoutError:
                return []
            try:
                linger_s = min(LINGER_S, self._flush_s)
                async with asyncio.timeout_at(max(self._first_at + linger_s, self._began_at + self._flush_s)):
                    await self._changed.wait_for(lambda: self._rows >= self._flush_rows)
            except TimeoutError:
                pass  # The time is up: the rows that wait are committed.
            batch: list[_Waiting] = []
            rows = 0
            while self._waiting and (not batch or rows + len(self._waiting[0][0]) <= self._flush_rows):
                batch.append(self._waiting.popleft())
                rows += len(batch[-1][0])
            self._rows -= rows
            self._began_at = self._first_at = loop.time()
            self._changed.notify_all()
            return batch

    async def _commit_batch(self, batch: list[_Waiting]) -> None:
        try:
            receipts = await self._commit([entry for entries, _ in batch for entry in entries])
        except ClusterError as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, Retryable):
                raise
            return
        at = 0
        for entries, future in batch:
            if not future.done():
                future.set_result(receipts[at : at + len(entries)])
            at += len(entries)

    async def _maintained(self) -> None:
        try:
            await self._maintain()
        except Retryable as error:
            self.maintenance_fault = str(error)
        else:
            self.maintenance_fault = ""
