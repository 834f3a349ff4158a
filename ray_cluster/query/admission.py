"""Admits requests to the archive: a fair queue for each lane, and one answer for the same question asked twice.

    request ─▶ lane by its cost ─▶ FairQueue ─▶ a thread of the lane ─▶ the answer, for all who asked the same and wait

Lanes do not wait for each other: a look-alike search is never before a list. A question that has begun is not joined,
so an answer is never older than the request for it. A caller that leaves gives up its place; what has begun ends by
itself, since LanceDB cannot stop a query, and keeps its slot until then.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from prometheus_client import Histogram

from ray_cluster.errors import Busy
from ray_cluster.histogram import SECONDS
from ray_cluster.query.fair_queue import FairQueue

T = TypeVar("T")


class QueryLane(StrEnum):
    """QueryLane of requests with about the same cost, the label of a metric."""

    LIST = "list"
    """Pages, single observations, plans and pictures: some ten milliseconds of processor time each."""
    COUNT = "count"
    """Counts: up to seconds, of one core each."""
    LOOKALIKE = "lookalike"
    """Look-alike searches: up to a minute, of all cores."""


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """Most requests of a lane that are at work, and that wait."""

    slots: int
    places: int


def limits(cores: int) -> dict[QueryLane, LaneLimits]:
    """Return the limits of all lanes on a machine with so many cores."""
    return {
        QueryLane.LIST: LaneLimits(slots=2 * cores, places=384),
        QueryLane.COUNT: LaneLimits(slots=max(1, cores // 2), places=64),
        QueryLane.LOOKALIKE: LaneLimits(slots=max(1, cores // 4), places=48),
    }


class LaneFigures:
    """Metrics of all lanes. They name no account."""

    def __init__(self) -> None:
        says = "From the arrival of a request to its start"
        self.waits = Histogram("wayside_query_wait_seconds", says, ["lane"], buckets=SECONDS, registry=None)
        self.refused: Counter[QueryLane] = Counter()
        """Requests that found the queue full, or lost their place in it."""
        self.left: Counter[QueryLane] = Counter()
        """Requests whose callers left before they started."""
        self.shared: Counter[QueryLane] = Counter()
        """Requests that were answered with the answer to the same question of another request."""
        for lane in QueryLane:
            self.waits.labels(lane)


@dataclass(eq=False, slots=True)
class _Request:
    question: Hashable
    work: Callable[[], Awaitable[Any]]
    arrived_s: float
    begun: "asyncio.Future[asyncio.Task[Any]]"
    """The work that answers this request, once that has begun."""


class _LaneQueue:
    """Runs the requests of one lane."""

    def __init__(self, lane: QueryLane, limits: LaneLimits, figures: LaneFigures, clock_s: Callable[[], float]) -> None:
        self._lane = lane
        self._limits = limits
        self._figures = figures
        self._clock_s = clock_s
        self.fair: FairQueue[_Request] = FairQueue(slots=limits.slots, places=limits.places)
        self.pool = ThreadPoolExecutor(limits.slots, f"query-{lane}")
        self._alike: dict[Hashable, set[_Request]] = {}
        """Waiting requests by question."""

    async def begin(self, account: str, question: Hashable, work: Callable[[], Awaitable[T]]) -> "asyncio.Task[T]":
        """Wait for the account's turn; return the work, which another request with the same question may have begun."""
        request = _Request(question, work, self._clock_s(), asyncio.get_running_loop().create_future())
        self._alike.setdefault(question, set()).add(request)
        lost = self.fair.add(account, request)
        if lost is not None:
            self._refuse(lost)
        self._start()
        try:
            return await request.begun
        except asyncio.CancelledError:
            if self.fair.drop(request):
                self._forget(request)
                self._figures.left[self._lane] += 1
            raise

    def _start(self) -> None:
        while (first := self.fair.start()) is not None:
            alike = self._alike.pop(first.question)
            running = asyncio.get_running_loop().create_task(self._run(first.work))
            self._figures.shared[self._lane] += len(alike) - 1
            for each in alike:
                self.fair.drop(each)
                self._figures.waits.labels(self._lane).observe(self._clock_s() - each.arrived_s)
                if not each.begun.done():
                    each.begun.set_result(running)

    async def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        finally:
            self.fair.end()
            self._start()

    def _refuse(self, request: _Request) -> None:
        self._forget(request)
        self._figures.refused[self._lane] += 1
        if not request.begun.done():
            request.begun.set_exception(Busy(f"{self._limits.places} requests of this kind wait already; try again"))

    def _forget(self, request: _Request) -> None:
        alike = self._alike[request.question]
        alike.remove(request)
        if not alike:
            del self._alike[request.question]


class Admission:
    """Admits the requests of one process to its archive. Used from one event loop."""

    def __init__(
        self, lanes: Mapping[QueryLane, LaneLimits] | None = None, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`lanes`: limits, by default those of this machine."""
        self.figures = LaneFigures()
        chosen = limits(os.cpu_count() or 2) if lanes is None else lanes
        self._queues = {lane: _LaneQueue(lane, chosen[lane], self.figures, clock_s) for lane in QueryLane}

    async def answer(self, lane: QueryLane, account: str, question: Hashable, work: Callable[[], T]) -> T:
        """Run `work` in a thread when it is the account's turn, once for all who wait with the same question.

        Raises:
            Busy: the queue is full.
            Exception: of `work`.
        """
        queue = self._queues[lane]

        async def in_thread() -> T:
            return await asyncio.get_running_loop().run_in_executor(queue.pool, work)

        return await asyncio.shield(await queue.begin(account, question, in_thread))

    async def hold(self, lane: QueryLane, account: str, until: Callable[[], Awaitable[object]]) -> None:
        """Wait for a turn, whose slot is then taken until `until` returns.

        Raises:
            Busy: the queue is full.
        """
        await self._queues[lane].begin(account, object(), until)

    def waiting(self) -> dict[str, int]:
        """Count the requests that wait, by lane."""
        return {lane: queue.fair.waiting for lane, queue in self._queues.items()}

    def at_work(self) -> dict[str, int]:
        """Count the requests at work, by lane."""
        return {lane: queue.fair.at_work for lane, queue in self._queues.items()}
