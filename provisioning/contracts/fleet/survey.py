"""Survey of a box's cameras on the day of acceptance: `wayside-edge survey` writes it, provisioning judges it.

It holds figures and texts alone; no picture, and nothing of one.
"""

from pydantic import Field

from provisioning.contracts.fleet.documents import MAX_CAMERAS
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.wire.messages import (
    MAX_SIDE_PX,
    CodedCause,
    Count,
    Message,
    PictureCheck,
    Signature,
    TimeMs,
    Versioned,
)


class CameraSurvey(Message):
    """Survey of one camera."""

    camera_id: CameraId
    reached: bool
    trouble: str = Field(default="", max_length=500)
    """Reason why it was not reached; no URL and no secret."""
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same for the reader's language; absent from an older agent."""
    width: int | None = Field(default=None, ge=1, le=MAX_SIDE_PX)
    """Width of its picture, px; None if only a running agent can open it."""
    height: int | None = Field(default=None, ge=1, le=MAX_SIDE_PX)
    picture_faults: tuple[PictureCheck, ...] = Field(default=(), max_length=len(PictureCheck))
    clock_ms: float | None = Field(default=None, allow_inf_nan=False)
    """The camera's clock minus the box's; None: the camera does not report it."""
    clock_bound_ms: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Largest error of `clock_ms`."""
    redacted: bool | None = None
    """True if a picture of it was covered, encoded and found clean; None: no picture could be had here."""
    redaction_trouble: str = Field(default="", max_length=500)
    redaction_reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same for the reader's language."""
    selected: Count = 0
    archived: Count = 0
    """Snapshots that the archive confirmed by hash, over the life of this spool."""


class Survey(Versioned):
    """Survey of one box."""

    agent_id: AgentId
    surveyed_at_ms: TimeMs
    software: str = Field(max_length=64)
    cameras: tuple[CameraSurvey, ...] = Field(max_length=MAX_CAMERAS)


class SignedSurvey(Versioned):
    """Output of `wayside-edge survey`: a survey and the agent's signature over its exact text."""

    survey: str
    """JSON of `Survey`; text, so that a reader parses exactly what was signed."""
    signature: Signature
    """Signature over the bytes of `statement.of_survey`."""
