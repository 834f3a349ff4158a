"""Reads and writes video files frame by frame, without sound, subtitles and metadata."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

import av
import av.error
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edge_agent.redact_files.errors import NotRedacted
from edge_agent.sources.source import MAX_PIXELS
from provisioning.contracts.picture_bounds import EDGE
from provisioning.files import durable

if TYPE_CHECKING:
    from av.container import InputContainer

Image = NDArray[np.uint8]
_MICROSECONDS = 1_000_000  # AV_TIME_BASE
_OPTIONS = {"crf": "20", "preset": "veryfast", "bf": "0"}
"""No B-frames: nothing is reordered, so that the first frame is shown at zero."""


@dataclass(frozen=True, slots=True, eq=False)
class MovieFrame:
    """One frame. `at` counts time bases from the first frame and only grows; no image: it does not decode."""

    number: int
    at: int
    at_ms: int
    image: Image | None
    """Array of H×W×3, BGR; None: the frame does not decode."""


class Movie:
    """An open video, upright, each frame with its exact time. Use it as a context manager.

    Raises:
        NotRedacted: it cannot be opened, or holds no video.
    """

    def __init__(self, file: Path) -> None:
        failure: NotRedacted
        try:
            self._container: InputContainer = av.open(str(file), mode="r")
        except (av.error.FFmpegError, ValueError) as error:
            failure = NotRedacted(f"no video that can be read ({type(error).__name__})")
        else:
            if self._container.streams.video:
                self._stream = self._container.streams.video[0]
                self._bound()
                return
            self._container.close()
            failure = NotRedacted("it has no video stream")
        raise failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def _bound(self) -> None:
        context = self._stream.codec_context
        context.thread_type = "NONE"
        context.thread_count = 1
        context.options = {"max_pixels": str(MAX_PIXELS)}

    @property
    def time_base(self) -> Fraction:
        """Seconds of one step of `MovieFrame.at`."""
        return self._stream.time_base or Fraction(1, 1000)

    @property
    def rate(self) -> Fraction:
        """Nominal frames a second."""
        return self._stream.average_rate or self._stream.guessed_rate or Fraction(25)

    @property
    def aspect(self) -> Fraction:
        """Width of a pixel over its height."""
        return self._stream.sample_aspect_ratio or Fraction(1)

    @property
    def expected(self) -> int | None:
        """Frames that the header lets expect; None if it does not say."""
        if self._stream.frames:
            return self._stream.frames
        duration = self._container.duration
        return round(duration / _MICROSECONDS * self.rate) if duration else None

    def shots(self) -> Iterator[MovieFrame]:
        """Yield every frame in order of showing, with a place for each that does not decode.

        Raises:
            NotRedacted: the file breaks off, or a frame is too large to be decoded.
        """
        first: int | None = None
        last = -1
        step = max(1, round(1 / (self.rate * self.time_base)))
        for number, (pts, image) in enumerate(self._frames()):
            if first is None and pts is not None:
                first = pts
            # A frame without a time, or with one that was given before, follows the last one as soon as it may.
            at = last + (step if last >= 0 else 1) if pts is None or first is None else pts - first
            last = max(at, last + 1)
            yield MovieFrame(number, last, round(last * self.time_base * 1000), image)

    def _frames(self) -> Iterator[tuple[int | None, Image | None]]:
        for packet in self._packets():
            try:
                pictures = packet.decode()
            except av.error.InvalidDataError:
                yield packet.pts, None
                continue
            for picture in pictures:
                yield picture.pts, self._image(picture)

    def _packets(self) -> "Iterator[av.Packet[VideoStream]]":
        try:
            yield from self._container.demux(self._stream)
        except av.error.FFmpegError as error:
            failure = NotRedacted(f"the video breaks off ({type(error).__name__})")
        else:
            return
        raise failure

    def _image(self, picture: "VideoFrame") -> Image | None:
        if fault := EDGE.fault(picture.width, picture.height):
            raise NotRedacted(f"a frame of {fault}")
        if picture.is_corrupt:
            return None
        image = np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8)
        # Phones store how they were held. On its side, a face is found by no detector.
        return np.ascontiguousarray(np.rot90(image, round(picture.rotation / 90) % 4))


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Yield a file to fill. It replaces the target when the block ends well, and is removed otherwise.

    Raises:
        NotRedacted: the folder or the file cannot be written to.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with durable.replacing(target, mode=durable.PUBLIC) as draft:
            yield draft
    except OSError as error:
        raise NotRedacted(f"{target} cannot be written ({error.strerror})") from error


class Film:
    """A film in H.264 and MP4 that is being written. Its first frame sets the size; others of another size are refused.

    Use it as a context manager: leaving it finishes the file; after an error the file is of no use.
    """

    def __init__(self, file: Path, *, rate: Fraction, time_base: Fraction, aspect: Fraction) -> None:
        self._rate = rate
        self._time_base = time_base
        self._aspect = aspect
        self._stream: VideoStream | None = None
        self._container: OutputContainer = av.open(
            str(file), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self._stream is not None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        except av.error.FFmpegError as error:
            failure = NotRedacted(f"the video cannot be written ({error.strerror})")
        else:
            return
        if kind is None:  # else the first error is the cause
            raise failure

    def add(self, image: NDArray[np.uint8], at: int) -> None:
        """Add a frame (H×W×3, BGR) at `at` time bases from the start; each must be later than the one before.

        Raises:
            NotRedacted: it cannot be encoded or written.
        """
        height, width = (side // 2 * 2 for side in image.shape[:2])  # 4:2:0 wants even sides
        stream = self._stream = self._stream or self._opened(width, height)
        # Not by FFmpeg's scaler, which rounds every colour towards green (measured: grey 200 becomes 197, 197, 192).
        planes = cv2.cvtColor(np.ascontiguousarray(image[:height, :width]), cv2.COLOR_BGR2YUV_I420)
        frame = VideoFrame.from_ndarray(np.asarray(planes, np.uint8), format="yuv420p")
        frame.pts, frame.time_base = at, self._time_base
        try:
            self._container.mux(stream.encode(frame))
        except av.error.FFmpegError as error:
            failure = NotRedacted(f"the video cannot be written ({error.strerror})")
        else:
            return
        raise failure

    def _opened(self, width: int, height: int) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=self._rate)
        if not isinstance(stream, VideoStream):
            raise TypeError("libx264 makes a video stream")
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = self._time_base
        context.sample_aspect_ratio = self._aspect
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU601
        context.options = _OPTIONS
        return stream
