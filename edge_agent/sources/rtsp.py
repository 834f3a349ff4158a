"""A camera or NVR channel over RTSP, interleaved in TCP, decoded at its keyframes only.

Keyframe-only decoding is what lets one box watch thirty streams: 0.74 core for 30 × 1080p25, half of them HEVC, where
full decoding takes 3 to 6 cores.

What a decoder says about a damaged keyframe is believed. FFmpeg's H.264 decoder says so whenever bytes are missing; its
H.265 decoder only when a header is hit: a slice that is cut off is painted with invented blocks and passes as whole
(seen at 20, 50, 90 and 98 % of a keyframe). Redaction looks at the pixels that are there, so such a picture is ugly
and no leak.
"""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error
import numpy as np

from edge_agent.clock import Clock
from edge_agent.errors import Ended, NoPicture, NotFound, SourceError, Stalled, Unreachable, WrongCredentials
from edge_agent.frames import Frame, Skipped, SkipReason
from edge_agent.sources.source import MAX_PIXELS, is_bounded
from provisioning.contracts import config
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.messages import ClockQuality

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CODECS: Final = frozenset({"h264", "hevc"})
_MAX_USERINFO: Final = 127
"""FFmpeg keeps `user:password`, percent-encoded, in `char auth[128]` and cuts what is longer (libavformat/rtsp.h)."""
_DEMUX: Final = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    "probesize": "200000",  # first frame after 0.1 to 0.6 s instead of 1.1 to 5 s
    "analyzeduration": "500000",
}


