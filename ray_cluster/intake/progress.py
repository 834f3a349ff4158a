"""Tracks groups of messages that are stuck at a stage, and the cause, for the state of health.

Times are of a monotonic clock, so that setting a clock cannot hide a stuck stage.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.causes import cluster
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.query.archive import MAX_CAUSE, StuckStage
from provisioning.contracts.wire.messages import CodedCause

STUCK_S: Final = 20.0
"""Seconds without progress after which a group is stuck: its calls fail, or its call lasts and the stage finishes none.

A call waits for a replica without failing. One that died is replaced within some seven seconds as a rule; a stage that
loads a network for a minute is reported until it is at work.
"""


@dataclass(eq=False, slots=True)
class Wait:
    """A group at a stage."""

    stage: str
    messages: int
    since_s: float
    cause: str = ""
    """Cause of the last failure; empty if there was none since the last progress."""
    reason: CodedCause | None = None


class Progress:
    """Progress of one intake. Read from the metrics' thread as well, so a report works on a copy."""

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
        """Record that the stage finished a part of this group."""
        wait.since_s = self._moved_s[wait.stage] = self._now_s()
        wait.cause, wait.reason = "", None

    def stuck(self) -> tuple[StuckStage, ...]:
        """Report stuck stages, one entry each, the longest first."""
        now_s = self._now_s()
        stages: dict[str, list[Wait]] = {}
        for wait in list(self._waits.values()):
            if self._is_stuck(wait, now_s):
                stages.setdefault(wait.stage, []).append(wait)
        found = [_stuck_stage(stage, waits, now_s) for stage, waits in stages.items()]
        return tuple(sorted(found, key=lambda one: -one.seconds))

    def _is_stuck(self, wait: Wait, now_s: float) -> bool:
        since_s = wait.since_s if wait.cause else max(wait.since_s, self._moved_s.get(wait.stage, wait.since_s))
        return now_s - since_s >= STUCK_S


def _stuck_stage(stage: str, waits: list[Wait], now_s: float) -> StuckStage:
    oldest = min(waits, key=lambda one: one.since_s)
    failed = next((one for one in (oldest, *waits) if one.cause), None)
    mute = cluster.STAGE_MUTE()
    return StuckStage(
        stage=stage,
        messages=sum(one.messages for one in waits),
        seconds=int(now_s - oldest.since_s),
        cause=english(mute) if failed is None else failed.cause[:MAX_CAUSE],
        reason=mute if failed is None else failed.reason,
    )
