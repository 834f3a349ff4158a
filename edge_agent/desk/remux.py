"""Remuxes a recording file to a stream: its packets untouched in Matroska, from any keyframe on, without sound.

Any file that FFmpeg's usual demuxers read will do. They are named, so that what claims to be a recording cannot be a
playlist that opens other files. The stream's times are offsets from the recording's first packet: with the recording's
start they give every capture time to the millisecond, which is all that Matroska keeps.
"""

import hashlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import av
import av.error

from edge_agent.desk.recording import LocalFile, MediaFile, RecordingError, RecordingFacts, Sending
from edge_agent.sources.upload.video_decoder import CODECS, in_ms

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

    Packet: TypeAlias = av.Packet[VideoStream]

_FORMATS: Final = (
    "3g2,3gp,asf,avi,dhav,flv,h264,hevc,ivf,m4a,m4v,matroska,mj2,mov,mp4,mpeg,mpegts,mpegvideo,mxf,obu,rm,webm"
)
_OPTIONS: Final = {
    "format_whitelist": _FORMATS,
    "codec_whitelist": ",".join(CODECS),
    "protocol_whitelist": "none",
    "fflags": "+genpts",
}
_CHUNK_BYTES: Final = 256 * 1024
_HEAD_BYTES: Final = 1024 * 1024
_STEPS_BACK_MS: Final = (0, 10_000, 60_000, 600_000)
"""Distances before the wanted position at which a keyframe is sought; then at the start."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Position to seek to, None for none, and the keyframe that is found from there; both in ticks."""

    seek_to: int | None
    begin_pts: int


