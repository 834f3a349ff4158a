"""Decodes as little of a stream as will do: its keyframes alone, or, while something moves, all of it.

A keyframe stands alone. What lies between can only be decoded in a row from the keyframe on, so two pictures a second
cost the decoding of all 25; made into a thumbnail are only the ones that are used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import av.error
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from edge_agent.frames import Reduced, SkipReason
from edge_agent.sources.capture_time import CaptureTime
from edge_agent.sources.picture_header import UnusablePictureError, out_of_bounds
from edge_agent.sources.thumbnail import HEIGHT, WIDTH, short_of
from provisioning.contracts.picture_bounds import EDGE

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

    from edge_agent.sources.capture_time import Packet

_MAX_WAITING: Final = 32
"""Pictures that a decoder may hold back for reordering: 16 in H.264 and H.265 alike (max_dec_frame_buffering)."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPicture:
    """One decoded picture that is to be analysed."""

    stamp: CaptureTime
    picture: "VideoFrame"

    def grey(self) -> NDArray[np.uint8]:
        """Returns 36×64 grey levels: averaged by swscale from the luma plane, 0.2 ms at 1080p, no colour made."""
        small = self.picture.reformat(WIDTH, HEIGHT, "gray", interpolation=Interpolation.AREA, threads=1)
        return np.asarray(small.to_ndarray(), dtype=np.uint8)

    def pixels(self) -> NDArray[np.uint8]:
        """Converts the picture to H×W×3, BGR."""
        return bgr(self.picture)

    def reduced(self) -> Reduced:
        """Scales the picture down and makes it BGR in one step: 1.1 ms of processor time at 1080p."""
        size = self.picture.width, self.picture.height
        width, height = short_of(size)
        small = self.picture.reformat(width, height, "bgr24", interpolation=Interpolation.AREA, threads=1)
        return Reduced(np.asarray(small.to_ndarray(), dtype=np.uint8), size)


Looked: TypeAlias = DecodedPicture | UnusablePictureError


class StreamDecoder:
    """Decodes one stream: its keyframes, or every picture from a keyframe on. Takes every packet."""

    def __init__(self, decoder: "VideoCodecContext") -> None:
        self._decoder = decoder
        self.per_second = 0.0
        """Pictures wanted a second between keyframes; 0: keyframes alone."""
        self._in_a_row = False
        self._stamps: dict[int | None, CaptureTime] = {}
        self._due_ms = 0.0

    def needs(self, packet: "Packet") -> bool:
        """True if this packet must be decoded; the others need no stamp."""
        return packet.is_keyframe or self._in_a_row

    def decode(self, packet: "Packet", stamp: CaptureTime) -> Iterator[Looked]:
        """Decodes a packet; yields the pictures to analyse: at most a few, mostly none."""
        if packet.is_keyframe:
            if packet.is_corrupt:
                self._lose_the_row()
                yield UnusablePictureError(SkipReason.BROKEN, "a keyframe that arrived damaged")
            elif self.per_second:
                if self._in_a_row:  # with B-frames the decoder still holds the end of it
                    yield from self._next_in_a_row(None, stamp)
                self._lose_the_row()
                self._in_a_row = True
                yield from self._next_in_a_row(packet, stamp)
            else:
                yield self._keyframe(packet, stamp)
        elif self._in_a_row and self.per_second:
            yield from self._next_in_a_row(packet, stamp)
        else:
            self._lose_the_row()  # and it takes the next keyframe to begin again

    def _keyframe(self, packet: "Packet", stamp: CaptureTime) -> Looked:
        """Decodes one keyframe, by itself."""
        self._lose_the_row()
        self._decoder.skip_frame = "NONKEY"
        try:
            # With B-frames a decoder that sees keyframes only holds each back for one or two more (2 to 4 s, seen).
            # Draining after every keyframe gives the picture at once; each stands alone, so nothing is lost.
            pictures = [*self._decoder.decode(packet), *self._decoder.decode(None)]
        except av.error.FFmpegError as error:
            return _broken(f"a keyframe that does not decode ({type(error).__name__})")
        finally:
            self._decoder.flush_buffers()
        if not pictures:
            return _broken("a keyframe that gave no picture")
        self._note_look(stamp)
        return _usable(pictures[-1]) or DecodedPicture(stamp, pictures[-1])

    def _next_in_a_row(self, packet: "Packet | None", stamp: CaptureTime) -> Iterator[Looked]:
        """Decodes the next picture after a keyframe. The first damage ends the row: all that follows has it too."""
        if packet is not None:
            if packet.is_corrupt:
                self._lose_the_row()
                yield _broken("a picture that arrived damaged")
                return
            self._decoder.skip_frame = "DEFAULT"
            self._stamps[packet.pts] = stamp
            while len(self._stamps) > _MAX_WAITING:
                del self._stamps[next(iter(self._stamps))]
        try:
            pictures = self._decoder.decode(packet)
        except av.error.FFmpegError as error:
            self._lose_the_row()
            yield _broken(f"a picture that does not decode ({type(error).__name__})")
            return
        for picture in pictures:
            its = self._stamps.pop(picture.pts, stamp)
            if (trouble := _usable(picture)) is not None:
                self._lose_the_row()
                yield trouble
                return
            if picture.key_frame or self._is_due(its.at_ms):
                self._note_look(its)
                yield DecodedPicture(its, picture)

    def _is_due(self, at_ms: int) -> bool:
        """True if a picture is due, or the camera's clock was set back so that the due time lies in its future."""
        return at_ms >= self._due_ms or at_ms < self._due_ms - 2000 / self.per_second

    def _note_look(self, stamp: CaptureTime) -> None:
        self._due_ms = stamp.at_ms + (1000 / self.per_second if self.per_second else 0)

    def _lose_the_row(self) -> None:
        if self._in_a_row:
            self._decoder.flush_buffers()
        self._in_a_row = False
        self._stamps.clear()


def bgr(picture: "VideoFrame") -> NDArray[np.uint8]:
    """Converts a decoded picture to H×W×3, BGR."""
    return np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8)


def last_of(decoder: "VideoCodecContext", packets: "list[Packet]") -> "VideoFrame":
    """Decodes a row of packets that begins with a keyframe; returns the last picture, the others are thrown away.

    Raises:
        UnusablePictureError: one of them is damaged.
    """
    decoder.skip_frame = "DEFAULT"
    last: VideoFrame | None = None
    try:
        for packet in [*packets, None]:
            for picture in decoder.decode(packet):
                if (trouble := _usable(picture)) is not None:
                    raise trouble
                last = picture
    except av.error.FFmpegError as error:
        raise _broken(f"a picture that does not decode ({type(error).__name__})") from None
    finally:
        decoder.flush_buffers()
    if last is None:
        raise _broken("a keyframe that gave no picture")
    return last


def _usable(picture: "VideoFrame") -> UnusablePictureError | None:
    if fault := EDGE.fault(picture.width, picture.height):
        return out_of_bounds(picture.width, picture.height, f"a picture of {fault}")
    if picture.is_corrupt:
        return _broken("a picture that the decoder had to patch")
    return None


def _broken(what: str) -> UnusablePictureError:
    return UnusablePictureError(SkipReason.BROKEN, what)
