"""Decodes a video while it arrives: every picture, at its place in the recording.

Matroska, MPEG-TS or MP4 from a reader that cannot seek. Demuxer and decoders are named beforehand: what FFmpeg would
find by guessing includes playlists that open other files.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import Skipped, SkipReason
from edge_agent.sources.picture_header import out_of_bounds
from edge_agent.sources.source import MAX_PIXELS
from edge_agent.sources.thumbnail import HEIGHT, WIDTH
from edge_agent.sources.upload.container import Container, UnusableRecordingError
from provisioning.contracts.picture_bounds import EDGE

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

CODECS: Final = ("h264", "hevc", "mjpeg", "mpeg4", "mpeg2video", "vp8", "vp9", "av1", "libdav1d")
"""FFmpeg's names of the decoders that are used here, and no others."""
_FAULTS: Final = (av.error.FFmpegError, OSError, ValueError, EOFError)
"""Errors that PyAV raises at bytes that FFmpeg does not like; most of it is of its own class."""
_THREADS: Final = min(4, os.cpu_count() or 1)
"""A recording may use the machine; more threads bring little at 1080p and hold a picture each."""


class MediaReader(Protocol):
    """A file object that FFmpeg reads from."""

    def read(self, size: int, /) -> bytes:
        """Reads up to `size` bytes, none at the end."""

    @property
    def was_cut(self) -> bool:
        """True once the reader has met an end where there should have been more."""


def moments(
    camera_id: str, reader: MediaReader, container: Container, at_ms: int
) -> "Iterator[tuple[int, VideoFrame | Skipped]]":
    """Yields every picture at its offset, in the order in which they are shown. The first packet lies `at_ms` in.

    What a cut left half done is not shown: after the cut it will come again.

    Raises:
        UnusableRecordingError: no such container, no video in it, one that is not decoded here, or it breaks off.
    """
    with _opened(reader, container) as opened:
        stream = _stream(opened)
        first_pts: int | None = None
        offset_ms = at_ms
        for packet in _packets(opened, stream):
            if reader.was_cut:
                return
            if first_pts is None:
                first_pts = packet.pts
            try:
                pictures = packet.decode()
            except _FAULTS:
                yield offset_ms, Skipped(camera_id, SkipReason.BROKEN, "a picture does not decode")
                continue
            for picture in pictures:
                if picture.pts is None or first_pts is None:
                    yield offset_ms, Skipped(camera_id, SkipReason.BROKEN, "a picture has no time")
                    continue
                offset_ms = at_ms + in_ms(picture.pts - first_pts, stream)
                yield offset_ms, _looked_at(camera_id, picture)


def in_ms(ticks: int, stream: "VideoStream") -> int:
    """Converts a time of a stream to the nearest millisecond. Exact: a float of ticks loses them after some days."""
    base = stream.time_base
    if base is None:
        return ticks
    return (2 * ticks * base.numerator * 1000 + base.denominator) // (2 * base.denominator)


def image_of(picture: "VideoFrame") -> NDArray[np.uint8]:
    """Converts to H×W×3, BGR, turned upright as the recording says: a detector misses faces that lie on their side."""
    image = np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8)
    return np.ascontiguousarray(np.rot90(image, _quarters(picture)))


def grey_of(picture: "VideoFrame") -> NDArray[np.uint8]:
    """Returns `thumbnail.grey_of` of `image_of`, without making that: a tenth of the time at 1080p."""
    quarters = _quarters(picture)
    width, height = (HEIGHT, WIDTH) if quarters % 2 else (WIDTH, HEIGHT)
    small = picture.reformat(width, height, "gray", interpolation="AREA").to_ndarray()
    return np.ascontiguousarray(np.rot90(np.asarray(small, dtype=np.uint8), quarters))


def _quarters(picture: "VideoFrame") -> int:
    """Returns the quarter turns against the clock."""
    return round(picture.rotation / 90) % 4


def _opened(reader: MediaReader, container: Container) -> "InputContainer":
    trouble: UnusableRecordingError
    options = {"codec_whitelist": ",".join(CODECS), "protocol_whitelist": "none", "analyzeduration": "2000000"}
    try:
        return av.open(reader, mode="r", format=container.value, options=options, metadata_errors="ignore")
    except _FAULTS as error:
        trouble = UnusableRecordingError(
            "unreadable", f"it begins like {container.value} and is none that can be read ({type(error).__name__})"
        )
    raise trouble  # outside the handler, so that nothing of FFmpeg's comes along as its context


def _stream(container: "InputContainer") -> "VideoStream":
    if not container.streams.video:
        raise UnusableRecordingError("no_video", "there is no video in it")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None or context.codec.name not in CODECS:
        raise UnusableRecordingError("unknown_codec", "its video is none that is decoded here")
    context.thread_type = "AUTO"
    context.thread_count = _THREADS
    context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


def _packets(container: "InputContainer", stream: "VideoStream") -> "Iterator[av.Packet[VideoStream]]":
    try:
        yield from container.demux(stream)
    except _FAULTS as error:
        trouble = UnusableRecordingError(
            "damaged", f"it cannot be read any further ({type(error).__name__}); what came before is in"
        )
    else:
        return
    raise trouble


def _looked_at(camera_id: str, picture: "VideoFrame") -> "VideoFrame | Skipped":
    if fault := EDGE.fault(picture.width, picture.height):
        error = out_of_bounds(picture.width, picture.height, f"a picture of {fault}")
        return Skipped(camera_id, error.reason, str(error))
    if picture.is_corrupt:
        return Skipped(camera_id, SkipReason.BROKEN, "the decoder had to patch a picture")
    return picture
