"""Shows jobs: work that agents were ordered to do, how far it is, and what it waits for. Pure."""

from enum import StrEnum
from typing import Final

from center.pipeline.verdict import ChainViewBase
from center.tasks.views import OrderState
from provisioning.contracts.fleet.commands import JobPhase, Priority, Verb, Work
from provisioning.contracts.wire.messages import CodedCause


class TaskJobPhase(StrEnum):
    """Phase of a job as the centre has it: its agent's, or why there is none."""

    ORDERED = "ordered"
    """Its agent has not taken it yet."""
    WAITING = "waiting"
    """Its agent has it, and others go before it."""
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """Its agent did not take it."""
    LAPSED = "lapsed"
    """No agent took it in time."""
    LOST = "lost"
    """Its agent had it and reports it no more."""

    @property
    def has_ended(self) -> bool:
        """True if nothing more will happen to the job."""
        return self in ENDED


ENDED: Final = frozenset(TaskJobPhase) - {
    TaskJobPhase.ORDERED,
    TaskJobPhase.WAITING,
    TaskJobPhase.RUNNING,
    TaskJobPhase.PAUSED,
}
PHASES: Final = {each: TaskJobPhase(each.value) for each in JobPhase}


class JobHold(StrEnum):
    """Reason that an order was not answered yet, as the centre knows it. The order is sent again until it is."""

    AGENT_AWAY = "agent_away"
    NO_ANSWER = "no_answer"
    """It was sent; the agent says nothing."""


class JobOrderView(ChainViewBase):
    """The newest order to a job."""

    verb: Verb
    priority: Priority | None
    by: str
    at_ms: int
    state: OrderState
    cause: str = ""
    """The agent's cause, where it refused."""
    reason: CodedCause | None = None
    """The same for the reader's language."""
    hold: JobHold | None = None


class JobView(ChainViewBase):
    """A job with its state and figures. `purpose` and `case` are None where the reader may not see the case."""

    id: str
    agent_id: str
    camera_id: str
    name: str
    work: Work
    phase: TaskJobPhase
    share: float | None
    """Part that is done, 0 to 1; None before the first picture."""
    reached_ms: int | None
    """Capture time of the newest picture that was looked at."""
    pictures: int
    """Pictures that were found so far."""
    spooled: int
    dropped: int
    """Pictures found that were not sent on, duplicates included."""
    speed: float | None
    """Recorded seconds a second."""
    priority: Priority
    cause: str
    """Why it failed or waits, as its agent reports it."""
    reason: CodedCause | None
    """The same for the reader's language."""
    order: JobOrderView
    in_case: bool
    case: str | None
    purpose: str | None
    asked_by: str
    asked_at_ms: int
    begun_at_ms: int | None
    ended_at_ms: int | None


class JobList(ChainViewBase):
    """Jobs in sight: first those that have not ended, then the newest."""

    items: tuple[JobView, ...]