class Rtsp:
    """One stream. Capture time is the agent's clock when the keyframe's packet arrived."""

    def __init__(self, camera_id: str, source: config.RtspSource, clock: Clock) -> None:
        self._camera_id = camera_id
        self._source = source
        self._clock = clock
        parts = urlsplit(source.url)
        self._place = f"{parts.hostname}:{parts.port or 554}"  # a path may hold a vendor's token: never shown

    def frames(self, stop: threading.Event) -> Iterator[Frame | Skipped]:
        """See `Source`.

        Raises:
            Unreachable: refused, no route, no such host, or no answer in time.
            WrongCredentials: 401 or 403, or the password file is of no use.
            NotFound: no such stream.
            NoPicture: an answer, but no H.264 or H.265 video within the size bounds.
            Stalled: silent for `read_timeout_s` (FFmpeg notices after twice that).
            Ended: the other side closed the stream.
        """
        with self._open() as container:
            yield from self._decode(container, stop)

    def _open(self) -> "InputContainer":
        address = self._address()
        timeout_s = (self._source.connect_timeout_s, self._source.read_timeout_s)
        try:
            return av.open(address, mode="r", format="rtsp", options=_DEMUX, timeout=timeout_s)
        except av.error.FFmpegError as error:
            failure = self._opening_failure(error)
        # Raised outside the handler: FFmpeg's error holds the address with the password and would come as its context.
        raise failure

    def _address(self) -> str:
        """The URL with user and password, for FFmpeg alone."""
        if self._source.username is None or self._source.password_file is None:
            return self._source.url
        try:
            password = config.read_secret(self._source.password_file)
        except ConfigError as error:
            raise WrongCredentials(self._camera_id, str(error)) from error
        userinfo = f"{quote(self._source.username, safe='')}:{quote(password, safe='')}"
        if len(userinfo) > _MAX_USERINFO:
            raise WrongCredentials(
                self._camera_id,
                f"user and password take {len(userinfo)} bytes percent-encoded, FFmpeg has room for {_MAX_USERINFO}",
            )
        parts = urlsplit(self._source.url)
        return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))

    def _opening_failure(self, error: av.error.FFmpegError) -> SourceError:
        """What went wrong, in our words: FFmpeg's own text holds the URL."""
        within = f"within {self._source.connect_timeout_s:g} s"
        match error:
            case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
                return WrongCredentials(
                    self._camera_id, f"{self._place} refuses user or password: check username and password_file"
                )
            case av.error.HTTPNotFoundError():
                return NotFound(self._camera_id, f"{self._place} has no such stream: check the path of the address")
            case av.error.InvalidDataError():
                return NoPicture(
                    self._camera_id, f"{self._place} takes the connection but offers no RTSP video: check port and path"
                )
            case av.error.ConnectionRefusedError():
                return Unreachable(self._camera_id, f"{self._place} refuses the connection: check address and port")
            case av.error.ExitError() | av.error.TimeoutError():
                return Unreachable(self._camera_id, f"{self._place} did not answer {within}: check address and network")
            case _:
                return Unreachable(
                    self._camera_id, f"{self._place} cannot be opened ({type(error).__name__}, code {error.errno})"
                )

    def _decode(self, container: "InputContainer", stop: threading.Event) -> Iterator[Frame | Skipped]:
        decoder = self._decoder(container)
        ordinal = 0
        for packet in self._packets(container):
            if stop.is_set():
                return
            if packet.size == 0:  # FFmpeg's flush packet at the end of a stream
                break
            if not packet.is_keyframe:
                continue
            ordinal += 1
            key = f"k{packet.pts}" if packet.pts is not None else f"n{ordinal}"
            arrived_ms = self._clock.now_ms()
            if packet.is_corrupt:
                yield self._skipped(SkipReason.BROKEN, "a keyframe arrived damaged")
                continue
            try:
                # With B-frames a decoder that sees keyframes only holds each back for one or two more (2 to 4 s, seen).
                # Draining after every keyframe gives the picture at once; each stands alone, so nothing is lost.
                pictures = [*decoder.decode(packet), *decoder.decode(None)]
            except av.error.FFmpegError as error:
                yield self._skipped(SkipReason.BROKEN, f"a keyframe does not decode ({type(error).__name__})")
            else:
                yield self._frame(pictures, arrived_ms, key)
            decoder.flush_buffers()
        if not stop.is_set():
            raise Ended(self._camera_id, f"{self._place} closed the stream")

    def _decoder(self, container: "InputContainer") -> "VideoCodecContext":
        if not container.streams.video:
            raise NoPicture(self._camera_id, f"{self._place} offers no video stream: check the path of the address")
        decoder = container.streams.video[0].codec_context
        if decoder.name not in _CODECS:
            raise NoPicture(
                self._camera_id, f"{self._place} sends {decoder.name} video: set the camera to H.264 or H.265"
            )
        decoder.skip_frame = "NONKEY"
        decoder.thread_type = "NONE"
        decoder.thread_count = 1
        decoder.options = {"max_pixels": str(MAX_PIXELS)}
        return decoder

    def _packets(self, container: "InputContainer") -> "Iterator[av.Packet[VideoStream]]":
        try:
            yield from container.demux(container.streams.video[0])
        except av.error.ExitError:
            failure: SourceError = Stalled(
                self._camera_id, f"{self._place} sent nothing for {self._source.read_timeout_s:g} s or more"
            )
        except av.error.FFmpegError as error:
            failure = Ended(self._camera_id, f"{self._place} broke the stream ({type(error).__name__})")
        else:
            return
        raise failure

    def _frame(self, pictures: "list[VideoFrame]", arrived_ms: int, key: str) -> Frame | Skipped:
        """What came out of the decoder for one keyframe."""
        if not pictures:
            return self._skipped(SkipReason.BROKEN, "a keyframe gave no picture")
        picture = pictures[-1]
        if not is_bounded(picture.width, picture.height):
            return self._skipped(SkipReason.TOO_LARGE, f"a picture of {picture.width}×{picture.height} px")
        if picture.is_corrupt:
            return self._skipped(SkipReason.BROKEN, "the decoder had to patch a keyframe")
        image = np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8)
        return Frame(self._camera_id, arrived_ms, ClockQuality.ARRIVAL, key, image)

    def _skipped(self, reason: SkipReason, message: str) -> Skipped:
        return Skipped(self._camera_id, reason, message)
