"""Commands of the centre to an agent's parse tasks, and the agent's report on them (decision record 11).

Three verbs, for recordings at a desk alone: no field names a redaction, a policy or a camera's stream.
"""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from provisioning.contracts.fleet.documents import MAX_CAMERAS, Number, Sealed
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.wire.messages import CodedCause, Message, TimeMs, Versioned

LIFE_MS: Final = 2 * 60 * 1000
"""Life of a command after it was issued, by the agent's clock."""
MAX_COMMAND_BYTES: Final = 16 * 1024


class Verb(StrEnum):
    """Command to a task. Closed on purpose."""

    PAUSE = "pause"
    RESUME = "resume"
    PRIORITY = "priority"


class Priority(StrEnum):
    """Order in which an agent redacts its tasks. None of them delays a live camera."""

    FIRST = "first"
    NORMAL = "normal"
    LAST = "last"


class TaskCommand(Message):
    """One command. Its number grows with each command of the centre to this agent."""

    agent_id: AgentId
    camera_id: CameraId
    number: Number
    issued_at_ms: TimeMs
    expires_at_ms: TimeMs
    verb: Verb
    priority: Priority | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.verb is Verb.PRIORITY) != (self.priority is not None):
            raise ValueError("priority goes together with the verb of that name")
        if not self.issued_at_ms < self.expires_at_ms <= self.issued_at_ms + LIFE_MS:
            raise ValueError(f"expires_at_ms: after issued_at_ms, by {LIFE_MS} ms at most")
        return self


class SealedCommand(Versioned):
    """A command as it travels: the text that the centre signed, and provisioning's warrant for the centre's key."""

    command: str = Field(min_length=2, max_length=4096)
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")
    """Ed25519 by the key that the warrant names, over the context string of `signing.documents` and the UTF-8 text."""
    warrant: Sealed


class TaskState(Message):
    """State of a task, as stored by its agent."""

    paused: bool = False
    priority: Priority = Priority.NORMAL


class CommandWord(Message):
    """Outcome of the newest command that was verified as the centre's and addressed to this agent."""

    number: Number
    taken: bool
    cause: str = Field(default="", max_length=500)
    """Reason for a refusal."""
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same for the reader's language; absent from an older agent."""
    at_ms: TimeMs


class TaskReport(Versioned):
    """An agent's report on its parse tasks; retained."""

    agent_id: AgentId
    tasks: Annotated[dict[CameraId, TaskState], Field(max_length=MAX_CAMERAS)]
    """State of each of its cameras for uploads."""
    word: CommandWord | None
    """None before the first command."""
