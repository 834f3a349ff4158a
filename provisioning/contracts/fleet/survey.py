"""What a box found of its cameras on the day of acceptance: `wayside-edge survey` writes it, provisioning judges it.

Figures and words alone; no picture, and nothing of one, is in here.
"""

from pydantic import Field

from provisioning.contracts.fleet.documents import MAX_CAMERAS
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.wire.messages import MAX_SIDE_PX, Count, Message, PictureCheck, Signature, TimeMs, Versioned


class CameraSurvey(Message):
    """One camera."""

    camera_id: CameraId
    reached: bool
    trouble: str = Field(default="", max_length=500)
    """Why it was not; no URL and no secret."""
    width: int | None = Field(default=None, ge=1, le=MAX_SIDE_PX)
    """Of its picture, px; None where a running agent alone can open it."""
    height: int | None = Field(default=None, ge=1, le=MAX_SIDE_PX)
    picture_faults: tuple[PictureCheck, ...] = Field(default=(), max_length=len(PictureCheck))
    clock_ms: float | None = Field(default=None, allow_inf_nan=False)
    """The camera's clock less the box's; None: it does not say."""
    clock_bound_ms: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """How far `clock_ms` may be wrong."""
    redacted: bool | None = None
    """Whether a picture of it was covered, encoded and found clean; None: none was to be had here."""
    redaction_trouble: str = Field(default="", max_length=500)
    selected: Count = 0
    archived: Count = 0
    """As the archive has confirmed by hash, over the life of this spool."""


class Survey(Versioned):
    """One box."""

    agent_id: AgentId
    surveyed_at_ms: TimeMs
    software: str = Field(max_length=64)
    cameras: tuple[CameraSurvey, ...] = Field(max_length=MAX_CAMERAS)


class SignedSurvey(Versioned):
    """What `wayside-edge survey` prints: a survey and the agent's signature over its very letters."""

    survey: str
    """JSON of `Survey`; text, so that what was signed is what is read."""
    signature: Signature
    """Over `statement.of_survey`."""
