"""Which groups of messages make no way, at which stage and why: what health is judged by.

Times are those of a monotonic clock, so that no clock that is set can hide a stage that stands still.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.query.archive import MAX_CAUSE, StuckStage

STUCK_S: Final = 20.0
"""How long a group may make no way: its calls fail, or its call lasts while the stage finishes nothing else either.

A call waits for a replica without failing. One that died is replaced within some seven seconds as a rule; a stage that
loads a network for a minute is told until it is at work.
"""


@dataclass(eq=False, slots=True)
class Wait:
    """A group at a stage."""

    stage: str
    messages: int
    since_s: float
    cause: str = ""
    """Of its last failure; empty while none came since it last made way."""


class Progress:
    """Of one intake. Read from the metrics' thread as well, so that a report copies before it looks."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._waits: dict[int, Wait] = {}
        self._moved_s: dict[str, float] = {}

    @contextmanager
    def at(self, stage: str, messages: int) -> Iterator[Wait]:
        """Count a group as waiting at this stage for as long as the block runs."""
        wait = Wait(stage, messages, self._now_s())
        self._waits[id(wait)] = wait
        try:
            yield wait
        finally:
            del self._waits[id(wait)]

    def moved(self, wait: Wait) -> None:
        """Note that the stage finished something of this group."""
        wait.since_s = self._moved_s[wait.stage] = self._now_s()
        wait.cause = ""

    def stuck(self) -> tuple[StuckStage, ...]:
        """What makes no way, a stage a line, the longest first."""
        now_s = self._now_s()
        stages: dict[str, list[Wait]] = {}
        for wait in list(self._waits.values()):
            if self._is_stuck(wait, now_s):
                stages.setdefault(wait.stage, []).append(wait)
        found = [_told(stage, waits, now_s) for stage, waits in stages.items()]
        return tuple(sorted(found, key=lambda one: -one.seconds))

    def _is_stuck(self, wait: Wait, now_s: float) -> bool:
        since_s = wait.since_s if wait.cause else max(wait.since_s, self._moved_s.get(wait.stage, wait.since_s))
        return now_s - since_s >= STUCK_S


def _told(stage: str, waits: list[Wait], now_s: float) -> StuckStage:
    oldest = min(waits, key=lambda one: one.since_s)
    cause = next((one.cause for one in (oldest, *waits) if one.cause), "it does not answer")
    return StuckStage(
        stage=stage,
        messages=sum(one.messages for one in waits),
        seconds=int(now_s - oldest.since_s),
        cause=cause[:MAX_CAUSE],
    )
