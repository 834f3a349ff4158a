"""Runs the centre's background loops: each repeats its work, and one that dies is started again.

A `CenterError` is trouble that its owner foresaw: it is kept in `trouble`, and the next turn comes in its time.
Anything else is a bug that ends the turn: it goes into the log with its trace and into health with its cause, and the
next turn comes after a pause that doubles, up to `LONGEST_PAUSE_S`, until one ends well.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from pydantic import BaseModel, ConfigDict

from center.clock import now_ms
from center.errors import CenterError, marked

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
_log = logging.getLogger(__name__)


class LoopDiedError(CenterError):
    """Never raised: holds the texts for background loops that died of a bug."""

    code = "loop_died"
    message = marked("The background task {loop} failed ({cause}).")
    remedy = marked("It restarts automatically. If it keeps failing, check the log of the centre.")


class LoopReport(BaseModel):
    """The state of one background loop. `cause`: the bug that ended its last turn; empty: none did."""

    model_config = ConfigDict(frozen=True)

    name: str
    cause: str
    died: int
    """Turns that died since the start."""
    last_cause: str
    """The bug that ended the last turn that died; empty: none did."""


class Periodic:
    """Does `work` every `every_s` seconds while it runs. `name` says in English what the work is."""

    def __init__(
        self,
        name: str,
        every_s: float,
        work: Callable[[], Awaitable[None]],
        *,
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self.name = name
        self._every_s = every_s
        self._work = work
        self._sleep = sleep
        self._pause_s = FIRST_PAUSE_S
        self._bug: Exception | None = None
        self._last_cause = ""
        self._died = 0
        self.trouble: CenterError | None = None
        """Foreseen error of the last turn; the next turn tries again."""
        self.succeeded_at_ms: int | None = None
        """Time at which a turn last ended well; None: none did."""

    @property
    def death(self) -> LoopDiedError | None:
        """The texts for the last turn if it died of a bug."""
        return None if self._bug is None else LoopDiedError(loop=self.name, cause=_cause(self._bug))

    def report(self) -> LoopReport:
        """Reports how many turns died, and of what."""
        cause = "" if self._bug is None else _cause(self._bug)
        return LoopReport(name=self.name, cause=cause, died=self._died, last_cause=self._last_cause)

    async def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Does one turn after another until cancelled, or until `until` returns true between two turns."""
        while not until():
            pause_s = await self.turn()
            await (self._sleep or asyncio.sleep)(pause_s)

    async def turn(self) -> float:
        """Does the work once. Returns the seconds until the next turn."""
        try:
            await self._work()
        except CenterError as error:
            self.trouble = error
        except Exception as error:  # noqa: BLE001 - a bug of any kind; health and log report it, and the loop goes on
            self._bug, self._last_cause, self._died = error, _cause(error), self._died + 1
            pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, LONGEST_PAUSE_S)
            _log.error("in the background %s died, started again in %g s", self.name, pause_s, exc_info=error)
            return pause_s
        else:
            self.trouble, self.succeeded_at_ms = None, now_ms()
        self._bug, self._pause_s = None, FIRST_PAUSE_S
        return self._every_s


@asynccontextmanager
async def running(loops: Iterable[Periodic]) -> AsyncIterator[None]:
    """Runs these loops while the `with` block lasts."""
    async with AsyncExitStack() as stack:
        for loop in loops:
            stack.push_async_callback(_ended, asyncio.create_task(loop.run(), name=loop.name))
        yield


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _cause(bug: Exception) -> str:
    """Names a bug for people. Only texts of the operating system are known to hold no secret."""
    kind = type(bug).__name__
    return f"{kind}: {bug.strerror}" if isinstance(bug, OSError) and bug.strerror else kind
