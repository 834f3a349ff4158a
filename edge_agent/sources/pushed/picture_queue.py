"""Queues pictures that devices push (GA/T 1400), from the one server of an agent to each camera's own thread.

They wait in memory, are decoded in the camera's thread, and are never written anywhere. A picture that the server has
accepted is lost only with the process, and then by name: its id is written down before its device gets the answer.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Final, Protocol

from edge_agent.clock import Clock
from edge_agent.errors import Silent, SpoolFull
from edge_agent.frames import Glance, Skipped
from edge_agent.sources.pushed.bounded_decoder import BoundedDecoder, RawPicture
from edge_agent.sources.pushed.byte_budget import ByteBudget
from provisioning.contracts.causes import pictures
from provisioning.contracts.config import processes
from provisioning.contracts.query.archive import FUTURE_TOLERANCE_MS
from provisioning.contracts.wire.messages import ClockQuality, CodedCause
from provisioning.net.digest import LOCKED, REFUSED_LOGIN

MISSED_KEEPALIVES: Final = 3
OLDEST_MS: Final = 7 * 24 * 3600 * 1000
_MAX_WAITING: Final = 64
"""Pictures of one device that may wait."""
_SHARE: Final = 4
"""A device may fill a quarter of the memory, so that one that sends everything at once does not shut the others out."""
_REMEMBERED: Final = 1024
"""Pictures of each device that are known again when it repeats itself; for what is older there is the ledger."""
_REMEMBERED_S: Final = 24 * 3600.0
_LOOK_UP_S: Final = 1.0
"""Seconds between two checks of a waiting camera whether to stop."""


_REFUSALS: Final = {REFUSED_LOGIN: pictures.DEVICE_UNHEARD_LOGIN, LOCKED: pictures.DEVICE_UNHEARD_LOCKED}


class OfferResult(Enum):
    """Result of offering a picture."""

    ACCEPTED = auto()
    BUSY = auto()
    """As many of this device's pictures wait as may, or the disk has no room for their ids."""
    DUPLICATE = auto()


class Promises(Protocol):
    """Keeps a durable note of each picture that a device was told is safe; see `Spool`."""

    def promise(self, observation_id: str, camera_id: str) -> None:
        """Notes the picture; on the disk when this returns. Raises SpoolFull."""

    def settle(self, observation_id: str) -> None:
        """Removes the note: the picture was looked at."""


class PictureQueue:
    """Queues the pictures of all devices. Thread-safe."""

    def __init__(
        self,
        cameras: Mapping[str, processes.ViidSource],
        memory_bytes: int,
        decoder: BoundedDecoder,
        clock: Clock,
        promises: Promises,
        alive: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`cameras`: by camera id. `alive`: called with the camera's id whenever its device is heard."""
        self.budget = ByteBudget(memory_bytes)
        """Budget for everything on its way: bodies of requests, and pictures that wait."""
        self._alive = alive
        self._clock = clock
        self._lanes = {
            source.device_id: _Lane(camera_id, source, self.budget, clock, promises)
            for camera_id, source in cameras.items()
        }
        self._sources = {
            lane.camera_id: PushedPictures(lane, decoder, clock, promises) for lane in self._lanes.values()
        }

    def source(self, camera_id: str) -> "PushedPictures":
        """Returns the source of a camera that is fed by a device."""
        return self._sources[camera_id]

    def offer(self, device_id: str, picture: bytes, shot_at_ms: int | None, key: str) -> OfferResult:
        """Offers a picture whose bytes were taken from `budget`; once accepted, they are given back from here.

        `shot_at_ms`: the device's own time, if it stated one. `key`: the same for the same picture, and for no other.
        """
        return self._lanes[device_id].offer(picture, shot_at_ms, key)

    def heard(self, device_id: str) -> None:
        """Notes a message of a registered device."""
        lane = self._lanes[device_id]
        lane.heard()
        self._alive(lane.camera_id)

    def turned_away(self, device_id: str, why: str) -> None:
        """Notes why a log-in with the device's id was refused; reported once the device is silent."""
        if device_id in self._lanes:
            self._lanes[device_id].trouble = why

    def left(self) -> Iterator[tuple[str, str]]:
        """Yields camera and observation id of each accepted picture that no camera took, once the cameras stopped."""
        for lane in self._lanes.values():
            while (raw := lane.next(0)) is not None:
                yield raw.camera_id, raw.observation_id
                raw.let_go()

    def shut(self, why: CodedCause | None) -> None:
        """Notes why no device can come at all; None when they can again."""
        for lane in self._lanes.values():
            lane.shut = why


class PushedPictures:
    """Delivers one device's pictures, in the order of coming."""

    def __init__(self, lane: "_Lane", decoder: BoundedDecoder, clock: Clock, promises: Promises) -> None:
        self._lane = lane
        self._decoder = decoder
        self._clock = clock
        self._promises = promises

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped]:
        """Delivers pictures. Capture time is the device's own, unchecked; or that of arrival, see `captured`.

        Raises:
            Silent: nothing waits, and the device missed three keepalives since it was heard and since this was called.
        """
        began_s = self._clock.monotonic_s()
        while not stop.is_set():
            raw = self._lane.next(_LOOK_UP_S)
            if raw is None:
                self._lane.mind_silence(began_s)
            else:
                yield from self._decoder.show(raw, stop)
                if not stop.is_set():  # else it may not have been taken: the next start names it
                    self._promises.settle(raw.observation_id)


