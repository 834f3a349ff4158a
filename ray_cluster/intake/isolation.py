"""Calls the stages behind the intake: retries while a stage is away, and isolates messages on which it fails.

    call of a group ── Retryable ──▶ the same call again, for ever
          │ StageFault, GROUP_FAULTS times
          ▼
    each message alone ── StageFault, ALONE_FAULTS times ──▶ does the stage work on anything else? ── no ──▶ again
                                                                            │ yes
                                                                            ▼
                                                                      Unprocessable

A fault of the program does not show its cause: a missing model fails on every picture. So a message is given up only if
the stage succeeded after the message's own failures began, on another message or on a probe.
"""

import asyncio
import logging
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from ray_cluster.coded_errors import code_error
from ray_cluster.errors import Retryable, StageFault
from ray_cluster.intake.progress import Progress, Wait

LOG = logging.getLogger(__name__)
RETRY_S: Final = (0.2, 10.0)
GROUP_FAULTS: Final = 3
ALONE_FAULTS: Final = 3
ALONE_WAIT_S: Final = 30.0
"""Seconds for which a message waits to be alone at its stage. Then it is tried all the same: a call may hang."""

_T = TypeVar("_T")
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Unprocessable:
    """A message on which a working stage fails repeatedly; goes back as *rejected*."""

    detail: str


class StageCalls:
    """Calls stages for one intake; the only place of intake with retries. Lives in one asyncio loop.

    Args:
        probes: by stage, a call with an artificial picture.
        sleep: injected in tests.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        probes: Mapping[str, Callable[[], Awaitable[object]]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._progress = progress
        self._probes = probes
        self._sleep = sleep
        self._gates: defaultdict[str, _Gate] = defaultdict(_Gate)
        self._successes: Counter[str] = Counter()
        self.at_work: Counter[str] = Counter()
        """Messages by stage that are handed to it and not yet returned."""
        self.retries = 0
        self.alone = 0
        """Messages that were tried alone."""

    async def until_done(self, stage: str, messages: int, call: Callable[[], Awaitable[_T]]) -> _T:
        """Retry a call that is not about single messages until it is answered."""
        pauses = _Pauses(self._sleep)
        with self._progress.at(stage, messages) as wait:
            while True:
                try:
                    answer = await call()
                except Retryable as error:
                    self._failed(wait, error)
                else:
                    self._done(wait)
                    return answer
                await pauses.next()

    async def each(
        self, stage: str, items: Sequence[_Item], call: Callable[[Sequence[_Item]], Awaitable[Sequence[_Answer]]]
    ) -> list[_Answer | Unprocessable]:
        """Call a stage with items, in order; an item that it cannot process gets `Unprocessable`."""
        if not items:
            return []
        self.at_work[stage] += len(items)
        try:
            with self._progress.at(stage, len(items)) as wait:
                answers = await self._together(wait, items, call)
                if answers is not None:
                    return list(answers)
                LOG.error("%s: fails on a group of %d again and again; each is tried alone", stage, len(items))
                self.alone += len(items)
                return [await self._alone(wait, item, call) for item in items]
        finally:
            self.at_work[stage] -= len(items)

    async def _together(
        self, wait: Wait, items: Sequence[_Item], call: Callable[[Sequence[_Item]], Awaitable[Sequence[_Answer]]]
    ) -> Sequence[_Answer] | None:
        """Call a stage with a group; None once it has failed on the group `GROUP_FAULTS` times."""
        pauses = _Pauses(self._sleep)
        faults = 0
        while True:
            try:
                async with self._gates[wait.stage].beside():
                    answers = await call(items)
            except Retryable as error:
                self._failed(wait, error)
                faults += isinstance(error, StageFault)
                if faults == GROUP_FAULTS:
                    return None
            else:
                self._done(wait)
                return answers
            await pauses.next()

    async def _alone(
        self, wait: Wait, item: _Item, call: Callable[[Sequence[_Item]], Awaitable[Sequence[_Answer]]]
    ) -> _Answer | Unprocessable:
        """Call a stage with one item while no other is at the stage that could cause a failure."""
        stage, pauses = wait.stage, _Pauses(self._sleep)
        successes, faults = self._successes[stage], 0
        while True:
            try:
                async with self._gates[stage].alone():
                    (answer,) = await call([item])
            except Retryable as error:
                self._failed(wait, error)
                faults += isinstance(error, StageFault)
                if faults >= ALONE_FAULTS and await self._works(wait, successes):
                    detail = f"the {stage} fails on it, alone too, and works on other pictures: {error}"
                    LOG.error("%s", detail)  # noqa: TRY400 - its text is made for people
                    self._progress.moved(wait)
                    return Unprocessable(detail)
            else:
                self._done(wait)
                return answer
            await pauses.next()

    async def _works(self, wait: Wait, successes: int) -> bool:
        """True if the stage has succeeded since there were so many successes, or does so now on a probe."""
        stage = wait.stage
        if self._successes[stage] == successes and stage in self._probes:
            try:
                async with self._gates[stage].alone():
                    await self._probes[stage]()
            except Retryable as error:
                self._failed(wait, error)
            else:
                self._successes[stage] += 1
        return self._successes[stage] > successes

    def _done(self, wait: Wait) -> None:
        self._successes[wait.stage] += 1
        self._progress.moved(wait)

    def _failed(self, wait: Wait, error: Retryable) -> None:
        wait.cause, wait.reason = str(error) or type(error).__name__, code_error(error)
        self.retries += 1
        LOG.warning("%s: %s; trying again", wait.stage, error)


class _Pauses:
    """Pauses between retries, each twice as long as the one before."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._wait_s, self._most_s = RETRY_S

    async def next(self) -> None:
        await self._sleep(self._wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        self._wait_s = min(self._wait_s * 2, self._most_s)


class _Gate:
    """Gate of one stage: calls run concurrently, unless one has to be alone."""

    def __init__(self) -> None:
        self._open, self._empty = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._empty.set()
        self._inside = 0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        while not self._open.is_set():
            await self._open.wait()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        async with self._turn:
            self._open.clear()
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ALONE_WAIT_S):
                        await self._empty.wait()
                yield
            finally:
                self._open.set()
