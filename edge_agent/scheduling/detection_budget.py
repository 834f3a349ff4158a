"""Budgets detection between snapshots: which cameras, and how often, in a share of one thread's time.

Pure: time is an argument.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.scheduling.slots import TimedSlots

LEAST_PER_S: Final = 2.0
"""Detections a second below which motion cannot be measured (docs/tracker.md)."""
MOST_PER_S: Final = 5.0
"""Ten would find two crossings in a hundred more."""
_FIRST_S: Final = 0.05
"""Assumed seconds of a detection before the first was measured."""
_LEARN: Final = 0.1
_HOPE: Final = 0.02
"""Rate of fading, a report, of the measured cost if it was too dear for any camera: then one is tried again."""
_GAP_S: Final = 5.0
"""Seconds without a report after which a camera was away, and its detections were not skipped."""
_KEEP_S: Final = 60.0
"""Seconds after the last movement for which a stream is still decoded whole, if no other camera waits for the slot.

A stream that is decoded by keyframes shows the next car two to four seconds late, and a car needs no longer to pass.
"""


@dataclass(slots=True)
class _Camera:
    looks: int = 0
    skipped: float = 0.0
    seen_s: float | None = None
    looks_then: int = 0
    moved_s: float | None = None


@dataclass(frozen=True, slots=True)
class DetectionCounts:
    """Counts detection of machines between snapshots, by camera, since the start of the agent."""

    looks: Mapping[str, int]
    skipped: Mapping[str, int]
    """Detections that were due, and had no time."""
    events: Mapping[str, int]
    """Crossings, and wrong ways that began."""
    pictures: Mapping[str, int]
    """Pictures requested for events: of those not in a picture anyway, and that could be had."""
    look_s: float
    """Mean seconds of one detection."""


class DetectionBudget:
    """Shares detection among the cameras that have lines, zones or lanes."""

    def __init__(self, cameras: Collection[str], share: float, most_cameras: int) -> None:
        """`share`: of one thread's time. `most_cameras`: most streams that may be decoded as a whole."""
        self._cameras = {camera_id: _Camera() for camera_id in cameras}
        self._share = share
        self._most_cameras = most_cameras
        self._mean_s = _FIRST_S
        self._slots = TimedSlots(self._able())

    def __len__(self) -> int:
        """Number of cameras in which machines are detected."""
        return len(self._slots)

    @property
    def look_s(self) -> float:
        """Mean seconds of a detection, as measured."""
        return self._mean_s

    def note(self, camera_id: str, *, moving: bool, now_s: float) -> None:
        """Note a camera's report, about once a second."""
        camera = self._cameras.get(camera_id)
        if camera is None:
            return
        if moving and camera.seen_s is not None and now_s - camera.seen_s < _GAP_S:
            camera.skipped += max(0.0, LEAST_PER_S * (now_s - camera.seen_s) - (camera.looks - camera.looks_then))
        camera.seen_s, camera.looks_then = now_s if moving else None, camera.looks
        if moving:
            camera.moved_s = now_s
            if not self._able():
                self._mean_s += _HOPE * (_FIRST_S - self._mean_s)
        kept = camera.moved_s is not None and now_s - camera.moved_s < _KEEP_S and not self._slots.is_contended
        self._slots.limit = self._able()
        self._slots.note(camera_id, moving=moving or (kept and self._slots.holds(camera_id)), now_s=now_s)

    def lost(self, camera_id: str, now_s: float) -> None:
        """Note that a camera delivers no more for now."""
        if (camera := self._cameras.get(camera_id)) is not None:
            camera.moved_s = camera.seen_s = None
            self._slots.note(camera_id, moving=False, now_s=now_s)

    def note_detection(self, camera_id: str, took_s: float) -> None:
        """Count a detection and its time."""
        self._cameras[camera_id].looks += 1
        self._mean_s += _LEARN * (took_s - self._mean_s)

    def per_second(self, camera_id: str) -> float:
        """Detections a second for a camera; 0: none."""
        if not self._slots.holds(camera_id):
            return 0.0
        return min(MOST_PER_S, max(LEAST_PER_S, self._share / self._mean_s / len(self._slots)))

    def looks(self) -> dict[str, int]:
        """Detections of each camera, so far."""
        return {camera_id: camera.looks for camera_id, camera in self._cameras.items()}

    def skipped(self) -> dict[str, int]:
        """Detections of each camera that were due at the least rate, while something moved, and not done; so far."""
        return {camera_id: int(camera.skipped) for camera_id, camera in self._cameras.items()}

    def _able(self) -> int:
        """Most cameras in which machines can be detected at the least rate."""
        return min(self._most_cameras, int(self._share / self._mean_s / LEAST_PER_S + 1e-9))
