"""What flows: one frozen type a stage. `Frame` and `Selected` hold raw pixels and live in memory only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from provisioning.contracts import ids
from provisioning.contracts.messages import ClockQuality, Snapshot


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


class SkipReason(StrEnum):
    """Why a picture never became a frame."""

    BROKEN = "broken"
    """It does not decode, or the decoder patched holes in it."""
    TOO_LARGE = "too_large"
    """Over the bound on sides, pixels or bytes."""
    UNKNOWN_FORMAT = "unknown_format"
    """No picture format that is read here."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture that a source could not use. `message` holds no file name and no address."""

    camera_id: str
    reason: SkipReason
    message: str


class SelectReason(StrEnum):
    """Why the selector let a frame through."""

    FIRST = "first"
    CHANGE = "change"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A frame worth a snapshot."""

    frame: Frame
    reason: SelectReason


@dataclass(frozen=True, slots=True, eq=False)
class Redacted:
    """A picture without a face or a plate, and its envelope. Only `edge_agent.redactor` makes one.

    `picture` is the JPEG that `snapshot.picture` describes; empty when it is withheld.
    """

    snapshot: Snapshot
    picture: bytes


class Redact(Protocol):
    """The seam between pipeline and redactor."""

    def redact(self, selected: Selected) -> Redacted:
        """Cover, encode, look again.

        Raises:
            RedactionUnavailable: nothing may be published of this picture.
        """
