"""Asks a camera for single pictures at an interval: no stream is received, and nothing is decoded but these pictures.

A picture is dated by its arrival. An answer that costs traffic is asked for once an interval, whatever is wrong with
it; a camera that is not there at all is tried again after the pipeline's wait.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.clock import Clock
from edge_agent.errors import NoPicture, Silent, Unreachable
from edge_agent.frames import Glance, Skipped
from edge_agent.onvif.events import EventTrigger
from edge_agent.sources.capture_time import CaptureTime, CaptureTimes
from edge_agent.sources.meter import Meter
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.snapshot.http_picture import HttpPicture, PictureFetcher
from edge_agent.sources.snapshot.onvif_address import OnvifAddress
from edge_agent.sources.snapshot.picture_age import age_s
from edge_agent.sources.snapshot.uploads import ChannelSnapshots
from edge_agent.sources.still import decode_still
from edge_agent.sources.thumbnail import glance_of
from provisioning.contracts.causes import snapshots
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality

_ITEM_S: Final = 1.0
_LEAST_S: Final = 1.0
"""Seconds between two pictures, however many events are reported."""
_MOST_UNUSABLE: Final = 3
"""Pictures in a row that do not decode, after which the camera counts as delivering none."""
_DECODING: Final = threading.Lock()
"""Held while one picture is decoded: a large one takes up to `still.MAX_NEED_BYTES`, and every camera may send one."""


class Snapshots:
    """Delivers one camera's pictures."""

    def __init__(
        self,
        camera_id: str,
        source: processes.SnapshotSource,
        clock: Clock,
        password: Callable[[], str | None],
        uploaded: Callable[[Meter], ChannelSnapshots] | None = None,
    ) -> None:
        """`password`: reads the password at the moment it is used. Raises WrongCredentials.

        `uploaded`: makes the way to the pictures of a device that registers with this agent.
        """
        self._camera_id = camera_id
        self._source = source
        self._clock = clock
        self._password = password
        self.meter = Meter()
        self._uploaded = None if uploaded is None else uploaded(self.meter)
        self._fetcher = PictureFetcher(camera_id, source, self.meter)
        self._onvif = OnvifAddress(camera_id, source, clock, password)
        self._found_url: str | None = None
        self._times = CaptureTimes()
        self._due_s = clock.monotonic_s()
        self._asked_s = self._due_s - _LEAST_S
        self._triggered = threading.Event()
        self._unusable = 0

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        """Delivers pictures until `stop`.

        Raises:
            Unreachable, NoAnswer, WrongCredentials, NotFound, Stalled, Ended, Silent: see `PictureFetcher.fetch`,
                `OnvifAddress.find` and `ChannelSnapshots.take`.
            NoPicture: no picture came, one that is older than `oldest_s`, or three in a row that do not decode.
        """
        self._found_url = None
        with self._events():
            yield from self._pictures(stop)

    @contextmanager
    def _events(self) -> Iterator[None]:
        """Listens to the camera's events by ONVIF while `with` lasts, where they trigger."""
        if not self._source.on_event or self._source.onvif_url is None:
            yield
            return
        ended = threading.Event()
        trigger = EventTrigger(self._camera_id, self._source.onvif_url, self._onvif.client, self._clock)
        threading.Thread(target=trigger.run, args=(ended, self.trigger), name="onvif events", daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def _pictures(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        while not stop.is_set():
            left_s = self._next_s() - self._clock.monotonic_s()
            if left_s > 0:
                waits_for_event = self._source.on_event and not self._triggered.is_set()
                self._clock.wait(self._triggered if waits_for_event else stop, min(left_s, _ITEM_S))
                yield None
                continue
            self._triggered.clear()
            picture = self._fetch(stop)
            if picture is not None:
                yield self._looked(picture)
                del picture

    def trigger(self) -> None:
        """Wants a picture at once: something was reported. From any thread; without `on_event` it does nothing."""
        if self._source.on_event:
            self._triggered.set()

    def _next_s(self) -> float:
        """Returns the monotonic second of the next picture; events make it earlier, up to one picture a second."""
        return min(self._due_s, self._asked_s + _LEAST_S) if self._triggered.is_set() else self._due_s

    def _fetch(self, stop: threading.Event) -> HttpPicture | None:
        now_s = self._clock.monotonic_s()
        self._asked_s, self._due_s = now_s, now_s + self._source.interval_s
        try:
            if self._uploaded is not None:
                return self._uploaded.take(stop)
            return self._fetcher.fetch(self._address(), self._password(), stop)
        except (Unreachable, Silent):
            self._due_s = now_s
            raise

    def _address(self) -> str:
        """Returns the picture's address. One that ONVIF told is asked for anew at each attempt of `frames`."""
        if self._found_url is None:
            self._found_url = self._source.url or self._onvif.find(self._source.onvif_url or "")
        return self._found_url

    def _looked(self, picture: HttpPicture) -> Glance | Skipped:
        now_ms = self._clock.now_ms()
        if (old_s := age_s(picture.data, picture.last_modified, picture.date, now_ms)) > self._source.oldest_s:
            raise NoPicture(self._camera_id, snapshots.OLD_PICTURE(minutes=round(old_s / 60)))
        try:
            with _DECODING:
                image: NDArray[np.uint8] = decode_still(picture.data)
        except UnusablePictureError as error:
            return self._skipped(error)
        self._unusable = 0
        key = f"s{hashlib.sha256(picture.data).hexdigest()[:32]}"
        its = self._times.dated(CaptureTime(now_ms, ClockQuality.ARRIVAL, key, None), now_ms)
        return glance_of(self._camera_id, its.at_ms, its.clock, its.key, image)

    def _skipped(self, error: UnusablePictureError) -> Skipped:
        self._unusable += 1
        if self._unusable < _MOST_UNUSABLE:
            return Skipped(self._camera_id, error.reason, str(error))
        cause = snapshots.NONE_USABLE(detail=error)
        raise NoPicture(self._camera_id, cause) from None
