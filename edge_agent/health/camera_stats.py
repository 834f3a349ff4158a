"""Measures one camera from its capture's statistics: pace, processor time, picture scores, clock."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.frames import CaptureStats
from edge_agent.health.clock_skew import ClockSkew
from edge_agent.source_kinds import Arrival, SourceTraits
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import CameraFacts, ClockSource, PictureCheck

_WINDOW_S: Final = 60.0
_GAPS: Final = 512
"""Reports of a quarter of an hour or more: a smart codec's gaps at night are remembered through a busy minute."""

_FEW: Final = 3
_OF_A_VIEW: Final = frozenset({PictureCheck.FROZEN, PictureCheck.OCCLUDED, PictureCheck.SCENE_MOVED})
"""Checks that compare pictures; those that a device or a person chooses may each show something else."""


@dataclass(frozen=True, slots=True)
class CapturePace:
    """Pictures and processor time of the last minute."""

    pictures: int
    cpu_ms: float


class CameraFigures:
    """Measures one camera. `now_s` is monotonic everywhere; not thread-safe."""

    def __init__(self, traits: SourceTraits) -> None:
        self._traits = traits
        self._skew = ClockSkew()
        self._last: CaptureStats | None = None
        self._had_ended = False
        self._seen: deque[tuple[float, int, float]] = deque()
        self._scores: Mapping[PictureCheck, float] | None = None
        self._picture_ms: int | None = None
        self.passed_over = 0
        """Pictures that had changed and were not selected, since the start of the agent."""
        self.clock_changes = 0
        """Changes of its capture times between its own clock and the time of arrival, since the start of the agent."""
        self.received_bytes = 0
        """Bytes that came from the camera, since the start of the agent."""
        self.restarts = 0
        """Restarts of its capture."""
        self.spoke_s: float | None = None
        """Time of its last report; None while its capture does not run."""
        self._gaps_s: deque[float] = deque(maxlen=_GAPS)
        self.longest_gap_s: float | None = None
        """Longest gap between two of its reports of those remembered; None before the third gap."""

    def sighted(self, sighting: CaptureStats, now_s: float, resumed_s: float) -> int:
        """Add a capture's statistics; returns the number of new pictures.

        Counts that begin anew are a new capture's. A gap before `resumed_s` was the agent's own.
        """
        before = self._last
        if before is None or sighting.pictures < before.pictures:
            pictures, passed_over, cpu_ms = sighting.pictures, sighting.passed_over, sighting.decode_cpu_ms
            clock_changes, received_bytes = sighting.clock_changes, sighting.received_bytes
        else:
            pictures = sighting.pictures - before.pictures
            passed_over = max(0, sighting.passed_over - before.passed_over)
            cpu_ms = max(0.0, sighting.decode_cpu_ms - before.decode_cpu_ms)
            clock_changes = max(0, sighting.clock_changes - before.clock_changes)
            received_bytes = max(0, sighting.received_bytes - before.received_bytes)
        self.restarts += self._had_ended or (before is not None and sighting.pictures < before.pictures)
        self._had_ended = False
        self._last = sighting
        if self.spoke_s is not None:
            self._gaps_s.append(now_s - max(self.spoke_s, resumed_s))
            if len(self._gaps_s) >= _FEW:
                self.longest_gap_s = max(self._gaps_s)
        self.spoke_s = now_s
        self.passed_over += passed_over
        self.clock_changes += clock_changes
        self.received_bytes += received_bytes
        self._seen.append((now_s, pictures, cpu_ms))
        self._scores = sighting.scores
        if pictures:
            self._picture_ms = sighting.at_ms
            self._note_clock(sighting, now_s)
        return pictures

    def ended(self) -> None:
        """Note the capture's end: scores of its pictures no longer count, and the next report is a new capture's."""
        self._had_ended = self._had_ended or self._last is not None
        self._scores = None
        self.spoke_s = None

    def clock_measured(self, source: ClockSource, skew_ms: float, bound_ms: float, now_ms: int, now_s: float) -> None:
        """Add what a source said of the camera's clock."""
        self._skew.measured(source, skew_ms, bound_ms, now_ms, now_s)

    def clock_lost(self, source: ClockSource) -> None:
        """Forget what a source said of the camera's clock."""
        self._skew.lost(source)

    def pace(self, now_s: float) -> CapturePace:
        """Sum over the last minute."""
        while self._seen and now_s - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        return CapturePace(sum(pictures for _, pictures, _ in self._seen), sum(cpu_ms for _, _, cpu_ms in self._seen))

    def facts(self, now_s: float, checks: processes.Checks) -> CameraFacts:
        """Return the measurements that are reported every minute."""
        skew = self._skew.skew(now_s)
        scores = {
            check: min(1.0, max(0.0, score))
            for check, score in (self._scores or {}).items()
            if self._traits.has_fixed_view or check not in _OF_A_VIEW
        }
        return CameraFacts(
            scores=scores,
            faults=tuple(
                check for check in PictureCheck if check in scores and _is_fault(check, scores[check], checks)
            ),
            clock_skew_ms=skew.estimate_ms,
            clock_bound_ms=skew.bound_ms,
            clock=skew.reading,
            clock_against=skew.against,
            pictures_per_s=self.pace(now_s).pictures / _WINDOW_S if self._last is not None else None,
            last_picture_at_ms=self._picture_ms,
        )

    def _note_clock(self, sighting: CaptureStats, now_s: float) -> None:
        if sighting.sender_offset_ms is None:
            return
        if self._traits.arrives is Arrival.PUSHED:
            self._skew.pictured(sighting.sender_offset_ms, sighting.at_ms, now_s)
        else:
            self._skew.reported(sighting.sender_offset_ms, sighting.at_ms, now_s)


def _is_fault(check: PictureCheck, score: float, checks: processes.Checks) -> bool:
    threshold: float = getattr(checks, check.value)
    return threshold < 1 and score >= threshold
