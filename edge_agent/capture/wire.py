"""Messages between the agent and the process of one camera: one JSON document a message, pixels beside it.

The agent trusts a decoder's process with nothing but documents of these shapes, and pictures of the size that they
state: that process reads what a camera sends, and may be compromised. The pixels come as the descriptor of an anonymous
file in memory. The agent copies them, so that they cannot change while the redactor works on them.
"""

import os
import socket
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from edge_agent.capture.camera_capture import CaptureLimits
from edge_agent.capture.selector import SelectorState
from edge_agent.frames import SHORT_PX, SelectReason, SkipReason
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.recorder.replay_request import ReplayRequest
from edge_agent.sources.source import is_bounded
from edge_agent.sources.thumbnail import HEIGHT, WIDTH
from provisioning.contracts.config import processes
from provisioning.contracts.ids import SourceKey
from provisioning.contracts.wire.messages import (
    MAX_SIDE_PX,
    ClockQuality,
    CodedCause,
    Count,
    PictureCheck,
    Share,
    TimeMs,
)

MAX_BYTES: Final = 64 * 1024
"""Largest message; a start with its memory, the largest in use, has some 6 KiB."""
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Line = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of printable text, safe to log."""


class NonsenseError(ValueError):
    """A message is none of these."""


class _Word(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class SavedSelectorState(_Word):
    """State of a selector (`SelectorState`) for the wire."""

    grey: bytes = Field(min_length=WIDTH * HEIGHT, max_length=WIDTH * HEIGHT)
    taken_ms: TimeMs
    paced_ms: _Finite
    rationed_ms: _Finite

    @classmethod
    def of(cls, memory: SelectorState) -> Self:
        return cls(
            grey=memory.grey.tobytes(),
            taken_ms=memory.taken_ms,
            paced_ms=memory.paced_ms,
            rationed_ms=memory.rationed_ms,
        )

    def memory(self) -> SelectorState:
        grey = np.frombuffer(self.grey, np.uint8).reshape(HEIGHT, WIDTH)
        return SelectorState(grey, self.taken_ms, self.paced_ms, self.rationed_ms)


class ExpectedMedia(_Word):
    """Media of a session that the agent holds. Its socket comes with the start, unless there is to be none."""

    transport: Literal["udp", "tcp_passive", "tcp_active"]
    remote: tuple[str, Annotated[int, Field(ge=0, le=65_535)]] | None
    ssrc: int | None = Field(ge=0, lt=2**32)
    advertised: str
    started_at_ms: int | None
    ended_at_ms: int | None

    @classmethod
    def of(cls, media: Media) -> Self:
        return cls(
            transport=media.transport,
            remote=media.remote,
            ssrc=media.ssrc,
            advertised=media.advertised,
            started_at_ms=media.started_at_ms,
            ended_at_ms=media.ended_at_ms,
        )

    def media(self, descriptors: Sequence[int]) -> Media:
        """Build the media from the message and its socket. The agent reports the session's end.

        Raises:
            NonsenseError: the socket is missing, or too many came.
        """
        if len(descriptors) != (self.transport != "tcp_active"):
            raise NonsenseError(f"media by {self.transport} with {len(descriptors)} sockets")
        return Media(
            transport=self.transport,
            sock=socket.socket(fileno=descriptors[0]) if descriptors else None,
            remote=self.remote,
            ssrc=self.ssrc,
            advertised=self.advertised,
            started_at_ms=self.started_at_ms,
            ended_at_ms=self.ended_at_ms,
        )


class StartCapture(_Word):
    """First message to a new process: capture this camera."""

    kind: Literal["start"] = "start"
    camera: processes.Camera
    password: str | None = Field(default=None, repr=False)
    media: ExpectedMedia | None = None
    """Set if the camera's device registers with the agent."""
    replay: ReplayRequest | None = None
    """Set if the camera fetches a recorder's span: the next piece of it."""
    memory: SavedSelectorState | None = None
    last_ms: TimeMs | None = None
    """Capture time of the newest picture of the process before."""
    orders: CaptureLimits


class SetLimits(_Word):
    """Capture within these limits from now on."""

    kind: Literal["obey"] = "obey"
    orders: CaptureLimits


class PictureReceived(_Word):
    """The agent has received the last picture, and has sent the limits that follow from it before this."""

    kind: Literal["next"] = "next"


class DetectionDone(_Word):
    """Detection in the last request is done; `take`: its picture is wanted."""

    kind: Literal["answer"] = "answer"
    at_ms: TimeMs
    take: bool


class StopCapture(_Word):
    """Close the stream and end."""

    kind: Literal["stop"] = "stop"


class Alive(_Word):
    """The source gave a sign of life."""

    kind: Literal["alive"] = "alive"


