"""Commands of the centre to an agent's parse tasks and jobs, and the agent's report on them (decision records 12, 27).

A *task* is a camera that recordings are brought to. A *job* is work that the centre orders: to fetch a span of a
camera's recordings, or to look at its live stream more often for some hours. No field names a redaction, a policy or an
address.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from provisioning.contracts.config.camera import RecordedSpan
from provisioning.contracts.fleet.documents import MAX_CAMERAS, Number, Sealed
from provisioning.contracts.fleet.uploads import DeskAddress
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.wire.messages import (
    MAX_DROP_NAMES,
    CodedCause,
    DropName,
    Message,
    Tally,
    TimeMs,
    Versioned,
)

LIFE_MS: Final = 2 * 60 * 1000
"""Life of a command after it was issued, by the agent's clock."""
MAX_COMMAND_BYTES: Final = 16 * 1024
MAX_SPAN_MS: Final = 24 * 3_600_000
"""Longest span that a job may fetch. An agent refuses a longer one, with a cause."""
MAX_LIVE_MS: Final = 8 * 3_600_000
"""Longest time for which a job may look more often, from the issue of its command. An agent refuses a longer one."""
MAX_OPEN_JOBS: Final = 16
"""Jobs of one agent that have not ended. An agent refuses one more."""
MAX_JOBS: Final = 64
"""Jobs that an agent reports: those that have not ended, and the newest of those that ended within `KEEP_ENDED_MS`."""
KEEP_ENDED_MS: Final = 24 * 3_600_000
JOB_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,31}$"
JobId = Annotated[str, StringConstraints(pattern=JOB_PATTERN)]
"""Id of a job, made by the centre; an agent takes each once."""


class Verb(StrEnum):
    """Command to a task or a job. Closed on purpose."""

    PAUSE = "pause"
    RESUME = "resume"
    PRIORITY = "priority"
    START = "start"
    """Begins a job. Only under a warrant with the power of that name."""
    CANCEL = "cancel"
    """Ends a job for good."""


class Priority(StrEnum):
    """Order in which an agent redacts its tasks. None of them delays a live camera."""

    FIRST = "first"
    NORMAL = "normal"
    LAST = "last"


class SpanWork(Message):
    """Fetches a span of a camera's recordings, of its recorder."""

    kind: Literal["span"] = "span"
    span: RecordedSpan
    speed: int | None = Field(default=None, ge=1, le=16)
    """Speed to ask the recorder for, as a multiple of real time; None: the camera's own setting."""


class LiveWork(Message):
    """Looks at a camera's live stream more often, until a time."""

    kind: Literal["live"] = "live"
    until_ms: TimeMs
    max_per_second: float = Field(gt=0, le=25, allow_inf_nan=False)
    """In place of `selector.max_per_second`, where that is lower."""


Work = Annotated[SpanWork | LiveWork, Field(discriminator="kind")]


class TaskCommand(Message):
    """One command, to a task or, with `job`, to a job. Its number grows with each command to this agent."""

    agent_id: AgentId
    camera_id: CameraId
    number: Number
    issued_at_ms: TimeMs
    expires_at_ms: TimeMs
    verb: Verb
    priority: Priority | None = None
    """Set with the verb of that name; it may be with `start`."""
    job: JobId | None = Field(default=None, exclude_if=lambda value: value is None)
    """Job of this camera that is meant; None: the camera itself, which is a task. Absent from an older centre."""
    work: Work | None = Field(default=None, exclude_if=lambda value: value is None)
    """Work of a job that begins."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.verb is Verb.PRIORITY and self.priority is None) or (
            self.verb not in {Verb.PRIORITY, Verb.START} and self.priority is not None
        ):
            raise ValueError("priority goes together with the verb of that name, and may go with start")
        if (self.verb is Verb.START) != (self.work is not None):
            raise ValueError("work goes together with start")
        if self.verb in {Verb.START, Verb.CANCEL} and self.job is None:
            raise ValueError("start and cancel name a job")
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


class JobPhase(StrEnum):
    """Phase of a job. The last three are its ends."""

    WAITING = "waiting"
    """Another job of the camera, or as many as may run at once, go before it; `reason` says so."""
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        return self in {JobPhase.DONE, JobPhase.FAILED, JobPhase.CANCELLED}


class JobState(Message):
    """State of a job, as stored by its agent."""

    camera_id: CameraId
    work: Work
    phase: JobPhase
    priority: Priority = Priority.NORMAL
    ordered_at_ms: TimeMs
    begun_at_ms: TimeMs | None = None
    """None before its first turn."""
    ended_at_ms: TimeMs | None = None
    """None: it has not ended."""
    reached_ms: TimeMs | None = None
    """Capture time up to which all pictures of a span are in the spool or have been dropped: it goes on behind."""
    selected: Tally = 0
    """Pictures found: those that the selector let through for this job, duplicates included, as in a ledger."""
    spooled: Tally = 0
    dropped: dict[DropName, Tally] = Field(default_factory=dict, max_length=MAX_DROP_NAMES)
    """Pictures of it that did not come to the spool, by name of the drop; `duplicate`: the agent had it already."""
    speed: float | None = Field(default=None, ge=0, le=1000, allow_inf_nan=False)
    """Recorded seconds a second, over all the time it has run; None for live work, and before the first picture."""
    reason: CodedCause | None = None
    """Cause and remedy: why it failed, why it waits or does not come on at the moment, or the gaps of a span that is
    done."""

    def share_done(self, now_ms: int) -> float | None:
        """Share that is done, 0 to 1: by capture time for a span, by the clock for live work; None before it begins."""
        if self.phase is JobPhase.DONE:
            return 1.0
        match self.work:
            case SpanWork(span=span) if self.reached_ms is not None:
                done, whole = self.reached_ms - span.started_at_ms, span.ended_at_ms - span.started_at_ms
            case LiveWork(until_ms=until_ms) if self.begun_at_ms is not None and until_ms > self.begun_at_ms:
                done, whole = (self.ended_at_ms or now_ms) - self.begun_at_ms, until_ms - self.begun_at_ms
            case _:
                return None
        return min(1.0, max(0.0, done / whole))


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
    """An agent's report on its parse tasks and jobs; retained."""

    agent_id: AgentId
    tasks: Annotated[dict[CameraId, TaskState], Field(max_length=MAX_CAMERAS)]
    """State of each of its cameras for uploads."""
    word: CommandWord | None
    """None before the first command."""
    jobs: dict[JobId, JobState] = Field(default_factory=dict, max_length=MAX_JOBS, exclude_if=lambda value: not value)
    """Jobs that have not ended, and those that ended within a day. Absent from an older agent."""
    desk: DeskAddress | None = Field(default=None, exclude_if=lambda value: value is None)
    """Way for browsers; None where there is none. Absent from an older agent."""
