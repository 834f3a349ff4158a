"""Decodes the media of a GB/T 28181 device, from one session's socket to pictures: live, or a span of recordings.

The session is opened elsewhere (`MediaSessions`): here nothing is known of SIP. Pictures of recordings are dated from
the start of their span by the stream's own timestamps.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import av

from edge_agent.clock import Clock
from edge_agent.errors import Ended, NoKeyframe, NoPicture, Stalled
from edge_agent.frames import Glance, Skipped
from edge_agent.gb28181.media.depacketizer import AccessUnit, Damaged, Receiver, SipOnMediaPort, Unsupported
from edge_agent.gb28181.media.nal import Codec
from edge_agent.gb28181.media.rtp import SenderReport
from edge_agent.gb28181.media.rtp_tcp import FramingError
from edge_agent.sources.capture_time import CaptureTime, CaptureTimes
from edge_agent.sources.gb28181.media_socket import BUFFER_BYTES, Media, MediaSocket
from edge_agent.sources.meter import Meter
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.rtsp.keyframe_decoder import StreamDecoder
from edge_agent.sources.source import MAX_PIXELS
from provisioning.contracts.causes import gb28181
from provisioning.contracts.wire.messages import ClockQuality, CodedCause

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

    Packet: TypeAlias = av.Packet[VideoStream]

_log = logging.getLogger(__name__)

OpenMedia: TypeAlias = Callable[[], AbstractContextManager[Media]]
FIRST_MEDIA_S: Final = 12.0
SILENCE_S: Final = 15.0
PLAYED_SILENCE_S: Final = 8.0
"""Silence of recordings: many devices stop at the end without a sign."""
NO_KEYFRAME_S: Final = 75.0
"""GOPs of a minute exist; beyond that a stream without a whole keyframe is as good as none."""
_ITEM_S: Final = 1.0
_SURE_LOOKS: Final = 3
"""Looks, of a tenth of a second each, for what came while this process stood still, before silence counts."""
_DECODERS: Final[dict[Codec, str]] = {"h264": "h264", "h265": "hevc"}
_CLOCK: Final = Fraction(1, 90_000)
_ANEW_90K: Final = 180_000
"""Timestamps that go so far back have begun anew, as at the next file of some; B-pictures go back by less."""


class Gb28181Stream:
    """Receives and decodes one camera's media. Each call of `frames` opens one session."""

    def __init__(self, camera_id: str, open_media: OpenMedia, clock: Clock) -> None:
        self._camera_id = camera_id
        self._open_media = open_media
        self._clock = clock
        self._per_second = 0.0
        self._times = CaptureTimes()
        self.sender_offset_ms: float | None = None
        self.meter = Meter()

    def attend(self, per_second: float) -> None:
        """Sets the wanted pictures a second; decoding between keyframes begins at the next keyframe."""
        self._per_second = per_second

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        """Delivers pictures. Returns when a span of recordings is over.

        Raises:
            NoPicture: no media came, none with a picture that is decoded here, or the device has mistaken the port.
            Stalled: silent for `SILENCE_S`, of recordings for `PLAYED_SILENCE_S`.
            NoKeyframe: none that is whole for `NO_KEYFRAME_S`.
            Ended: the connection closed, or makes no sense any more.
            Unreachable: `tcp_active`, and nothing listens there.
            SourceError: what opening the media raised, or why the session ended.
        """
        self._per_second = 0.0
        with self._open_media() as media, MediaSocket(self._camera_id, media, self._clock) as sock:
            sock.connect(stop)
            session = _Session(self._camera_id, media, sock, self._clock, self._wanted, self._times, self.meter)
            for looked in session.frames(stop):
                self.sender_offset_ms = session.sender_offset_ms
                yield looked

    def _wanted(self) -> float:
        return self._per_second