class StatsReport(_Word):
    """Statistics, as `CaptureStats`, counted since this process began."""

    kind: Literal["seen"] = "seen"
    at_ms: TimeMs
    pictures: Count
    passed_over: Count
    moving: bool
    decode_cpu_ms: float = Field(ge=0, allow_inf_nan=False)
    sender_offset_ms: _Finite | None
    scores: dict[PictureCheck, Share] | None
    clock_changes: Count
    received_bytes: Count


class PictureSkipped(_Word):
    """Carries a `Skipped`: a picture that was not usable."""

    kind: Literal["missed"] = "missed"
    reason: SkipReason
    message: _Line


class PictureSelected(_Word):
    """Carries a `Selected`; its pixels come with it."""

    kind: Literal["taken"] = "taken"
    captured_at_ms: TimeMs
    clock: ClockQuality
    source_key: SourceKey
    reason: SelectReason
    width: int = Field(ge=1, le=MAX_SIDE_PX)
    height: int = Field(ge=1, le=MAX_SIDE_PX)
    memory: SavedSelectorState | None

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if not is_bounded(self.width, self.height):
            raise ValueError(f"a picture of {self.width}×{self.height} px")
        return self


class DetectionRequested(_Word):
    """Carries a `DetectionRequest`; its pixels of `width` × `height` come with it."""

    kind: Literal["looked"] = "looked"
    captured_at_ms: TimeMs
    is_taken: bool
    width: int = Field(ge=1, le=MAX_SIDE_PX)
    height: int = Field(ge=1, le=MAX_SIDE_PX)
    whole_width: int = Field(ge=1, le=MAX_SIDE_PX)
    whole_height: int = Field(ge=1, le=MAX_SIDE_PX)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if min(self.width, self.height) > SHORT_PX or not is_bounded(self.whole_width, self.whole_height):
            raise ValueError(f"a look of {self.width}×{self.height} px")
        return self


class SourceFailed(_Word):
    """Carries a `SourceError`, as the last message of a process that works."""

    kind: Literal["failed"] = "failed"
    error: Annotated[str, Field(pattern=r"^[A-Za-z]{1,32}$")]
    """Name of the error's class."""
    reason: CodedCause


class CaptureOver(_Word):
    """Nothing more is to come."""

    kind: Literal["over"] = "over"


class ProcessEnded(_Word):
    """Exit code of the process, from the fork server. The very last message."""

    kind: Literal["ended"] = "ended"
    exit_code: int
    """Negative: the number of the signal that killed it."""


Command: TypeAlias = StartCapture | SetLimits | PictureReceived | DetectionDone | StopCapture
Report: TypeAlias = (
    Alive
    | StatsReport
    | PictureSkipped
    | PictureSelected
    | DetectionRequested
    | SourceFailed
    | CaptureOver
    | ProcessEnded
)
_ORDERS: Final[TypeAdapter[Command]] = TypeAdapter(Annotated[Command, Field(discriminator="kind")])
_REPORTS: Final[TypeAdapter[Report]] = TypeAdapter(Annotated[Report, Field(discriminator="kind")])


def encode(word: Command | Report) -> bytes:
    """Encode one message for a SOCK_SEQPACKET socket."""
    return word.model_dump_json().encode()


def read_order(data: bytes) -> Command:
    """Decode a message of the agent.

    Raises:
        NonsenseError: it is no `Command`.
    """
    try:
        return _ORDERS.validate_json(data)
    except ValidationError as error:
        raise _nonsense(data, error) from None


def read_report(data: bytes) -> Report:
    """Decode a message of a camera's process.

    Raises:
        NonsenseError: it is no `Report`.
    """
    try:
        return _REPORTS.validate_json(data)
    except ValidationError as error:
        raise _nonsense(data, error) from None


def _nonsense(data: bytes, error: ValidationError) -> NonsenseError:
    """Build the error without pydantic's text, which repeats the input: that may hold a password."""
    return NonsenseError(f"{len(data)} bytes that are no message ({error.error_count()} errors)")


def picture_file(image: NDArray[np.uint8]) -> int:
    """Write the pixels to an anonymous file in memory; it is gone when the last descriptor is closed.

    Raises:
        OSError: no memory, or no more descriptors.
    """
    descriptor = os.memfd_create("wayside-picture", os.MFD_CLOEXEC)
    left = np.ascontiguousarray(image).data.cast("B")
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def picture_in(descriptors: Sequence[int], width: int, height: int) -> NDArray[np.uint8]:
    """Copy the pixels (H×W×3, BGR) from the file that came with a message. Leaves it open.

    Raises:
        NonsenseError: no descriptor came, it cannot be read, or it holds less.
    """
    if not descriptors:
        raise NonsenseError("a picture without pixels")
    image = np.empty((height, width, 3), np.uint8)
    try:
        if os.preadv(descriptors[0], [image.data.cast("B")], 0) == image.nbytes:
            return image
    except OSError as error:
        raise NonsenseError(f"a picture that cannot be read ({error.strerror})") from None
    raise NonsenseError(f"a picture that is not {width}×{height} px")
