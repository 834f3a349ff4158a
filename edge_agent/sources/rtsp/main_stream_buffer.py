"""Receives a main stream beside its sub-stream all the time, and decodes it only where a picture of it is wanted.

```
main stream ──▶ a thread ──▶ the packets since the newest keyframe ──▶ decoded on demand
```
"""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from edge_agent.clock import Clock
from edge_agent.errors import Ended, SourceError
from edge_agent.sources.capture_time import CaptureTime, stamp
from edge_agent.sources.rtsp.connection import Connection
from edge_agent.sources.rtsp.keyframe_decoder import bgr, last_of
from provisioning.contracts.causes import streams

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from edge_agent.sources.capture_time import Packet

_MAX_BYTES: Final = 16 * 1024 * 1024
"""A keyframe and what follows it: two seconds at 4 Mbit/s are 1 MiB. Beyond this only the keyframe is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Gop:
    """Packets from a keyframe on. The last of them is the picture that is meant."""

    stamp: CaptureTime
    packets: "list[Packet]"
    decoder: "VideoCodecContext"

    def pixels(self) -> NDArray[np.uint8]:
        """Decodes the picture: H×W×3, BGR. Costs a decoded picture a packet.

        Raises:
            UnusablePictureError: one of the packets is damaged.
        """
        return bgr(last_of(self.decoder, self.packets))


class GopBuffer:
    """Receives the stream inside its context. Its rows are decoded by one thread alone, that of the context."""

    def __init__(self, camera_id: str, connection: Connection, clock: Clock) -> None:
        self._camera_id = camera_id
        self._connection = connection
        self._clock = clock
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._receive, name=f"main stream {camera_id}", daemon=True)
        self._packets: list[Packet] = []
        self._bytes = 0
        self._first: CaptureTime | None = None
        self._newest: CaptureTime | None = None
        """Stamp of the picture that is shown last; with B-frames not that of the last packet."""
        self._newest_pts = 0
        self._is_passed = False
        """A picture behind the keyframe was given: the keyframe would go back in time."""
        self._failure: SourceError | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends with the packet that the thread waits for: after twice the read timeout at the latest."""
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Checks that the stream is received.

        Raises:
            SourceError: it has ended; see `Connection.packets`.
        """
        if self._failure is not None:
            raise self._failure

    def keyframe(self) -> Gop | None:
        """Returns the newest keyframe by itself, unless a later picture was given."""
        with self._lock:
            if self._first is None or self._is_passed:
                return None
            return Gop(self._first, self._packets[:1], self._connection.decoder)

    def now(self) -> Gop | None:
        """Returns the newest picture that there is, unless a later one was given."""
        with self._lock:
            is_keyframe = self._newest is self._first
            if self._newest is None or (is_keyframe and self._is_passed):
                return None
            self._is_passed = not is_keyframe
            return Gop(self._newest, list(self._packets), self._connection.decoder)

    def _receive(self) -> None:
        try:
            for ordinal, packet in enumerate(self._connection.packets()):
                if self._stop.is_set():
                    return
                self._keep(packet, stamp(packet, self._clock.now_ms(), ordinal))
        except SourceError as error:
            self._failure = error
            return
        self._failure = Ended(self._camera_id, streams.CLOSED_STREAM(place=self._connection.place))

    def _keep(self, packet: "Packet", its: CaptureTime) -> None:
        with self._lock:
            if packet.is_keyframe:
                self._packets, self._bytes, self._first, self._newest = [], 0, its, None
                self._is_passed = False
            elif self._first is None or not self._packets or self._bytes > _MAX_BYTES:
                return
            self._packets.append(packet)
            self._bytes += packet.size
            if self._newest is None or packet.pts is None or packet.pts > self._newest_pts:
                self._newest, self._newest_pts = its, packet.pts or 0
            if self._bytes > _MAX_BYTES:
                del self._packets[1:]
                self._newest = self._first