class _Lane:
    """Holds the pictures that one device has pushed and its camera has not taken yet, and the device's last message."""

    def __init__(
        self, camera_id: str, source: processes.ViidSource, budget: ByteBudget, clock: Clock, promises: Promises
    ) -> None:
        self.camera_id = camera_id
        self.trouble = ""
        self.shut: CodedCause | None = None
        self._patience_s = MISSED_KEEPALIVES * source.keepalive_s
        self._budget = budget
        self._clock = clock
        self._promises = promises
        self._waiting: deque[RawPicture] = deque()
        self._waiting_bytes = 0
        self._seen: dict[str, float] = {}
        self._heard_s: float | None = None
        self._came = threading.Condition()

    def offer(self, picture: bytes, shot_at_ms: int | None, key: str) -> OfferResult:
        now_s = self._clock.monotonic_s()
        with self._came:
            if now_s - self._seen.get(key, -_REMEMBERED_S) < _REMEMBERED_S:
                return OfferResult.DUPLICATE
            share_bytes = self._budget.total_bytes // _SHARE
            if self._waiting and (
                len(self._waiting) == _MAX_WAITING or self._waiting_bytes + len(picture) > share_bytes
            ):
                return OfferResult.BUSY
            at_ms, quality = captured(shot_at_ms, self._clock.now_ms())
            raw = RawPicture(self.camera_id, at_ms, quality, key, picture, self._budget)
            try:
                self._promises.promise(raw.observation_id, self.camera_id)
            except SpoolFull:
                return OfferResult.BUSY
            self._seen.pop(key, None)
            self._seen[key] = now_s
            if len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            self._waiting.append(raw)
            self._waiting_bytes += len(picture)
            self._came.notify()
        return OfferResult.ACCEPTED

    def next(self, timeout_s: float) -> RawPicture | None:
        """Takes the oldest picture; None when none came in time."""
        with self._came:
            if not self._waiting:
                self._came.wait(timeout_s)
            if not self._waiting:
                return None
            raw = self._waiting.popleft()
            self._waiting_bytes -= len(raw.data)
            return raw

    def heard(self) -> None:
        """Notes that the device is there."""
        self.trouble = ""
        self._heard_s = self._clock.monotonic_s()

    def mind_silence(self, began_s: float) -> None:
        """Raises `Silent` when the device should have been heard by now."""
        if self.shut is not None:
            raise Silent(self.camera_id, self.shut)
        since_s = self._clock.monotonic_s() - (began_s if self._heard_s is None else max(began_s, self._heard_s))
        if since_s <= self._patience_s:
            return
        raise Silent(self.camera_id, _unheard(f"{since_s:.0f}", self.trouble))


def _unheard(seconds: str, refusal: str) -> CodedCause:
    """Returns why a silent device is silent; `refusal`: of the last log-in in its name, empty without one."""
    if not refusal:
        return pictures.DEVICE_UNHEARD(seconds=seconds)
    if refusal in _REFUSALS:
        return _REFUSALS[refusal](seconds=seconds)
    return pictures.DEVICE_UNHEARD_REFUSED(seconds=seconds, detail=refusal)


def captured(shot_at_ms: int | None, arrived_at_ms: int) -> tuple[int, ClockQuality]:
    """Returns the capture time of a picture, and how far it may be believed.

    A device's clock has been compared with no other. Where it must be wrong it is not used at all: a time over five
    minutes ahead is of no day that has begun, and over seven days back is longer than devices keep what they could not
    send, so it points to a clock that lost its battery. The picture is as good as any other: it is kept, as of arrival.
    """
    if shot_at_ms is not None and arrived_at_ms - OLDEST_MS <= shot_at_ms <= arrived_at_ms + FUTURE_TOLERANCE_MS:
        return shot_at_ms, ClockQuality.UNKNOWN
    return arrived_at_ms, ClockQuality.ARRIVAL
