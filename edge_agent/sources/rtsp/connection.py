"""Opens and demuxes one RTSP stream, interleaved in TCP, and words every failure itself.

FFmpeg's own errors hold the address with the password. None of them is ever raised from here, or left as a context.
"""

import errno
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error

from edge_agent.clock import Clock
from edge_agent.errors import (
    Ended,
    NoAnswer,
    NoPicture,
    NotFound,
    SourceError,
    Stalled,
    TransportRefused,
    Unreachable,
    WrongCredentials,
)
from edge_agent.host_port import host_port
from edge_agent.sources.meter import Meter
from edge_agent.sources.source import MAX_PIXELS
from provisioning.contracts.causes import streams
from provisioning.contracts.config import processes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext

    from edge_agent.sources.capture_time import Packet

_CODECS: Final = frozenset({"h264", "hevc"})
_MAX_USERINFO: Final = 127
"""FFmpeg keeps `user:password`, percent-encoded, in `char auth[128]` and cuts what is longer (libavformat/rtsp.h)."""
_DEMUX: Final = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    "probesize": "200000",  # first frame after 0.1 to 0.6 s instead of 1.1 to 5 s
    "analyzeduration": "500000",
}


class Connection:
    """An open stream; a context. `decoder` takes its packets, one thread and no more pixels than a picture may have."""

    decoder: "VideoCodecContext"

    def __init__(
        self, camera_id: str, source: processes.RtspSource, url: str, password: str | None, clock: Clock, meter: Meter
    ) -> None:
        """Opens `url`, one of the source's two. `meter`: counts its video, without the headers of RTP and below.

        Raises:
            Unreachable: refused, no route, no such host, or nothing there in time.
            NoAnswer: the connection stands, and no answer came in time.
            TransportRefused: 461, so no RTSP over TCP.
            WrongCredentials: 401 or 403, or a password too long for FFmpeg.
            NotFound: no such stream.
            NoPicture: an answer, but no H.264 or H.265 video.
        """
        self._camera_id = camera_id
        self._source = source
        self._clock = clock
        self._meter = meter
        parts = urlsplit(url)
        self.place = host_port(parts.hostname, parts.port or 554)  # a path may hold a vendor's token: never shown
        self._container = self._open(self._address(url, password))
        try:
            self.decoder = self._decoder()
        except SourceError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the RTSP session and closes the connection. Not while another thread takes packets."""
        self._container.close()

    def packets(self) -> "Iterator[Packet]":
        """Yields the packets that arrive, until the stream ends. May be called again to go on.

        Raises:
            Stalled: silent for `read_timeout_s` (FFmpeg notices after twice that).
            Ended: the other side broke the stream.
        """
        try:
            for packet in self._container.demux(self._container.streams.video[0]):
                if packet.size == 0:  # FFmpeg's flush packet at the end of a stream
                    return
                self._meter.add_bytes(packet.size)
                yield packet
        except av.error.ExitError:
            failure: SourceError = Stalled(
                self._camera_id,
                streams.SENT_NOTHING(place=self.place, seconds=f"{self._source.read_timeout_s:g}"),
            )
        except av.error.FFmpegError as error:
            failure = Ended(self._camera_id, streams.BROKE_OFF(place=self.place, error=type(error).__name__))
        else:
            return
        raise failure

    def _address(self, url: str, password: str | None) -> str:
        """Returns the URL with user and password, for FFmpeg alone."""
        if self._source.username is None or password is None:
            return url
        userinfo = f"{quote(self._source.username, safe='')}:{quote(password, safe='')}"
        if len(userinfo) > _MAX_USERINFO:
            raise WrongCredentials(self._camera_id, streams.LOGIN_TOO_LONG(bytes=len(userinfo), most=_MAX_USERINFO))
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))

    def _open(self, address: str) -> "InputContainer":
        timeout_s = (self._source.connect_timeout_s, self._source.read_timeout_s)
        began_s = self._clock.monotonic_s()
        try:
            return av.open(address, mode="r", format="rtsp", options=_DEMUX, timeout=timeout_s)
        except av.error.FFmpegError as error:
            failure = self._opening_failure(error, self._clock.monotonic_s() - began_s)
        # Raised outside the handler: FFmpeg's error holds the address with the password and would come as its context.
        raise failure

    def _opening_failure(self, error: av.error.FFmpegError, took_s: float) -> SourceError:
        seconds = f"{self._source.connect_timeout_s:g}"
        match error:
            case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
                is_sealed = self._source.password_sealed is not None
                refused = streams.SEALED_LOGIN_REFUSED if is_sealed else streams.LOGIN_REFUSED
                return WrongCredentials(self._camera_id, refused(place=self.place))
            case av.error.HTTPNotFoundError():
                return NotFound(self._camera_id, streams.NO_SUCH_STREAM(place=self.place))
            case av.error.ConnectionRefusedError():
                return Unreachable(self._camera_id, streams.CONNECTION_REFUSED(place=self.place))
            case av.error.ExitError() | av.error.TimeoutError():
                return Unreachable(self._camera_id, streams.CONNECT_TIMEOUT(place=self.place, seconds=seconds))
            case _:
                return self._answer_failure(error, took_s, seconds)

    def _answer_failure(self, error: av.error.FFmpegError, took_s: float, seconds: str) -> SourceError:
        """Returns the error of a wrong answer; for FFmpeg no answer at all is wrong data too, after a while."""
        is_wrong = isinstance(error, av.error.InvalidDataError)
        if is_wrong and took_s >= self._source.connect_timeout_s:
            return NoAnswer(self._camera_id, streams.ACCEPTS_AND_IS_MUTE(place=self.place, seconds=seconds))
        if is_wrong:
            return NoPicture(self._camera_id, streams.NO_RTSP_VIDEO(place=self.place))
        if error.errno == errno.EPROTONOSUPPORT:  # 461
            return TransportRefused(self._camera_id, streams.NO_RTSP_OVER_TCP(place=self.place))
        why = f"{type(error).__name__}, code {error.errno}"
        return Unreachable(self._camera_id, streams.CANNOT_BE_OPENED(place=self.place, error=why))

    def _decoder(self) -> "VideoCodecContext":
        if not self._container.streams.video:
            raise NoPicture(self._camera_id, streams.NO_VIDEO_STREAM(place=self.place))
        decoder = self._container.streams.video[0].codec_context
        if decoder.name not in _CODECS:
            raise NoPicture(self._camera_id, streams.WRONG_CODEC(place=self.place, codec=decoder.name))
        decoder.thread_type = "NONE"
        decoder.thread_count = 1
        decoder.options = {"max_pixels": str(MAX_PIXELS)}
        return decoder
