"""Reads a video file frame by frame, upright, each with its exact time. Drops sound, subtitles and metadata."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from edge_agent.redact_files.errors import NotRedacted
from edge_agent.sources.source import MAX_PIXELS
from provisioning.contracts.picture_bounds import EDGE

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Image = NDArray[np.uint8]
_MICROSECONDS = 1_000_000  # AV_TIME_BASE


@dataclass(frozen=True, slots=True, eq=False)
class MovieFrame:
    """One frame. `at` counts time bases from the first frame and only grows; no image: it does not decode."""

    number: int
    at: int
    at_ms: int
    image: Image | None
    """Array of H×W×3, BGR; None: the frame does not decode."""


class Movie:
    """An open video. Use it as a context manager.

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
