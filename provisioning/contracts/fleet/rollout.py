"""Roll-outs: the order by which an agent changes its software, and the report of a roll-out to the centre.

`GET /v1/software/SHA256/OFFSET` of the enrolment service answers `CHUNK_BYTES` of an archive from that offset on, or
its rest, to an agent that shows its certificate and has an order for it.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from provisioning.contracts.fleet.release import MAX_RELEASE_BYTES, VERSION_PATTERN
from provisioning.contracts.ids import AgentId, Sha256
from provisioning.contracts.wire.messages import CodedCause, Count, Message, TimeMs

SOFTWARE: Final = "/v1/software/"
CHUNK_BYTES: Final = 1024**2
"""Bytes of one answer: eight seconds of a line of one megabit, and at most that is lost with it."""
MAX_TOLD: Final = 50

Version = Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+!-]{1,64}$")]


class ReleaseFile(Message):
    """One archive, and the role and platform it is for."""

    sha256: Sha256
    bytes: int = Field(gt=0, le=MAX_RELEASE_BYTES)
    role: Word
    arch: Word
    python: Word


class Act(StrEnum):
    """Action that an order asks for."""

    INSTALL = "install"
    BACK = "back"
    """Return from this version to the one in the other folder; an agent that runs another version does nothing."""


class SoftwareOrder(Message):
    """Orders an agent to run this version. Signed, addressed and numbered like a configuration, in its own sequence."""

    kind: Literal["software"] = "software"
    act: Act
    version: Version
    file: ReleaseFile | None = None
    downgrade: bool = False
    """True permits a version older than the one in use."""
    health_s: float = Field(default=180.0, gt=0, le=3600)
    """Seconds in which the new version must prove itself; otherwise the previous one is used again."""

    @model_validator(mode="after")
    def _has_a_file(self) -> Self:
        if (self.file is None) != (self.act is Act.BACK):
            raise ValueError("what is installed comes in a file, and going back needs none")
        return self


class RolloutKind(StrEnum):
    """Subject of a roll-out."""

    CONFIGURATION = "configuration"
    SOFTWARE = "software"


class RolloutPhase(StrEnum):
    """State of a roll-out."""

    RUNNING = "running"
    PAUSED = "paused"
    """No further agent is offered it; agents that have it are watched."""
    STOPPING = "stopping"
    """Agents that took it are going back."""
    STOPPED = "stopped"
    DONE = "done"


class AgentProgress(StrEnum):
    """Progress of one agent in a roll-out."""

    PENDING = "pending"
    OFFERED = "offered"
    APPLIED = "applied"
    """The agent reports it as applied, and is watched."""
    HEALTHY = "healthy"
    """The agent has been well for the soak time."""
    FAILED = "failed"
    """The agent is to go back."""
    ROLLED_BACK = "rolled_back"


class StopCause(StrEnum):
    """Cause that ended a roll-out early."""

    NONE = "none"
    ERROR_RATE = "error_rate"
    OPERATOR = "operator"


class FailedAgent(Message):
    """An agent that failed in the roll-out."""

    agent_id: AgentId
    progress: AgentProgress
    cause: str = Field(max_length=500)
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same for the reader's language; absent where an older agent gave the cause."""


class RolloutReport(Message):
    """State of the newest roll-out. Addressed to the centre, retained."""

    kind: Literal["rollout"] = "rollout"
    rollout: int = Field(ge=1)
    what: RolloutKind
    name: str = Field(max_length=128)
    """Name of the file, or the version."""
    phase: RolloutPhase
    stage: int = Field(ge=1, le=3)
    """1: one agent; 2: a share of them; 3: all."""
    stage_size: Count
    """Agents that it has been, or may be, offered to so far."""
    total: Count
    counts: dict[AgentProgress, Count]
    stopped: StopCause = StopCause.NONE
    cause: str = Field(default="", max_length=500)
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The cause of the stop for the reader's language; absent while there is none."""
    failed: tuple[FailedAgent, ...] = Field(default=(), max_length=MAX_TOLD)
    started_at_ms: TimeMs
    changed_at_ms: TimeMs
