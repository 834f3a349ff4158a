"""Roll-outs: the order by which an agent changes its software, and what the centre is told of a roll-out.

`GET /v1/software/SHA256/OFFSET` of the enrolment service answers `CHUNK_BYTES` of an archive from there on, or what is
left of it, to an agent that shows its certificate and has an order for it.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from provisioning.contracts.fleet.release import MAX_RELEASE_BYTES, VERSION_PATTERN
from provisioning.contracts.ids import AgentId, Sha256
from provisioning.contracts.wire.messages import Count, Message, TimeMs

SOFTWARE: Final = "/v1/software/"
CHUNK_BYTES: Final = 1024**2
"""One answer: eight seconds of a line of one megabit, and no more than that is lost with it."""
MAX_TOLD: Final = 50

Version = Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+!-]{1,64}$")]


class ReleaseFile(Message):
    """One archive, and whom it is for."""

    sha256: Sha256
    bytes: int = Field(gt=0, le=MAX_RELEASE_BYTES)
    role: Word
    arch: Word
    python: Word


class Act(StrEnum):
    """What an order asks for."""

    INSTALL = "install"
    BACK = "back"
    """To what the other folder still holds, from this version; an agent that runs another has nothing to do."""


class SoftwareOrder(Message):
    """An agent is to run this version. Signed, addressed and numbered like a configuration, with numbers of its own."""

    kind: Literal["software"] = "software"
    act: Act
    version: Version
    file: ReleaseFile | None = None
    downgrade: bool = False
    """An older version than the one in use is meant."""
    health_s: float = Field(default=180.0, gt=0, le=3600)
    """The new version must prove itself within this, or the one before is in use again."""

    @model_validator(mode="after")
    def _has_a_file(self) -> Self:
        if (self.file is None) != (self.act is Act.BACK):
            raise ValueError("what is installed comes in a file, and going back needs none")
        return self


class RolloutKind(StrEnum):
    """What is rolled out."""

    CONFIGURATION = "configuration"
    SOFTWARE = "software"


class RolloutPhase(StrEnum):
    """How a roll-out stands."""

    RUNNING = "running"
    PAUSED = "paused"
    """Nobody new is offered it; who has it is watched."""
    STOPPING = "stopping"
    """Whoever took it is on the way back."""
    STOPPED = "stopped"
    DONE = "done"


class AgentProgress(StrEnum):
    """How one agent stands in a roll-out."""

    PENDING = "pending"
    OFFERED = "offered"
    APPLIED = "applied"
    """It says so, and is watched."""
    HEALTHY = "healthy"
    """It has been well for the soak time."""
    FAILED = "failed"
    """It goes back."""
    ROLLED_BACK = "rolled_back"


class StopCause(StrEnum):
    """Who ended a roll-out before its end."""

    NONE = "none"
    ERROR_RATE = "error_rate"
    OPERATOR = "operator"


class FailedAgent(Message):
    """One agent that did not take it well."""

    agent_id: AgentId
    progress: AgentProgress
    cause: str = Field(max_length=500)


class RolloutReport(Message):
    """How the newest roll-out stands. Addressed to the centre, retained."""

    kind: Literal["rollout"] = "rollout"
    rollout: int = Field(ge=1)
    what: RolloutKind
    name: str = Field(max_length=128)
    """Of the file, or the version."""
    phase: RolloutPhase
    stage: int = Field(ge=1, le=3)
    """1: one agent; 2: a share of them; 3: all."""
    stage_size: Count
    """Agents that have been, or may be, offered it so far."""
    total: Count
    counts: dict[AgentProgress, Count]
    stopped: StopCause = StopCause.NONE
    cause: str = Field(default="", max_length=500)
    failed: tuple[FailedAgent, ...] = Field(default=(), max_length=MAX_TOLD)
    started_at_ms: TimeMs
    changed_at_ms: TimeMs
