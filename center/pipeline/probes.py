"""Probes third parties again and again, all at once and each in bounded time: one that hangs delays no other."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from center.background import Periodic
from center.clock import NowMs
from center.errors import marked
from center.pipeline.causes import PROBE_BROKEN, Cause
from center.pipeline.node_metrics import ServerStorage
from center.pipeline.stages import Stage

UNREACHABLE: Final = marked("connection refused or no route")
NAME_UNKNOWN: Final = marked("its name cannot be resolved")
TLS_FAILED: Final = marked("TLS failed: its certificate is not of this name or of a trusted authority")
HUNG_UP: Final = marked("it closed the connection")
NO_ANSWER: Final = marked("no response")


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """Seconds by which this machine's clock differs from a time server's."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CertificateEnd:
    """Time at which a certificate expires."""

    at_ms: int


ProbeValue = ClockOffset | CertificateEnd | tuple[ServerStorage, ...] | None


class ProbeFault(Exception):
    """A third party that does not do what its probe asks. `text`: the reason, in marked English or a code."""

    def __init__(self, cause: Cause, text: str) -> None:
        self.cause = cause
        self.text = text
        super().__init__(f"{cause.code}: {text}")


@dataclass(frozen=True, slots=True)
class Probe:
    """One third party: its stage, its name for people, and the request that proves that it works.

    `run` raises ProbeFault, or TimeoutError where it has a time limit of its own.
    """

    stage: Stage
    target: str
    run: Callable[[], Awaitable[ProbeValue]]


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """Outcome of the newest attempt of one probe. `fault` None: it succeeded, or there was none yet."""

    stage: Stage
    target: str
    is_checked: bool = False
    fault: ProbeFault | None = None
    hung_s: float | None = None
    """Seconds after which the attempt was given up without an answer."""
    value: ProbeValue = None
    """Answer of the newest attempt; None while it fails."""
    took_s: float | None = None
    succeeded_at_ms: int | None = None
    failures: int = 0
    """Attempts that failed since the start."""

    @property
    def is_failing(self) -> bool:
        """True if the newest attempt failed."""
        return self.fault is not None or self.hung_s is not None


class Prober:
    """Runs the probes of one centre, in its event loop. `reports` may be read from any thread."""

    def __init__(self, probes: Iterable[Probe], *, every_s: float, timeout_s: float, now_ms: NowMs) -> None:
        self._probes = tuple(probes)
        self._timeout_s = timeout_s
        self._now_ms = now_ms
        self._tasks: dict[int, asyncio.Task[tuple[ProbeValue, float]]] = {}
        """Attempts under way, by the place of the probe. One that heeds no cancellation stays, and is not doubled."""
        self.reports: tuple[ProbeReport, ...] = tuple(ProbeReport(each.stage, each.target) for each in self._probes)
        self.loop = Periodic("the probing of third parties", every_s, self.turn)

    async def turn(self) -> None:
        """Runs every probe once, and ends after the time limit at the latest.

        Raises: the bug of a probe, if one has any; the others have reported.
        """
        if not self._probes:
            return
        self._tasks = {place: task for place, task in self._tasks.items() if not task.done()}
        for place, probe in enumerate(self._probes):
            if place not in self._tasks:
                self._tasks[place] = asyncio.create_task(_timed(probe.run), name=f"probe {probe.stage} {probe.target}")
        await asyncio.wait(self._tasks.values(), timeout=self._timeout_s)
        bugs: list[BaseException] = []
        self.reports = tuple(self._report(place, last, bugs) for place, last in enumerate(self.reports))
        if bugs:
            raise bugs[0]

    def close(self) -> None:
        """Gives up attempts under way."""
        for task in self._tasks.values():
            task.cancel()

    def _report(self, place: int, last: ProbeReport, bugs: list[BaseException]) -> ProbeReport:
        task = self._tasks[place]
        failed = replace(
            last, is_checked=True, fault=None, hung_s=None, value=None, took_s=None, failures=last.failures + 1
        )
        if not task.done():
            task.cancel()
            return replace(failed, hung_s=self._timeout_s)
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or isinstance(error, TimeoutError):
            return replace(failed, hung_s=self._timeout_s)
        if isinstance(error, ProbeFault):
            return replace(failed, fault=error)
        if error is not None:
            bugs.append(error)
            return replace(failed, fault=ProbeFault(PROBE_BROKEN, type(error).__name__))
        value, took_s = task.result()
        return replace(
            last,
            is_checked=True,
            fault=None,
            hung_s=None,
            value=value,
            took_s=took_s,
            succeeded_at_ms=self._now_ms(),
        )


async def _timed(run: Callable[[], Awaitable[ProbeValue]]) -> tuple[ProbeValue, float]:
    began_s = time.monotonic()
    return await run(), time.monotonic() - began_s
