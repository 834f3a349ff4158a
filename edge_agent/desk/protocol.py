"""Defines the JSON answers of a desk agent to a client that sends a recording. The client is of the same package."""

from enum import StrEnum

from pydantic import Field

from provisioning.contracts.wire.messages import Count, Message


class RecordingStage(StrEnum):
    """Stage of a recording's ingestion."""

    NEW = "new"
    UNDER_WAY = "under_way"
    INTERRUPTED = "interrupted"
    """Begun, and no client is sending it."""
    COMPLETE = "complete"


class Standing(Message):
    """Reports the agent's state of a recording."""

    stage: RecordingStage
    after_ms: int = Field(ge=-1)
    """The client need not send again what lies at or before this offset; -1: nothing is in."""


class End(StrEnum):
    """End of an upload."""

    COMPLETE = "complete"
    """All of it was decoded, and what was selected is in the spool or dropped by name."""
    BROKEN = "broken"
    """The bytes stopped before their end."""
    UNUSABLE = "unusable"
    """The recording cannot be read, or not any further."""
    PAUSED = "paused"
    """The camera was paused after a redaction leak."""
    STOPPING = "stopping"
    """The agent stops, or takes a new configuration."""
    FAILED = "failed"
    """A fault of the agent; its log has it."""

    @property
    def may_be_tried_again(self) -> bool:
        """True if the same recording may go on by itself."""
        return self in {End.BROKEN, End.STOPPING}


class Progress(Message):
    """A line of the response: the progress, twice a second, and at the end the result."""

    position_ms: int = Field(ge=-1)
    """Offset of the last picture that was decoded."""
    settled_ms: int = Field(ge=-1)
    """Up to here everything selected is in the spool or dropped by name."""
    pictures: Count
    """Pictures decoded in this upload."""
    skipped: dict[str, Count] = Field(max_length=16)
    """Pictures that could not be used, by reason."""
    selected: Count
    """Pictures selected of this camera since the upload began, by the agent's ledger; so are the next two."""
    spooled: Count
    dropped: dict[str, Count] = Field(max_length=64)
    held: bool
    """True while it waits for room in the spool: the line to the centre is slower than this recording."""
    end: End | None = None
    code: str = Field(default="", max_length=32)
    detail: str = Field(default="", max_length=1000)


class Problem(Message):
    """Explains a refused request, in one word and for a person."""

    error: str = Field(max_length=32)
    detail: str = Field(max_length=1000)