class _Session:
    """Holds one session's receiver, decoder and time-outs."""

    def __init__(
        self,
        camera_id: str,
        media: Media,
        sock: MediaSocket,
        clock: Clock,
        per_second: Callable[[], float],
        times: CaptureTimes,
        meter: Meter,
    ) -> None:
        self._camera_id = camera_id
        self._media = media
        self._socket = sock
        self._clock = clock
        self._per_second = per_second
        self._receiver = Receiver("udp" if media.transport == "udp" else "tcp", media.ssrc)
        self._dating = _CaptureClock(media)
        self._times = times
        self._meter = meter
        self._silence_s = SILENCE_S if media.started_at_ms is None else PLAYED_SILENCE_S
        self._codec: Codec | None = None
        self._decoder: StreamDecoder | None = None
        self._began_s = self._keyframe_s = self._given_s = clock.monotonic_s()
        self._resumed_s = self._began_s
        """The taker of a picture may need long, and nothing is read meanwhile: that is no silence."""
        self._silent_looks = 0
        self._has_media = self._is_over = False
        self._report: SenderReport | None = None
        self.sender_offset_ms: float | None = None

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        if self._media.transport == "udp" and self._socket.buffer_bytes < BUFFER_BYTES:
            _log.warning(
                "camera %s: the system holds %d KiB of datagrams where %d were asked for, so bursts may be lost:"
                " sysctl net.core.rmem_max=%d",
                self._camera_id,
                self._socket.buffer_bytes >> 10,
                BUFFER_BYTES >> 10,
                BUFFER_BYTES,
            )
        while not (stop.is_set() or self._is_over):
            if (trouble := self._media.ended()) is not None:
                raise trouble
            self._receive()
            for looked in self._pictures():
                given_s = self._clock.monotonic_s()
                yield looked
                self._given_s = self._resumed_s = self._clock.monotonic_s()
                self._keyframe_s += self._given_s - given_s
            self._mind_silence()
            if self._has_media and self._clock.monotonic_s() - self._given_s >= _ITEM_S and self._has_heard():
                self._given_s = self._clock.monotonic_s()
                yield None

    def _has_heard(self) -> bool:
        """True if anything came since the last item that was given."""
        return self._receiver.heard_s is not None and self._receiver.heard_s >= self._given_s

    def _receive(self) -> None:
        for arrived in self._socket.read():
            if arrived is None:
                raise Ended(self._camera_id, gb28181.MEDIA_CLOSED(place=self._media.advertised))
            now_s = self._clock.monotonic_s()
            data, host = arrived
            self._meter.add_bytes(len(data))
            try:
                if self._media.transport == "udp":
                    self._receiver.receive_datagram(data, host, now_s)
                else:
                    self._receiver.receive_bytes(data, now_s)
            except FramingError as error:
                raise Ended(self._camera_id, gb28181.MEDIA_GIVEN_UP(detail=error)) from error
        if self._receiver.report is not self._report and self._receiver.report is not None:
            self._report = self._receiver.report
            self.sender_offset_ms = self._report.wall_ms - self._clock.now_ms()
        timer_s = self._receiver.get_timer()
        if timer_s is not None and timer_s <= self._clock.monotonic_s():
            self._receiver.handle_timer(self._clock.monotonic_s())

    def _pictures(self) -> Iterator[Glance | Skipped]:
        while (event := self._receiver.next_event()) is not None:
            match event:
                case AccessUnit():
                    self._has_media = True
                    yield from self._decode(event)
                case SipOnMediaPort():
                    raise NoPicture(self._camera_id, gb28181.REGISTERS_AT_MEDIA_PORT(place=self._media.advertised))
                case Unsupported(what):
                    raise NoPicture(self._camera_id, gb28181.MEDIA_CODEC(codec=what))
                case Damaged():
                    self._decoder = None  # what the decoder holds leads nowhere

    def _decode(self, unit: AccessUnit) -> Iterator[Glance | Skipped]:
        if unit.is_keyframe:
            self._keyframe_s = max(self._keyframe_s, unit.arrived_s)  # it may have come before the last look ended
        if self._decoder is None or unit.codec != self._codec:
            if not unit.is_keyframe:
                return
            self._codec, self._decoder = unit.codec, StreamDecoder(decoder_of(unit.codec))
        packet = cast("Packet", av.Packet(unit.data))
        packet.is_keyframe = unit.is_keyframe
        packet.time_base = _CLOCK
        packet.pts, its = unit.pts_90k, self._dating.stamp(unit, self._clock.now_ms())
        if self._media.ended_at_ms is not None and its.at_ms >= self._media.ended_at_ms:
            self._is_over = True
            return
        if not self._decoder.needs(packet):
            return
        self._decoder.per_second = self._per_second()
        for looked in self._decoder.decode(packet, its):
            if isinstance(looked, UnusablePictureError):
                yield Skipped(self._camera_id, looked.reason, str(looked))
            else:
                at = looked.stamp
                if self._media.started_at_ms is None:
                    at = self._times.dated(at, self._clock.now_ms())
                yield Glance(self._camera_id, at.at_ms, at.clock, at.key, looked.grey(), looked.pixels)

    def _mind_silence(self) -> None:
        now_s = self._clock.monotonic_s()
        heard_s = self._receiver.heard_s
        since_s, limit_s = self._began_s, FIRST_MEDIA_S
        if heard_s is not None:
            since_s, limit_s = max(heard_s, self._resumed_s), self._silence_s
        self._silent_looks = self._silent_looks + 1 if now_s - since_s > limit_s else 0
        if self._silent_looks > _SURE_LOOKS:
            if heard_s is None:
                raise NoPicture(self._camera_id, self._no_media())
            raise Stalled(self._camera_id, gb28181.MEDIA_STOPPED(seconds=f"{self._silence_s:.0f}"))
        if not self._silent_looks and now_s - self._keyframe_s > NO_KEYFRAME_S:
            raise NoKeyframe(
                self._camera_id,
                gb28181.MEDIA_NO_KEYFRAME(seconds=f"{NO_KEYFRAME_S:.0f}", lost=self._receiver.lost_packets),
            )

    def _no_media(self) -> CodedCause:
        facts = {
            "seconds": f"{FIRST_MEDIA_S:.0f}",
            "place": self._media.advertised,
            "foreign": self._socket.strangers + sum(self._receiver.noise.values()),
        }
        if self._media.transport == "tcp_active":
            return gb28181.NO_MEDIA_FETCHED(**facts)
        return gb28181.NO_MEDIA_SENT(**facts, transport="UDP" if self._media.transport == "udp" else "TCP")


