"""Shares out what the machine can redact: a few pictures a second, measured, to the cameras where something moves.

Redaction is the dear part of the edge: two cores cover a few 1080p pictures a second, thirty cameras offer hundreds. So
each camera is given a least interval between its pictures.

```
one redactor × 90 % = signs of life of the quiet cameras + pictures pushed by devices + the moving cameras' shares
```

The shares are max-min fair in seconds of redaction: a camera that wants less than an equal share gets what it wants,
and the others share the rest equally. An interval is counted from when the
redactor began with the camera's last picture, not from when that was taken: thirty cameras that start at once stand in
line once, and from then on come one after the other. Pure: time is an argument.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.config import processes

SHARE: Final = 0.9
"""Share of the one redactor; the rest is for bursts, so that selected pictures do not wait for long."""
_LEARN: Final = 0.1
"""Weight of the newest redaction in the mean: it settles within about twenty."""
_MEMORY_S: Final = 30.0
"""Time constant with which movement and pushed pictures are forgotten."""
_FLOOR: Final = 0.1
"""Least part of the share that goes to movement, however many signs of life are due."""


@dataclass(slots=True)
class _Flow:
    """Events a second, forgotten exponentially."""

    per_s: float = 0.0
    at_s: float = 0.0

    def add(self, amount: float, now_s: float) -> None:
        self.per_s, self.at_s = self.now(now_s) + amount / _MEMORY_S, now_s

    def now(self, now_s: float) -> float:
        return self.per_s * math.exp(-max(0.0, now_s - self.at_s) / _MEMORY_S)


@dataclass(slots=True)
class _Camera:
    max_per_s: float
    heartbeat_s: float
    changed: _Flow
    raised_per_s: float = 0.0
    taken_s: float | None = None
    waited_s: float = 0.0
    """Wait of its last picture for the redactor."""
    size: tuple[int, int] | None = None


class RedactionBudget:
    """Budgets the cameras that are rationed; pictures of others are redacted first and leave less."""

    def __init__(self, cameras: Mapping[str, processes.Selector]) -> None:
        self._cameras = {
            camera_id: _Camera(selector.max_per_second, selector.heartbeat_s, _Flow())
            for camera_id, selector in cameras.items()
        }
        self._cost_s: dict[tuple[int, int], float] = {}
        self._mean_s: float | None = None
        self._others = _Flow()

    @property
    def rate_per_s(self) -> float | None:
        """Pictures a second that this machine can redact, of the sizes that come; None before the first."""
        return None if self._mean_s is None else SHARE / self._mean_s

    def changed(self, camera_id: str, pictures: int, now_s: float) -> None:
        """Count more pictures of a camera that had changed, selected or not."""
        if pictures and (camera := self._cameras.get(camera_id)) is not None:
            camera.changed.add(pictures, now_s)

    def raise_rate(self, camera_id: str, max_per_s: float) -> None:
        """Let a camera have so many pictures a second where its configuration says less; 0: as configured."""
        if (camera := self._cameras.get(camera_id)) is not None:
            camera.raised_per_s = max_per_s

    def taken(self, camera_id: str, now_s: float) -> None:
        """Note that a picture of a camera was selected."""
        if (camera := self._cameras.get(camera_id)) is not None:
            camera.taken_s = now_s

    def redacted(self, camera_id: str, size: tuple[int, int], took_s: float, now_s: float) -> None:
        """Note the redactor's time for a picture (width, height) of a camera."""
        took_s = max(took_s, 1e-3)
        self._cost_s[size] = _learnt(self._cost_s.get(size), took_s)
        self._mean_s = _learnt(self._mean_s, took_s)
        if (camera := self._cameras.get(camera_id)) is not None:
            camera.size = size
            if camera.taken_s is not None:
                camera.waited_s = max(0.0, now_s - took_s - camera.taken_s)
        else:
            self._others.add(took_s, now_s)

    def least_ms(self, now_s: float) -> dict[str, float]:
        """Least interval between each rationed camera's pictures; 0: as close as its configuration allows."""
        if self._mean_s is None:
            return dict.fromkeys(self._cameras, 0.0)
        costs = {camera_id: self._cost(camera) for camera_id, camera in self._cameras.items()}
        wanted = {}
        left = SHARE - self._others.now(now_s)
        for camera_id, camera in self._cameras.items():
            moves = camera.changed.now(now_s)
            left -= costs[camera_id] * max(0.0, 1 / camera.heartbeat_s - moves)
            wanted[camera_id] = costs[camera_id] * min(moves, max(camera.max_per_s, camera.raised_per_s))
        level = _level(wanted.values(), max(left, SHARE * _FLOOR))
        if not math.isfinite(level):
            return dict.fromkeys(self._cameras, 0.0)
        return {
            camera_id: 1000 * (costs[camera_id] / level + camera.waited_s)
            for camera_id, camera in self._cameras.items()
        }

    def _cost(self, camera: _Camera) -> float:
        mean_s = self._mean_s or 0.0
        return mean_s if camera.size is None else self._cost_s.get(camera.size, mean_s)


def _learnt(before: float | None, newest: float) -> float:
    return newest if before is None else before + _LEARN * (newest - before)


def _level(wanted: Collection[float], left: float) -> float:
    """Find the share at which all together take what is left; infinite if there is enough for all.

    Cameras that want least are served in full first, and the rest is shared among the others.
    """
    if sum(wanted) <= left:
        return math.inf
    sharing = len(wanted)
    for each in sorted(wanted):
        if each * sharing >= left:
            break
        left -= each
        sharing -= 1
    return left / sharing
