"""Replays a video file, every frame of it: the distance of keyframes in a recording is its writer's taste."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np

from edge_agent.errors import NoPicture, NotFound, SourceError
from edge_agent.frames import Skipped, SkipReason
from edge_agent.sources.picture_header import out_of_bounds
from edge_agent.sources.replay.reader import RecordedPicture
from edge_agent.sources.source import MAX_PIXELS
from provisioning.contracts.causes import pictures
from provisioning.contracts.picture_bounds import EDGE

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


class VideoFile:
    """Reads a video file frame by frame."""

    step_ms = 40

    def __init__(self, camera_id: str, path: Path) -> None:
        self._camera_id = camera_id
        self._path = path

    def length_ms(self) -> int:
        """Returns the length by the container's header, 0 where that does not say."""
        with self._open() as container:
            return (container.duration or 0) // 1000  # AV_TIME_BASE: microseconds

    def pictures(self) -> Iterator[RecordedPicture]:
        """Yields every frame with its offset.

        Raises:
            NotFound: the path is not there or may not be read.
            NoPicture: no video, or it breaks off.
        """
        with self._open() as container:
            if not container.streams.video:
                raise NoPicture(self._camera_id, pictures.RECORDING_NO_STREAM())
            stream = container.streams.video[0]
            stream.codec_context.thread_type = "NONE"
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            first_s: float | None = None
            offset_ms = 0
            for packet in self._packets(container, stream):
                try:
                    decoded = packet.decode()
                except av.error.InvalidDataError:
                    yield RecordedPicture(offset_ms, self._skipped(SkipReason.BROKEN, "a frame does not decode"))
                    continue
                for picture in decoded:
                    if picture.time is not None:
                        first_s = picture.time if first_s is None else first_s
                        offset_ms = max(0, round((picture.time - first_s) * 1000))
                    yield self._checked(offset_ms, picture)

    def _open(self) -> "InputContainer":
        failure: SourceError
        try:
            return av.open(str(self._path), mode="r")
        except (av.error.FileNotFoundError, av.error.PermissionError) as error:
            failure = NotFound(self._camera_id, pictures.RECORDING_UNREADABLE(error=error.strerror))
        except av.error.FFmpegError as error:
            failure = NoPicture(self._camera_id, pictures.RECORDING_NO_VIDEO(error=type(error).__name__))
        raise failure  # outside the handlers: FFmpeg's error holds the file name

    def _packets(self, container: "InputContainer", stream: "VideoStream") -> "Iterator[av.Packet[VideoStream]]":
        try:
            yield from container.demux(stream)
        except av.error.FFmpegError as error:
            failure = NoPicture(self._camera_id, pictures.RECORDING_BROKEN(error=type(error).__name__))
        else:
            return
        raise failure

    def _checked(self, offset_ms: int, picture: "VideoFrame") -> RecordedPicture:
        if fault := EDGE.fault(picture.width, picture.height):
            error = out_of_bounds(picture.width, picture.height, f"a frame of {fault}")
            return RecordedPicture(offset_ms, self._skipped(error.reason, str(error)))
        if picture.is_corrupt:
            return RecordedPicture(offset_ms, self._skipped(SkipReason.BROKEN, "the decoder had to patch a frame"))
        return RecordedPicture(offset_ms, np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8))

    def _skipped(self, reason: SkipReason, message: str) -> Skipped:
        return Skipped(self._camera_id, reason, message)
