"""Tracks the machines of one camera through snapshots and the detections between them.

```
look ──▶ region ──▶ machine detector, machines alone ──▶ tracker ──▶ an event: a picture of this very moment
snapshot, redacted seconds later ──▶ the motion of its own look, or a detection of its own
```

A look's pixels are released as soon as the detector has seen them. Its boxes and their motion remain, for the snapshot
of that moment, no longer than tracks do.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from edge_agent.clock import Clock
from edge_agent.frames import DetectionRequest, Followed
from edge_agent.redactor import detect
from edge_agent.redactor.region import region_of
from edge_agent.tracker import Tracker, TrackEventKind
from edge_agent.tracker.tracker import CERTAIN_SCORE, FORGET_MS
from engines.detection.detector import Detector
from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from engines.detection.tiles import Tile
from provisioning.contracts.config.camera import Camera
from provisioning.contracts.wire.messages import MAX_BOXES, Box, Machine, MachineClass

_AWAITED: Final = 64
"""Looks whose snapshots wait for the redactor; its queue holds no more of a camera."""
_SAME: Final = 0.5
"""Intersection over union of one machine as the look and the redactor see it, in the same picture."""
_EDGE_PX: Final = 2.0


class Follower:
    """Thread-safe: looks come in one thread, snapshots in another."""

    def __init__(self, camera: Camera, machines: Detector, clock: Clock) -> None:
        self._camera = camera
        self._detector = machines
        self._clock = clock
        self._lock = threading.Lock()
        self._tracker = Tracker(camera)
        self._awaited: OrderedDict[int, tuple[float, tuple[Machine, ...]]] = OrderedDict()
        self._newest: tuple[int, float] | None = None
        """Capture time of the newest look, and its arrival on the monotonic clock."""
        self._wrong_ways: set[str] = set()
        """Lanes whose wrong way has no picture yet."""

    def detect(self, request: DetectionRequest, *, may_take: bool) -> Followed:
        """Detect the machines of a look and track them, as `Follows.detect`. Raises as the detector does."""
        found = self._found(request)
        with self._lock:
            tracked = self._tracker.update(request.captured_at_ms, found, request.reduced.size, is_reported=False)
            self._note(request.captured_at_ms)
            motions = [machine.motion for machine in tracked.machines if machine.motion is not None]
            self._wrong_ways |= {event.where for event in tracked.events if event.what is TrackEventKind.WRONG_WAY}
            wrong_ways = {lane for motion in motions for lane in motion.wrong_way} & self._wrong_ways
            is_worth_it = bool(wrong_ways) or any(motion.crossed for motion in motions)
            take = is_worth_it and may_take and not request.is_taken
            if take or request.is_taken:
                self._tracker.mark_reported()
                self._wrong_ways -= wrong_ways
                self._await(request.captured_at_ms, tracked.machines)
        return Followed(take, len(tracked.events))

    def with_motion(
        self, at_ms: int, certain: Sequence[Machine], doubtful: Sequence[Machine], size: tuple[int, int]
    ) -> tuple[Machine, ...]:
        """Return the machines of a snapshot of `size` with their motion: certain ones, and doubtful ones on a track."""
        machines = (*certain, *doubtful)
        with self._lock:
            awaited = self._awaited.pop(at_ms, None)
            if awaited is not None:
                moved = _as_looked(machines, awaited[1])
            else:
                moved = self._tracker.update(at_ms, machines, size).machines
                self._note(at_ms)
        return tuple(m for m in moved if m.score >= CERTAIN_SCORE or m.motion is not None)[:MAX_BOXES]

    def forget(self) -> None:
        with self._lock:
            self._tracker.forget()
            self._awaited.clear()
            self._wrong_ways.clear()
            self._newest = None

    def expire(self) -> None:
        """Drop old tracks. Capture times need not be near now, as in a recording: the time since the newest counts."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._newest is not None:
                at_ms, came_s = self._newest
                self._tracker.expire(at_ms + round((now_s - came_s) * 1000))
            while self._awaited and now_s - next(iter(self._awaited.values()))[0] > FORGET_MS / 1000:
                self._awaited.popitem(last=False)

    def _found(self, request: DetectionRequest) -> tuple[Machine, ...]:
        """Detect machines in the region, in pixels of the whole picture.

        Those cut by the region's edge are left out.
        """
        image, size = request.reduced.image, request.reduced.size
        small = (image.shape[1], image.shape[0])
        region = region_of(self._camera, small)
        shares = (size[0] / small[0], size[1] / small[1])
        seen = self._detector.detect(region.cut(image), thresholds=detect.MACHINES)
        return tuple(
            _machine(region.placed(one), shares, size)
            for one in seen
            if one.group != "person" and not _is_cut(one.box, region, small)
        )[:MAX_BOXES]

    def _note(self, at_ms: int) -> None:
        if self._newest is None or at_ms > self._newest[0]:
            self._newest = (at_ms, self._clock.monotonic_s())

    def _await(self, at_ms: int, machines: tuple[Machine, ...]) -> None:
        self._awaited[at_ms] = (self._clock.monotonic_s(), machines)
        while len(self._awaited) > _AWAITED:
            self._awaited.popitem(last=False)


def _machine(one: Detection, shares: tuple[float, float], size: tuple[int, int]) -> Machine:
    x0, y0 = (min(most - 1, int(at * share)) for at, share, most in zip(one.box[:2], shares, size, strict=True))
    x1, y1 = (min(most, round(at * share)) for at, share, most in zip(one.box[2:], shares, size, strict=True))
    box = Box(x0=max(0, x0), y0=max(0, y0), x1=max(x0 + 1, x1), y1=max(y0 + 1, y1))
    return Machine(cls=MachineClass(one.class_name), score=round(min(1.0, one.score), 4), box=box)


def _is_cut(box: Found, region: Tile, size: tuple[int, int]) -> bool:
    """True if a box ends at an edge of the region inside the picture: the rest of the machine is outside the region."""
    return (
        (region.x > 0 and box.x0 <= _EDGE_PX)
        or (region.y > 0 and box.y0 <= _EDGE_PX)
        or (region.x + region.width < size[0] and box.x1 >= region.width - _EDGE_PX)
        or (region.y + region.height < size[1] and box.y1 >= region.height - _EDGE_PX)
    )


def _as_looked(machines: Sequence[Machine], looked: Sequence[Machine]) -> tuple[Machine, ...]:
    """Give the machines of a snapshot the motions of its look, each once, to the best match.

    A machine that crossed a line and that the redactor did not find is added as the look saw it: its picture was taken
    for
    it.
    """
    pairs = sorted(
        (
            (overlap, m, k)
            for m, machine in enumerate(machines)
            for k, other in enumerate(looked)
            if other.motion is not None and (overlap := _overlap(machine.box, other.box)) >= _SAME
        ),
        reverse=True,
    )
    moved, given, has = list(machines), set[int](), set[int]()
    for _, m, k in pairs:
        if m not in has and k not in given:
            moved[m] = machines[m].model_copy(update={"motion": looked[k].motion})
            has.add(m)
            given.add(k)
    crossed = (k for k, other in enumerate(looked) if other.motion is not None and other.motion.crossed)
    return (*moved, *(looked[k] for k in crossed if k not in given))


def _overlap(one: Box, other: Box) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other)]
    return width * height / (sum(areas) - width * height)
