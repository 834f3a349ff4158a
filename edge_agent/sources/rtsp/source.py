"""A camera or NVR channel over RTSP, interleaved in TCP, decoded as little as will do.

Keyframe-only decoding is what lets one box watch thirty streams: a third of a core for 30 × 1080p25, half of them
HEVC, where full decoding takes 3 to 6 cores. Where a camera offers a small stream of the same view, what lies between
keyframes is looked at there, for two fifths of the price (docs/figures/streams.md); meanwhile the main one is received,
and decoded only where a picture of it is wanted.

What a decoder says about a damaged keyframe is believed. FFmpeg's H.264 decoder says so whenever bytes are missing; its
H.265 decoder only when a header is hit: a slice that is cut off is painted with invented blocks and passes as whole
(seen at 20, 50, 90 and 98 % of a keyframe). Redaction looks at the pixels that are there, so such a picture is ugly
and no leak.
"""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge_agent.clock import Clock
from edge_agent.credentials.camera_password import read_password
from edge_agent.errors import Ended, SourceError
from edge_agent.frames import Glance, Reduced, Skipped, SkipReason
from edge_agent.sources.capture_time import CaptureTime, CaptureTimes, stamp
from edge_agent.sources.meter import Meter
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.rtsp.connection import Connection
from edge_agent.sources.rtsp.keyframe_decoder import DecodedPicture, StreamDecoder
from edge_agent.sources.rtsp.main_stream_buffer import Gop, GopBuffer
from provisioning.contracts.causes import streams
from provisioning.contracts.config import processes

if TYPE_CHECKING:
    from edge_agent.sources.capture_time import Packet

Password: TypeAlias = Callable[[], str | None]
"""Reads the password at the moment it is used; None where the camera has none. Raises WrongCredentials."""
Looked: TypeAlias = Glance | Skipped | None
_ITEM_S: Final = 1.0
_LARGE_PX: Final = 4_000_000
"""A main stream of larger pictures is never decoded for analysis: the sub-stream is watched all the time. Below this,
receiving a second stream costs more than a keyframe every two seconds (at 1080p 0.90 s of processor a minute to
0.64)."""


class _SmallLost(Exception):
    """The sub-stream cannot be opened, or has ended."""


