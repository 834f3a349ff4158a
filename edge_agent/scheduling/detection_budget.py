"""Who is looked at between snapshots, and how often: as many looks as a share of one thread's time pays for.

Pure: time is an argument.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.scheduling.slots import Grants

LEAST_PER_S: Final = 2.0
"""Below this nothing can be said of what moves (docs/tracker.md)."""
MOST_PER_S: Final = 5.0
"""Ten would tell two crossings in a hundred more."""
_FIRST_S: Final = 0.05
"""What a look is taken to cost before the first."""
_LEARN: Final = 0.1
_HOPE: Final = 0.02
"""Where looks were too dear for any camera, the memory of it fades by so much a word, and one is tried again."""
_GAP_S: Final = 5.0
"""A camera that said nothing for longer was away, and not passed over."""
_KEEP_S: Final = 60.0
"""So long after the last movement its stream is still decoded, if nobody else wants that: a stream that is looked at by
keyframes notices the next car two to four seconds late, and a car needs no longer to pass."""


@dataclass(slots=True)
class _Camera:
    looks: int = 0
    skipped: float = 0.0
    seen_s: float | None = None
    looks_then: int = 0
    moved_s: float | None = None


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks at machines between snapshots, by camera, since the start of the agent."""

    looks: Mapping[str, int]
    skipped: Mapping[str, int]
    """That there should have been, for want of time."""
    events: Mapping[str, int]
    """Crossings, and wrong ways that began."""
    pictures: Mapping[str, int]
    """Asked for on their account: what was not in a picture anyway, and could be had."""
    look_s: float
    """What one takes."""


class Attention:
    """For the cameras that have lines, zones or lanes."""

    def __init__(self, cameras: Collection[str], share: float, most_cameras: int) -> None:
        """`share`: of one thread's time. `most_cameras`: so many streams may be decoded as a whole."""
        self._cameras = {camera_id: _Camera() for camera_id in cameras}
        self._share = share
        self._most_cameras = most_cameras
        self._mean_s = _FIRST_S
        self._grants = Grants(self._able())

    def __len__(self) -> int:
        """How many are looked at."""
        return len(self._grants)

    @property
    def look_s(self) -> float:
        """What a look takes, as measured."""
        return self._mean_s

    def note(self, camera_id: str, *, moving: bool, now_s: float) -> None:
        """What a camera says of itself, about once a second."""
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
        kept = camera.moved_s is not None and now_s - camera.moved_s < _KEEP_S and not self._grants.is_contended
        self._grants.limit = self._able()
        self._grants.note(camera_id, moving=moving or (kept and self._grants.holds(camera_id)), now_s=now_s)

    def lost(self, camera_id: str, now_s: float) -> None:
        """It delivers no more for now."""
        if (camera := self._cameras.get(camera_id)) is not None:
            camera.moved_s = camera.seen_s = None
            self._grants.note(camera_id, moving=False, now_s=now_s)

    def looked(self, camera_id: str, took_s: float) -> None:
        """A look was done."""
        self._cameras[camera_id].looks += 1
        self._mean_s += _LEARN * (took_s - self._mean_s)

    def per_second(self, camera_id: str) -> float:
        """How often a camera is to be looked at; 0: not at all."""
        if not self._grants.holds(camera_id):
            return 0.0
        return min(MOST_PER_S, max(LEAST_PER_S, self._share / self._mean_s / len(self._grants)))

    def looks(self) -> dict[str, int]:
        """Of each camera, so far."""
        return {camera_id: camera.looks for camera_id, camera in self._cameras.items()}

    def skipped(self) -> dict[str, int]:
        """Looks of each camera that there should have been, at the least rate, while something moved; so far."""
        return {camera_id: int(camera.skipped) for camera_id, camera in self._cameras.items()}

    def _able(self) -> int:
        """So many cameras can be looked at at the least rate."""
        return min(self._most_cameras, int(self._share / self._mean_s / LEAST_PER_S + 1e-9))