class _CaptureClock:
    """Dates pictures: of recordings by their timestamps, of live video by their arrival."""

    def __init__(self, media: Media) -> None:
        self._started_at_ms = media.started_at_ms
        self._first: int | None = None
        self._last: int | None = None
        self._newest: tuple[int, int] | None = None
        """Capture time and arrival of the newest picture, Unix milliseconds."""
        self._ordinal = 0

    def stamp(self, unit: AccessUnit, arrived_ms: int) -> CaptureTime:
        """Dates the next picture. Recordings whose timestamps stand still took as long as they take to come."""
        pts, last = unit.pts_90k, self._last
        has_pts = pts is not None and pts != last
        self._last = last if pts is None else pts
        self._ordinal += 1
        key = f"k{pts}" if has_pts else f"n{self._ordinal}"
        if self._started_at_ms is None:
            return CaptureTime(arrived_ms, ClockQuality.ARRIVAL, key, None)
        at_ms = self._started_at_ms
        if self._newest is not None:
            at_ms = self._newest[0] + max(0, arrived_ms - self._newest[1])
        if has_pts and pts is not None:
            if self._first is None or (last is not None and pts < last - _ANEW_90K):
                self._first = pts - 90 * (at_ms - self._started_at_ms)
            at_ms = self._started_at_ms + max(0, pts - self._first) // 90
        self._newest = at_ms, arrived_ms
        return CaptureTime(at_ms, ClockQuality.UNKNOWN, key, None)


def decoder_of(codec: Codec) -> "VideoCodecContext":
    """Opens a decoder with one thread, for no more pixels than a picture may have."""
    decoder = cast("VideoCodecContext", av.CodecContext.create(_DECODERS[codec], "r"))
    decoder.thread_type = "NONE"
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    return decoder
