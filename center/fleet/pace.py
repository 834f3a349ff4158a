"""Measures the pace of the last minute from *observed* hints: pictures archived, and delay from intake to commit."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from center.access.permissions import Scope
from center.clock import NowMs, now_ms
from provisioning.contracts.wire.messages import Observed

WINDOW_MS: Final = 60_000
MOST: Final = 60_000
"""Hints that are kept: a minute at a thousand a second. Beyond that, the newest part stands for the minute."""


class _Heard(NamedTuple):
    at_ms: int
    agent_id: str
    camera_id: str
    behind_ms: int | None


@dataclass(frozen=True, slots=True)
class Throughput:
    """The pace of the cameras in sight."""

    per_minute: float | None
    """Snapshots archived; None in the first minute of the centre, which is not over."""
    behind_ms: int | None
    """Median time from the arrival at the intake to the commit: parse, check and archive. None: no snapshot came."""
    newest_at_ms: int | None
    """Arrival of the newest hint that is kept; None: no hint is kept."""


class ArchivePace:
    """Measures the pace. Thread-safe; the feed passes it every hint."""

    def __init__(self, clock: NowMs = now_ms) -> None:
        self._clock = clock
        self._since_ms = clock()
        self._lock = threading.Lock()
        self._heard: deque[_Heard] = deque(maxlen=MOST)

    def note(self, observed: Observed) -> None:
        """Takes a hint of committed rows."""
        at_ms = self._clock()
        with self._lock:
            for item in observed.items:
                times = item.times
                self._heard.append(
                    _Heard(
                        at_ms,
                        observed.agent_id,
                        item.camera_id,
                        None
                        if times is None or times.received_at_ms is None or times.committed_at_ms is None
                        else max(0, times.committed_at_ms - times.received_at_ms),
                    )
                )

    def measure(self, sight: Scope) -> Throughput:
        """Measures the last minute for the cameras in sight."""
        at_ms = self._clock()
        with self._lock:
            while self._heard and at_ms - self._heard[0].at_ms > WINDOW_MS and len(self._heard) > 1:
                self._heard.popleft()
            is_full = len(self._heard) == MOST
            first_ms = self._heard[0].at_ms if is_full else at_ms - WINDOW_MS
            seen = [each for each in self._heard if sight.holds(each.agent_id, each.camera_id)]
        fresh = [each for each in seen if at_ms - each.at_ms <= WINDOW_MS]
        behind = sorted(each.behind_ms for each in fresh if each.behind_ms is not None)
        span_ms = max(at_ms - first_ms, 1000)
        is_over = at_ms - self._since_ms >= WINDOW_MS
        return Throughput(
            per_minute=len(fresh) * 60_000 / span_ms if is_over else None,
            behind_ms=behind[len(behind) // 2] if behind else None,
            newest_at_ms=seen[-1].at_ms if seen else None,
        )
