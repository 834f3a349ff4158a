"""The last hours of every stage, a point a minute, in memory: a ring that forgets the oldest, and a restart all."""

import threading
from collections import deque
from typing import Final

from center.pipeline.stages import Stage, StageState
from center.pipeline.verdict import Figures, Verdict, View

EVERY_MS: Final = 60_000


class Point(View):
    """One minute of one stage: the worst that it was in it, and its figures as they were last."""

    at_ms: int
    state: StageState
    codes: tuple[str, ...]
    figures: Figures


class StageHistory(View):
    """One stage's points, oldest first."""

    stage: Stage
    points: tuple[Point, ...]


_BADNESS: Final = (StageState.GREEN, StageState.UNKNOWN, StageState.AMBER, StageState.RED)


class History:
    """Any thread may use it."""

    def __init__(self, hours: int) -> None:
        self._lock = threading.Lock()
        self._points: dict[Stage, deque[Point]] = {stage: deque(maxlen=hours * 60) for stage in Stage}

    def add(self, at_ms: int, verdicts: tuple[Verdict, ...]) -> None:
        """One look. Looks of one minute are one point."""
        minute_ms = at_ms - at_ms % EVERY_MS
        with self._lock:
            for each in verdicts:
                kept = self._points[each.stage]
                codes = [finding.cause.code for finding in each.findings]
                state = each.state
                if kept and kept[-1].at_ms == minute_ms:
                    last = kept.pop()
                    state = max(state, last.state, key=_BADNESS.index)
                    codes = [*codes, *(code for code in last.codes if code not in codes)]
                kept.append(Point(at_ms=minute_ms, state=state, codes=tuple(codes), figures=each.figures))

    def stages(self, since_ms: int) -> tuple[StageHistory, ...]:
        """All of them from then on."""
        with self._lock:
            return tuple(
                StageHistory(stage=stage, points=tuple(each for each in points if each.at_ms >= since_ms))
                for stage, points in self._points.items()
            )
