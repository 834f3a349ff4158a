"""Decodes one piece of a recording, from its RTSP session to pictures, no faster than was asked for.

What comes beside the piece is passed over: before its start, where recorders begin at a keyframe, and after its end,
where some never stop.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import av

from edge_agent.clock import Clock
from edge_agent.errors import Ended, NoPicture, Stalled
from edge_agent.frames import Glance, Skipped
from edge_agent.gb28181.media.depacketizer import AccessUnit, Damaged, Receiver, Unsupported
from edge_agent.gb28181.media.nal import Codec
from edge_agent.gb28181.media.rtp_tcp import FramingError
from edge_agent.sources.capture_time import CaptureTime
from edge_agent.sources.gb28181.stream import decoder_of
from edge_agent.sources.meter import Meter
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.recorder.recorded_clock import RecordedClock
from edge_agent.sources.recorder.replay_extension import replay_time
from edge_agent.sources.recorder.replay_request import ReplayRequest
from edge_agent.sources.recorder.rtsp_messages import Interleaved
from edge_agent.sources.recorder.rtsp_session import RtspSession
from edge_agent.sources.recorder.scale_probe import recorded_per_second
from edge_agent.sources.rtsp.keyframe_decoder import StreamDecoder
from provisioning.contracts.causes import recorders, streams
from provisioning.contracts.wire.messages import ClockQuality

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    Packet: TypeAlias = av.Packet[VideoStream]

_CLOCK: Final = Fraction(1, 90_000)
_ITEM_S: Final = 1.0
_AHEAD_MS: Final = 4_000
"""Recorded milliseconds that may come before they are due: a recorder sends whole GOPs."""
_OTHER_MS: Final = 60_000
"""Pictures so far from the piece are of another one."""
_DRAIN_S: Final = 1.0
"""Seconds for what is on the way, once the recorder has said that it is at the end."""
_CODECS: Final[dict[str, int]] = {"H264": 98, "H265": 99, "HEVC": 99}
"""Payload types by which `Receiver` knows the codecs (GB/T 28181-2022, annex C)."""
_BYE: Final = 203


class RecorderStream:
    """Plays pieces of a recording. Each call of `frames` plays one."""

    sender_offset_ms: float | None = None

    def __init__(
        self, camera_id: str, open_piece: Callable[[], AbstractContextManager[ReplayRequest]], clock: Clock
    ) -> None:
        self._camera_id = camera_id
        self._open_piece = open_piece
        self._clock = clock
        self._per_second = 0.0
        self.meter = Meter()

    def attend(self, per_second: float) -> None:
        """Sets the wanted pictures a second; decoding between keyframes begins at the next keyframe."""
        self._per_second = per_second

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        """Delivers the pictures of a piece. Returns only when it is told to stop: a piece ends with an error.

        Raises:
            SourceError: see `RtspSession.play`.
            NoPicture: none that is decoded here, or of another span.
            Stalled: nothing new for the read timeout.
            Ended: all came (`recorder_played_all`), or the recorder has no more (`recorder_has_no_more`), or hung up.
        """
        self._per_second = 0.0
        with ExitStack() as stack:
            request = stack.enter_context(self._open_piece())
            scale = 1.0
            if request.faster == "scale" and request.speed > 1:
                scale = recorded_per_second(self._camera_id, request, self._clock, stop)
            session = stack.enter_context(RtspSession(self._camera_id, request, self._clock))
            played = session.play(stop)
            dating = RecordedClock(
                request.started_at_ms + request.offset_ms if played.started_at_ms is None else played.started_at_ms,
                offset_ms=request.offset_ms,
                scale=scale,
            )
            piece = _Piece(self._camera_id, request, session, dating, self._clock, self.meter, lambda: self._per_second)
            yield from piece.frames(stop)


class _Piece:
    """Holds one session's receiver, decoder and pace."""

    def __init__(
        self,
        camera_id: str,
        request: ReplayRequest,
        session: RtspSession,
        dating: RecordedClock,
        clock: Clock,
        meter: Meter,
        per_second: Callable[[], float],
    ) -> None:
        self._camera_id = camera_id
        self._request = request
        self._session = session
        self._dating = dating
        self._clock = clock
        self._meter = meter
        self._per_second = per_second
        self._receiver = Receiver("tcp")
        self._payload_type = _CODECS.get(session.track.encoding)
        self._has_begun = False
        self._codec: Codec | None = None
        self._decoder: StreamDecoder | None = None
        self._newest_ms = request.started_at_ms - 1
        self._last_shown_ms = request.started_at_ms - 1
        self._began_s = self._given_s = clock.monotonic_s()
        self._advanced_s = session.waited_s
        """Value of the session's `waited_s` when the recording last advanced; `_over_s`: when it was over."""
        self._over_s: float | None = None
        self._is_over = False

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        while not stop.is_set():
            if self._is_over:
                raise Ended(self._camera_id, recorders.PLAYED_ALL(place=self._request.place))
            if self._is_ahead():
                self._clock.wait(stop, 0.1)
            else:
                self._receive()
            for looked in self._pictures():
                yield looked
                self._given_s = self._clock.monotonic_s()
            if not self._is_over:
                self._mind_the_end()
            if self._clock.monotonic_s() - self._given_s >= _ITEM_S:
                self._given_s = self._clock.monotonic_s()
                yield None

    def _is_ahead(self) -> bool:
        """True if more came than is due by now: nothing is read meanwhile, and the recorder has to wait."""
        came_ms = self._newest_ms - self._request.started_at_ms
        due_ms = (self._clock.monotonic_s() - self._began_s) * 1000 * self._request.speed
        return came_ms > due_ms + _AHEAD_MS

    def _receive(self) -> None:
        try:
            for packet in self._session.read():
                self._meter.add_bytes(len(packet.data))
                if packet.channel == 0:
                    self._take(packet)
                elif _has_bye(packet.data):
                    self._session.is_over = True
        except FramingError:
            raise Ended(self._camera_id, streams.BROKE_OFF(place=self._request.place, error="RTP")) from None
        timer_s, now_s = self._receiver.get_timer(), self._clock.monotonic_s()
        if timer_s is not None and timer_s <= now_s:
            self._receiver.handle_timer(now_s)

    def _take(self, packet: Interleaved) -> None:
        data = packet.data
        if len(data) < 12:
            return
        time = replay_time(data)
        if time is not None:
            self._dating.note(time)
            self._session.is_over = self._session.is_over or time.is_last
        if self._payload_type is not None and data[1] & 0x7F == self._session.track.payload_type:
            if not self._has_begun:
                self._has_begun = True
                for sets in self._first_packets(data):
                    self._push(sets)
            data = data[:1] + bytes([data[1] & 0x80 | self._payload_type]) + data[2:]
            self._push(data)
        elif self._payload_type is None:
            self._push(data)

    def _first_packets(self, data: bytes) -> Iterator[bytes]:
        """Yields the parameter sets of the session description as packets before the first one."""
        sets = self._session.track.parameter_sets
        for before, each in zip(range(len(sets), 0, -1), sets, strict=True):
            sequence = (int.from_bytes(data[2:4]) - before) % 65_536
            yield bytes([0x80, self._payload_type or 0]) + sequence.to_bytes(2) + data[4:12] + each

    def _push(self, packet: bytes) -> None:
        self._receiver.receive_bytes(len(packet).to_bytes(2) + packet, self._clock.monotonic_s())

    def _pictures(self) -> Iterator[Glance | Skipped]:
        while not self._is_over and (event := self._receiver.next_event()) is not None:
            match event:
                case AccessUnit():
                    yield from self._decode(event)
                case Unsupported(what):
                    raise NoPicture(self._camera_id, streams.WRONG_CODEC(place=self._request.place, codec=what))
                case Damaged():
                    self._decoder = None
                case _:
                    continue

    def _decode(self, unit: AccessUnit) -> Iterator[Glance | Skipped]:
        at_ms = self._dating.capture_ms(unit.pts_90k)
        if at_ms is None or not self._is_of_piece(at_ms):
            return
        if self._decoder is None or unit.codec != self._codec:
            if not unit.is_keyframe:
                return
            self._codec, self._decoder = unit.codec, StreamDecoder(decoder_of(unit.codec))
        packet = cast("Packet", av.Packet(unit.data))
        packet.is_keyframe = unit.is_keyframe
        packet.time_base = _CLOCK
        packet.pts = unit.pts_90k
        if not self._decoder.needs(packet):
            return
        self._decoder.per_second = self._per_second()
        for looked in self._decoder.decode(packet, CaptureTime(at_ms, ClockQuality.UNKNOWN, f"r{at_ms}", None)):
            if isinstance(looked, UnusablePictureError):
                yield Skipped(self._camera_id, looked.reason, str(looked))
            elif looked.stamp.at_ms > self._last_shown_ms:
                at = looked.stamp
                self._last_shown_ms = at.at_ms
                yield Glance(self._camera_id, at.at_ms, at.clock, at.key, looked.grey(), looked.pixels)

    def _is_of_piece(self, at_ms: int) -> bool:
        """True for a picture of the piece. Notes how far the recorder has come, and its end."""
        request = self._request
        if not request.started_at_ms - _OTHER_MS <= at_ms <= request.ended_at_ms + _OTHER_MS and (
            self._newest_ms < request.started_at_ms
        ):
            raise NoPicture(self._camera_id, recorders.OTHER_SPAN(place=request.place))
        if at_ms > self._newest_ms:
            self._newest_ms, self._advanced_s = at_ms, self._session.waited_s
        self._is_over = at_ms >= request.ended_at_ms
        return request.started_at_ms <= at_ms < request.ended_at_ms

    def _mind_the_end(self) -> None:
        waited_s = self._session.waited_s
        if self._session.is_over:
            self._over_s = waited_s if self._over_s is None else self._over_s
            if waited_s - max(self._over_s, self._advanced_s) >= _DRAIN_S:
                raise Ended(self._camera_id, recorders.NO_MORE(place=self._request.place))
        seconds = self._request.read_timeout_s
        if waited_s - self._advanced_s > seconds:
            raise Stalled(self._camera_id, recorders.NO_PROGRESS(place=self._request.place, seconds=f"{seconds:g}"))


def _has_bye(data: bytes) -> bool:
    """True for RTCP with a BYE, anywhere in the compound (RFC 3550, 6.6)."""
    at = 0
    while at + 4 <= len(data) and data[at] >> 6 == 2:
        if data[at + 1] == _BYE:
            return True
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
    return False
