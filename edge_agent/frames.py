"""Types that flow from stage to stage, all frozen. `Glance`, `Frame` and `Selected` hold raw pixels, in memory only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from provisioning.contracts import ids
from provisioning.contracts.wire.messages import ClockQuality, PictureCheck, Snapshot

SHORT_PX: Final = 416
"""Side of the square that the machine detector sees: more pixels would be thrown away."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture of one camera. `image` is H×W×3, BGR, uint8."""

    camera_id: str
    captured_at_ms: int
    clock: ClockQuality
    source_key: str
    image: NDArray[np.uint8]

    @property
    def observation_id(self) -> str:
        """Identity of the observation this frame may become."""
        return ids.observation_id(self.camera_id, self.captured_at_ms, self.source_key)


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A preview of a picture: enough to select by. The whole picture is decoded on request.

    Most pictures are never requested: of 30 quiet cameras, 29 of 30 previews end here.
    """

    camera_id: str
    captured_at_ms: int
    clock: ClockQuality
    source_key: str
    grey: NDArray[np.uint8]
    """Thumbnail (36×64) that `sources.thumbnail.grey_of` makes of a picture."""
    pixels: Callable[[], NDArray[np.uint8]]
    """Decodes the whole picture, H×W×3, BGR. Call it before the source yields its next glance.

    Raises `sources.dimensions.UnusablePictureError` if only the decoder of the whole picture finds the damage.
    """
    pushed: bool = False
    """A device chose the picture: it is selected whatever it shows."""
    is_dear: bool = False
    """Its pixels cost dozens of decoded pictures: request them only if they are worth it."""
    reduced: "Callable[[], Reduced] | None" = None
    """Decodes a reduced picture for less than the whole one costs, if the source can. Call it in time, as `pixels`."""

    def frame(self) -> Frame:
        """Decode the whole picture. Raises as `pixels` does."""
        return Frame(self.camera_id, self.captured_at_ms, self.clock, self.source_key, self.pixels())


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A picture scaled down until its shorter side has `SHORT_PX`, to detect machines in between snapshots."""

    image: NDArray[np.uint8]
    """H×W×3, BGR. Its shape may differ a little from that of the whole picture."""
    size: tuple[int, int]
    """Width and height of the whole picture."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectionRequest:
    """A request to detect machines between snapshots. Raw pixels: in memory only, and gone once it is answered."""

    camera_id: str
    captured_at_ms: int
    reduced: Reduced
    is_taken: bool
    """The picture is a snapshot in any case."""


class SkipReason(StrEnum):
    """The reason a picture never became a frame."""

    BROKEN = "broken"
    """It does not decode, or the decoder patched holes in it."""
    TOO_LARGE = "too_large"
    """Over the bound on sides, pixels or bytes."""
    SHAPE = "shape"
    """Too narrow to show anything, or a strip that would take thousands of searches."""
    UNKNOWN_FORMAT = "unknown_format"
    """No picture format that is read here."""
    SUBSTREAM = "substream"
    """The small stream is not to be had, so the main one is watched: dearer, and nothing is missed."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture that a source could not use. `message` holds no file name and no address."""

    camera_id: str
    reason: SkipReason
    message: str


class SelectReason(StrEnum):
    """The reason the selector let a frame through."""

    FIRST = "first"
    CHANGE = "change"
    HEARTBEAT = "heartbeat"
    PUSHED = "pushed"
    """A device chose it. Without a machine in it, or under 128 px a side, its row goes and its picture is withheld."""
    EVENT = "event"
    """A machine crossed a line, or goes the wrong way."""


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A frame worth a snapshot."""

    frame: Frame
    reason: SelectReason
    job: str = ""
    """Lane of the job that fetched it; empty: it is of the camera's own stream."""

    @property
    def lane(self) -> str:
        """Lane in which it waits for the redactor: a job's, or else its camera's."""
        return self.job or self.frame.camera_id


@dataclass(frozen=True, slots=True, eq=False)
class Redacted:
    """A picture without a face or a plate, and its envelope. Only `edge_agent.redactor` makes one.

    `picture` is the JPEG that `snapshot.picture` describes; empty when it is withheld.
    """

    snapshot: Snapshot
    picture: bytes


class Redact(Protocol):
    """Interface between pipeline and redactor."""

    def redact(self, selected: Selected) -> Redacted:
        """Cover faces, people and plates, encode, and detect once more in the result.

        Raises:
            RedactionUnavailable: nothing may be published of this picture.
        """


@dataclass(frozen=True, slots=True)
class Followed:
    """The result of a detection between snapshots."""

    take: bool
    """Something happened that is worth a picture of this very moment."""
    events: int
    """Crossings and wrong ways that began with it."""


@runtime_checkable
class Follows(Protocol):
    """A redactor that tracks machines between the snapshots."""

    def detect(self, request: DetectionRequest, *, may_take: bool) -> Followed:
        """Detect the machines and track them. `may_take`: a picture of this moment can be had.

        Raises:
            RedactionUnavailable: the detector could not run.
        """

    def forget(self) -> None:
        """Drop every track: the camera was turned."""

    def expire(self) -> None:
        """Drop tracks that were last seen over a minute ago, though no detection ran since."""


@dataclass(frozen=True, slots=True)
class CaptureStats:
    """The counts only grow, over all attempts and all processes of one camera's capture."""

    camera_id: str
    at_ms: int
    """Capture time of the newest picture that was decoded; the present time before the first."""
    pictures: int
    """Pictures decoded, so far."""
    passed_over: int
    """Pictures that had changed and were not selected, because the machine's rate went to other pictures; so far."""
    moving: bool
    """Something moved in the last seconds."""
    decode_cpu_ms: float
    """Processor time of receiving, decoding and selecting, so far."""
    sender_offset_ms: float | None
    """The camera's wall clock minus the agent's, from the newest RTCP sender report; None: it sends none.

    The delay of network and decoder makes it smaller.
    """
    scores: Mapping[PictureCheck, float] | None
    """Scores of the newest picture that was checked, 0 good to 1 bad; None before the first."""
    clock_changes: int = 0
    """Pictures that were dated by another clock than the one before, the camera's or the agent's; so far."""
    received_bytes: int = 0
    """Bytes that came from the camera over the network, so far; 0 where its source counts none."""
