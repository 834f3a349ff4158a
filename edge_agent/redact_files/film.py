"""Writes a video file of redacted frames: H.264 in MP4, no sound, no metadata."""

from fractions import Fraction
from pathlib import Path
from typing import Self

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

_OPTIONS = {"crf": "20", "preset": "veryfast", "bf": "0"}
"""No B-frames: nothing is reordered, so that the first frame is shown at zero."""


class Film:
    """A film that is being written; the first frame gives its size, later ones of another size are refused.

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