class Remux:
    """Sends a video file, remuxed."""

    def __init__(self, file: MediaFile, *, keyframes_only: bool = False, demuxer: str | None = None) -> None:
        """`keyframes_only`: what lies between keyframes is neither sent nor decoded, which is many times faster.

        `demuxer`: FFmpeg's name of the only one to try; None: it finds one of `_FORMATS` itself.
        """
        self._file = file
        self._keyframes_only = keyframes_only
        self._demuxer = demuxer

    @classmethod
    def of(cls, path: Path, *, keyframes_only: bool = False) -> Self:
        """Makes one of a file of this machine."""
        return cls(LocalFile(path), keyframes_only=keyframes_only)

    def facts(self) -> RecordingFacts:
        """Examines the file.

        Raises:
            RecordingError: it cannot be read, or there is no video in it that is decoded here.
        """
        with self._opened() as (container, stream):
            context = stream.codec_context
            return RecordingFacts(
                length_ms=container.duration // 1000 if container.duration else None,  # AV_TIME_BASE: microseconds
                what=f"{context.width}×{context.height} {context.codec.name}",
                created_at=container.metadata.get("creation_time"),
                key=self._key(),
            )

    def begin(self, after_ms: int) -> Sending:
        """Begins at the last keyframe that lies at or before `after_ms`; at the first where there is none.

        Raises:
            RecordingError: see `facts`.
        """
        with self._opened() as (container, stream):
            packets = self._packets(container, stream)
            first = next(packets, None)
            if first is None or first.pts is None:
                raise self._error("there is no picture in it", "no_video")
            anchor = first.pts
            place = self._keyframe_before(container, stream, anchor, after_ms)
            if place is None:
                key = first if first.is_keyframe else next((each for each in packets if each.is_keyframe), None)
                if key is None or key.pts is None:
                    raise self._error("there is no keyframe in it", "no_video")
                place = _Place(None, key.pts)
            at_ms = in_ms(place.begin_pts - anchor, stream)
        return Sending(at_ms, partial(self._chunks, anchor=anchor, place=place))

    # --- inside

    def _keyframe_before(
        self, container: "InputContainer", stream: "VideoStream", anchor: int, after_ms: int
    ) -> "_Place | None":
        base = stream.time_base
        for back_ms in _STEPS_BACK_MS:
            if base is None or after_ms <= back_ms:
                return None
            target = anchor + int((after_ms - back_ms) / 1000 / base)
            try:
                container.seek(target, stream=stream)
                key = next((each for each in self._packets(container, stream) if each.is_keyframe), None)
            except av.error.FFmpegError:  # some containers cannot seek: from the start, then
                return None
            if key is not None and key.pts is not None and anchor < key.pts <= anchor + int(after_ms / 1000 / base):
                return _Place(target, key.pts)
        return None

    def _chunks(self, sending: Sending, *, anchor: int, place: "_Place") -> Generator[bytes]:
        out = _Out()
        with self._opened() as (container, stream), av.open(out, "w", format="matroska") as muxer:
            at_ms = sending.at_ms
            cause = "it is damaged there"
            try:
                track = muxer.add_stream_from_template(stream)
                if place.seek_to is not None:
                    container.seek(place.seek_to, stream=stream)
                for packet in dropwhile(lambda each: each.pts != place.begin_pts, self._packets(container, stream)):
                    if packet.pts is None or (self._keyframes_only and not packet.is_keyframe):
                        continue
                    offset_ms = in_ms(packet.pts - anchor, stream)
                    packet.pts -= anchor
                    packet.dts = None if packet.dts is None or self._keyframes_only else packet.dts - anchor
                    packet.stream = track
                    try:
                        muxer.mux(packet)
                    except av.error.ArgumentError:
                        cause = "its time goes back there: cut it in two, each with a start of its own"
                        raise
                    at_ms = offset_ms
                    if len(out.held) >= _CHUNK_BYTES:
                        yield out.take_held()
            except (av.error.FFmpegError, RecordingError) as error:
                cause = str(error) if isinstance(error, RecordingError) else cause
                sending.broke_off = f"{at_ms / 1000:.1f} s ({cause})"
        yield out.take_held()

    def _packets(self, container: "InputContainer", stream: "VideoStream") -> "Iterator[Packet]":
        """Yields the packets with pictures in them, each with a time.

        An MPEG program stream gives the time of the first picture that begins in one of its packets. FFmpeg gives that
        time also to a picture whose first bytes lie at the end of the packet before, so that two pictures have one.
        """
        reorders = bool(stream.codec_context.has_b_frames)
        if reorders and container.format.name == "avi":
            raise self._untimed()
        due: int | None = None
        pictures = (packet for packet in container.demux(stream) if packet.size)
        for packet, next_pts in _with_next_time(pictures):
            if packet.pts is None:
                if due is None or reorders:
                    raise self._untimed()
                packet.pts = due
            elif packet.pts == next_pts and due is not None and not reorders:
                packet.pts = packet.dts = min(due, packet.pts)
            due = packet.pts + (packet.duration or 0)
            yield packet

    @contextmanager
    def _opened(self) -> "Iterator[tuple[InputContainer, VideoStream]]":
        with ExitStack() as opened:
            yield self._open(opened)

    def _open(self, opened: ExitStack) -> "tuple[InputContainer, VideoStream]":
        try:
            file = opened.enter_context(self._file.open())
        except OSError as error:
            raise self._error(f"it cannot be read ({error.strerror})") from None
        try:
            container = opened.enter_context(
                av.open(file, "r", format=self._demuxer, options=_OPTIONS, metadata_errors="ignore")
            )
        except (av.error.FFmpegError, OSError) as error:  # of an empty file PyAV says so in a plain OSError
            raise self._error(f"it is no video that can be read ({type(error).__name__})") from None
        if not container.streams.video:
            raise self._error("there is no video in it", "no_video")
        stream = container.streams.video[0]
        if stream.codec_context is None or stream.codec_context.codec.name not in CODECS:
            raise self._error(f"its video is none that is decoded here; {', '.join(CODECS)} are", "unknown_codec")
        return container, stream

    def _key(self) -> str:
        digest = hashlib.sha256(str(self._file.size()).encode())
        with self._file.open() as file:
            digest.update(file.read(_HEAD_BYTES))
        digest.update(b"keyframes" if self._keyframes_only else b"")
        return digest.hexdigest()

    def _untimed(self) -> RecordingError:
        return self._error(
            "its pictures have no times of their own, so their capture times would be guessed: convert it once"
            " (ffmpeg -fflags +genpts -i FILE -an OUT.mp4)",
            "untimed",
        )

    def _error(self, what: str, code: str = "unreadable") -> RecordingError:
        return RecordingError(f"{self._file.title}: {what}", code)


def _with_next_time(packets: "Iterator[Packet]") -> "Iterator[tuple[Packet, int | None]]":
    """Yields each packet, and the time that the one after it was given."""
    packet = next(packets, None)
    while packet is not None:
        following = next(packets, None)
        yield packet, None if following is None else following.pts
        packet = following


class _Out:
    """Collects the muxer's output: it can only append."""

    def __init__(self) -> None:
        self.held = bytearray()

    def write(self, data: bytes) -> int:
        self.held += data
        return len(data)

    def take_held(self) -> bytes:
        data, self.held = bytes(self.held), bytearray()
        return data