class Rtsp:
    """Delivers one RTSP camera's pictures."""

    def __init__(
        self,
        camera_id: str,
        source: processes.RtspSource,
        clock: Clock,
        password: Password | None = None,
        *,
        last_ms: int | None = None,
    ) -> None:
        """`password`: reads the password, if not from the source's own file. `last_ms`: see `CaptureTimes`."""
        self._camera_id = camera_id
        self._source = source
        self._clock = clock
        self._password = password or partial(read_password, camera_id, source, None)
        self._per_second = 0.0
        self._shown = ""
        self._times = CaptureTimes(last_ms)
        self.sender_offset_ms: float | None = None
        self.meter = Meter()

    def attend(self, per_second: float) -> None:
        """Sets the wanted pictures a second; decoding between keyframes begins at the next keyframe."""
        self._per_second = per_second

    def frames(self, stop: threading.Event) -> Iterator[Looked]:
        """Delivers pictures until `stop`.

        Raises:
            Unreachable: refused, no route, no such host, or nothing there in time.
            NoAnswer: the connection stands, and no answer came in time.
            TransportRefused: no RTSP over TCP.
            WrongCredentials: 401 or 403, or the password file is of no use, or the sealed password does not open here.
            NotFound: no such stream.
            NoPicture: an answer, but no H.264 or H.265 video within the size bounds.
            Stalled: silent for `read_timeout_s` (FFmpeg notices after twice that).
            Ended: the other side closed the stream.
        """
        self._per_second, self._shown = 0.0, ""
        with Connection(
            self._camera_id, self._source, self._source.url, self._password(), self._clock, self.meter
        ) as main:
            small = self._source.substream_url
            while not stop.is_set():
                if small is None or not (self._per_second or _is_large(main)):
                    yield from self._watch(main, stop, has_small=small is not None)
                    continue
                try:
                    yield from self._watch_small(main, small, stop)
                except _SmallLost as lost:
                    small = None
                    yield Skipped(self._camera_id, SkipReason.SUBSTREAM, f"the main stream is watched alone: {lost}")

    def _watch(self, main: Connection, stop: threading.Event, *, has_small: bool) -> Iterator[Looked]:
        """Watches the main stream by itself, until more pictures are wanted and there is a sub-stream for that."""
        decoder, timer = StreamDecoder(main.decoder), _ItemTimer(self._clock)
        for ordinal, packet in enumerate(main.packets()):
            if stop.is_set():
                return
            if decoder.needs(packet):
                decoder.per_second = 0.0 if has_small else self._per_second
                its = stamp(packet, self._clock.now_ms(), ordinal)
                for looked in decoder.decode(packet, its):
                    yield timer.note(self._looked(looked))
            if timer.is_due():
                yield timer.note(None)
            if has_small and self._per_second:
                return
        if not stop.is_set():
            raise Ended(self._camera_id, streams.CLOSED_STREAM(place=main.place))

    def _watch_small(self, main: Connection, url: str, stop: threading.Event) -> Iterator[Looked]:
        """Watches the sub-stream for motion, while each picture delivered is one of the main stream.

        While more pictures are wanted, that is the picture of this very moment. Where the sub-stream is watched all the
        time, a quiet scene's is the main stream's newest keyframe, with the sub-stream's latest thumbnail.
        """
        with GopBuffer(self._camera_id, main, self._clock) as buffer, self._small(url) as small:
            decoder, timer = StreamDecoder(small.decoder), _ItemTimer(self._clock)
            grey: NDArray[np.uint8] | None = None
            reduced: Callable[[], Reduced] | None = None
            for ordinal, packet in enumerate(_packets(small)):
                if stop.is_set() or not (self._per_second or _is_large(main)):
                    return
                buffer.check()
                gop: Gop | None = None
                if decoder.needs(packet):
                    decoder.per_second = self._per_second
                    for looked in decoder.decode(packet, stamp(packet, self._clock.now_ms(), ordinal)):
                        if isinstance(looked, UnusablePictureError):
                            yield timer.note(self._skipped(looked))
                            continue
                        grey, reduced = looked.grey(), partial(_reduced_to, looked, main)
                        gop = buffer.now() if decoder.per_second else None
                if not decoder.per_second:
                    gop = buffer.keyframe()
                if grey is not None and gop is not None and gop.stamp.key != self._shown:
                    is_dear = len(gop.packets) > 1
                    yield timer.note(self._glance(gop.stamp, grey, gop.pixels, is_dear=is_dear, reduced=reduced))
                elif timer.is_due():
                    yield timer.note(None)

    def _small(self, url: str) -> Connection:
        try:
            return Connection(self._camera_id, self._source, url, self._password(), self._clock, self.meter)
        except SourceError as error:
            lost = _SmallLost(str(error))
        raise lost

    def _looked(self, looked: DecodedPicture | UnusablePictureError) -> Glance | Skipped:
        if isinstance(looked, UnusablePictureError):
            return self._skipped(looked)
        return self._glance(looked.stamp, looked.grey(), looked.pixels, reduced=looked.reduced)

    def _glance(
        self,
        its: CaptureTime,
        grey: NDArray[np.uint8],
        pixels: Callable[[], NDArray[np.uint8]],
        *,
        reduced: Callable[[], Reduced] | None,
        is_dear: bool = False,
    ) -> Glance:
        self._shown = its.key
        its = self._times.dated(its, self._clock.now_ms())
        if its.sender_offset_ms is not None:
            self.sender_offset_ms = its.sender_offset_ms
        return Glance(self._camera_id, its.at_ms, its.clock, its.key, grey, pixels, is_dear=is_dear, reduced=reduced)

    def _skipped(self, error: UnusablePictureError) -> Skipped:
        return Skipped(self._camera_id, error.reason, str(error))


class _ItemTimer:
    """Times the items of `frames`: None is due a second after the last one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said_s = clock.monotonic_s()

    def is_due(self) -> bool:
        return self._clock.monotonic_s() - self._said_s >= _ITEM_S

    def note(self, picture: Looked) -> Looked:
        self._said_s = self._clock.monotonic_s()
        return picture


def _reduced_to(seen: DecodedPicture, main: Connection) -> Reduced:
    """Returns the sub-stream's picture in place of the main one's."""
    return Reduced(seen.reduced().image, (main.decoder.width, main.decoder.height))


def _is_large(main: Connection) -> bool:
    return main.decoder.width * main.decoder.height > _LARGE_PX


def _packets(small: Connection) -> "Iterator[Packet]":
    """Yields the packets of the sub-stream, whose end is not the camera's."""
    try:
        yield from small.packets()
    except SourceError as error:
        lost = _SmallLost(str(error))
    else:
        lost = _SmallLost(f"{small.place} closed the small stream")
    raise lost
