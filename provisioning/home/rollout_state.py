"""Steps of a roll-out: a pure function of its state, of the observations of each agent, and of the time.

```
pending ─offer─▶ offered ─says so─▶ applied ─well for the soak time─▶ healthy
                    └────── unwell, silent, refused, too slow ──┬───────┘
                                                             failed ─back─▶ rolled_back
```

A stage passes when every agent in it is healthy, but for failures within the error rate. Beyond it the roll-out stops,
and every agent that took the new one is sent back. An agent's target follows from the state alone (`target_of`), so a
process that dies between two steps has nothing to remember.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from pydantic import Field

from provisioning.contracts.causes import rollouts
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.fleet.rollout import AgentProgress, RolloutPhase, StopCause
from provisioning.contracts.ids import AgentId
from provisioning.contracts.wire.messages import CodedCause, Count, Message, TimeMs

STAGES: Final = 3
MAX_CAUSE: Final = 500
_OUT: Final = frozenset(
    {AgentProgress.OFFERED, AgentProgress.APPLIED, AgentProgress.HEALTHY, AgentProgress.FAILED},
)
"""States of agents that have, or may have, the new one."""
_WATCHED: Final = frozenset({AgentProgress.OFFERED, AgentProgress.APPLIED, AgentProgress.HEALTHY})
_ENDED: Final = frozenset({RolloutPhase.STOPPED, RolloutPhase.DONE})


class Target(StrEnum):
    """Target of an agent: the new one, or its earlier one."""

    NEW = "new"
    OLD = "old"
    """Configuration or software that the agent had before."""


class Standing(StrEnum):
    """Outcome of the last target at an agent."""

    OPEN = "open"
    """No report yet, or the agent is trying it."""
    DONE = "done"
    BAD = "bad"
    """The agent refused it, or went back by itself."""


@dataclass(frozen=True, slots=True)
class RolloutFault:
    """Cause of a failed agent or a stopped roll-out: in words, and in code for the reader's language."""

    cause: str
    reason: CodedCause | None
    """None: an older agent gave the words alone."""

    @classmethod
    def coded(cls, reason: CodedCause) -> "RolloutFault":
        """Makes a fault whose words are those of its code."""
        return cls(english(reason), reason)


@dataclass(frozen=True, slots=True)
class AgentObservation:
    """Observations of an agent at one moment."""

    target: Target
    """Target that the agent received last; its standing is about that."""
    standing: Standing
    refusal: RolloutFault | None = None
    """Cause that the agent itself gave for a bad outcome."""
    heard_ms: int | None = None
    """Time of its last heartbeat, by our clock."""
    trouble: RolloutFault | None = None
    """Deterioration since it was offered the new one; None while it is well."""
    own_failure: RolloutFault | None = None
    """A camera of it that failed by itself: it is told, and the agent is well."""


class RolloutPlan(Message):
    """Parameters of a roll-out, as ordered. Immutable."""

    agents: tuple[AgentId, ...] = Field(min_length=1, max_length=10_000)
    """Agents, in the order in which they are offered it."""
    share: float = Field(default=0.1, gt=0, le=1)
    """Share of all agents in the second stage."""
    error_rate: float = Field(default=0.1, ge=0, lt=1)
    """Stop when more than this share of the agents in the stages so far have failed."""
    soak_ms: int = Field(ge=0, le=7 * 86_400_000)
    apply_ms: int = Field(gt=0, le=7 * 86_400_000)
    """Time that an agent may take to report that it has it."""
    silence_ms: int = Field(gt=0, le=86_400_000)
    """An agent without a heartbeat for this long has failed."""
    at_once: int = Field(default=20, ge=1, le=10_000)
    """Limit of agents between offered and applied."""
    everybody: bool = False
    """No enrolled agent was left out: agents that enrol later get the same."""


class Progress(Message):
    """Progress of one agent."""

    state: AgentProgress = AgentProgress.PENDING
    since_ms: TimeMs = 0
    cause: str = Field(default="", max_length=MAX_CAUSE)
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    failed: bool = False
    """True for a failure, also after the agent is back."""


class RolloutState(Message):
    """Stored state of a roll-out, complete enough to continue after a restart."""

    plan: RolloutPlan
    agents: dict[AgentId, Progress]
    phase: RolloutPhase = RolloutPhase.RUNNING
    stage: int = Field(default=1, ge=1, le=STAGES)
    stopped: StopCause = StopCause.NONE
    cause: str = Field(default="", max_length=MAX_CAUSE)
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def has_ended(self) -> bool:
        """True when the roll-out can change no more."""
        return self.phase in _ENDED

    @property
    def size(self) -> int:
        """Number of agents in this stage and those before it."""
        return stage_size(self.plan, self.stage)

    @property
    def in_stage(self) -> tuple[str, ...]:
        """Agents that have been or may be offered it."""
        begun = [each for each in self.plan.agents if self.agents[each].state is not AgentProgress.PENDING]
        waiting = [each for each in self.plan.agents if self.agents[each].state is AgentProgress.PENDING]
        return tuple([*begun, *waiting][: max(self.size, len(begun))])

    @property
    def failures(self) -> int:
        """Number of agents that have failed so far."""
        return sum(each.failed for each in self.agents.values())

    def counts(self) -> dict[AgentProgress, Count]:
        """Counts agents by progress."""
        return {state: sum(each.state is state for each in self.agents.values()) for state in AgentProgress}


def stage_size(plan: RolloutPlan, stage: int) -> int:
    """Returns 1, the share but at least 2 if there are as many, or all."""
    total = len(plan.agents)
    return min(total, (1, max(2, ceil(plan.share * total)), total)[stage - 1])


def begin(plan: RolloutPlan, now_ms: int) -> RolloutState:
    """Returns the state of a new roll-out: no agent has been offered anything."""
    return RolloutState(plan=plan, agents={each: Progress(since_ms=now_ms) for each in plan.agents})


def target_of(state: RolloutState, agent_id: str) -> Target | None:
    """Returns the target of an agent; None: it was never offered anything, and is left as it is."""
    progress = state.agents[agent_id].state
    if progress is AgentProgress.PENDING:
        return None
    going = state.phase in {RolloutPhase.RUNNING, RolloutPhase.PAUSED, RolloutPhase.DONE}
    return Target.NEW if going and progress in _WATCHED else Target.OLD


def step(
    state: RolloutState, seen: Mapping[str, AgentObservation], now_ms: int, *, listening_since_ms: int
) -> RolloutState:
    """Advances the roll-out as far as the observations allow. Agents that `seen` does not name keep their state.

    `listening_since_ms`: start of hearing heartbeats; silence before it means nothing.
    """
    if state.has_ended:
        return state
    moved = {
        agent_id: _moved(state, agent_id, progress, seen.get(agent_id), now_ms, listening_since_ms)
        for agent_id, progress in state.agents.items()
    }
    state = state.model_copy(update={"agents": moved})
    if state.phase is RolloutPhase.STOPPING:
        is_out = any(each.state in _OUT for each in moved.values())
        return state if is_out else state.model_copy(update={"phase": RolloutPhase.STOPPED})
    size = len(state.in_stage)
    if state.failures > state.plan.error_rate * size:
        return _stopping(state, StopCause.ERROR_RATE, _too_many(state, size))
    if state.phase is RolloutPhase.PAUSED:
        return state
    return _offered(_next_stage(state), seen, now_ms)


def pause(state: RolloutState) -> RolloutState:
    """Pauses a running roll-out: no further agent is offered it. Other phases stay."""
    return _turned(state, RolloutPhase.RUNNING, RolloutPhase.PAUSED)


def resume(state: RolloutState) -> RolloutState:
    """Resumes a paused roll-out. Other phases stay."""
    return _turned(state, RolloutPhase.PAUSED, RolloutPhase.RUNNING)


def abort(state: RolloutState) -> RolloutState:
    """Sends every agent back. A second call, while it is stopping, no longer waits for agents that do not return."""
    if state.has_ended:
        return state
    if state.phase is RolloutPhase.STOPPING:
        return state.model_copy(update={"phase": RolloutPhase.STOPPED})
    return _stopping(state, StopCause.OPERATOR, RolloutFault.coded(rollouts.ENDED_BY_HAND()))


def _turned(state: RolloutState, when: RolloutPhase, into: RolloutPhase) -> RolloutState:
    return state.model_copy(update={"phase": into}) if state.phase is when else state


def _too_many(state: RolloutState, size: int) -> RolloutFault:
    """Makes the cause of a stop: its words name every failed agent, its code the first."""
    failed = {each: progress.cause for each, progress in state.agents.items() if progress.failed}
    limit = f"{state.plan.error_rate:.0%}"
    named = "; ".join(f"{each}: {cause}" for each, cause in failed.items())
    return RolloutFault(
        f"{state.failures} of {size} agents failed, {limit} is the limit: {named}",
        rollouts.TOO_MANY_FAILED(failures=state.failures, size=size, limit=limit, agent=next(iter(failed))),
    )


def _stopping(state: RolloutState, by: StopCause, fault: RolloutFault) -> RolloutState:
    update = {
        "phase": RolloutPhase.STOPPING,
        "stopped": by,
        "cause": fault.cause[:MAX_CAUSE],
        "reason": fault.reason,
    }
    stopped = state.model_copy(update=update)
    is_out = any(each.state in _OUT for each in state.agents.values())
    return stopped if is_out else stopped.model_copy(update={"phase": RolloutPhase.STOPPED})


def _moved(
    state: RolloutState,
    agent_id: str,
    progress: Progress,
    seen: AgentObservation | None,
    now_ms: int,
    listening_since_ms: int,
) -> Progress:
    if seen is None or progress.state not in _OUT or seen.target is not target_of(state, agent_id):
        return progress
    if seen.target is Target.OLD:
        return _returned(progress, seen, now_ms)
    into = progress.state
    heard_lately = seen.heard_ms is not None and seen.heard_ms >= max(progress.since_ms, listening_since_ms)
    fault = _fault(state.plan, progress, seen, now_ms, listening_since_ms)
    if fault is not None:
        into = AgentProgress.FAILED
    elif progress.state is AgentProgress.OFFERED and seen.standing is Standing.DONE:
        into = AgentProgress.APPLIED
    elif progress.state is AgentProgress.APPLIED and heard_lately and now_ms - progress.since_ms >= state.plan.soak_ms:
        into = AgentProgress.HEALTHY
    if fault is None:
        return _told(progress if into is progress.state else Progress(state=into, since_ms=now_ms), seen.own_failure)
    if into is progress.state:
        return progress
    return Progress(state=into, since_ms=now_ms, cause=fault.cause[:MAX_CAUSE], reason=fault.reason, failed=True)


def _told(progress: Progress, own_failure: RolloutFault | None) -> Progress:
    """Names the camera that failed by itself, for as long as it does."""
    if progress.failed:
        return progress
    cause, reason = ("", None) if own_failure is None else (own_failure.cause[:MAX_CAUSE], own_failure.reason)
    return progress.model_copy(update={"cause": cause, "reason": reason})


def _returned(progress: Progress, seen: AgentObservation, now_ms: int) -> Progress:
    """Updates the progress of an agent that is to go back."""
    if seen.standing is Standing.DONE:
        return progress.model_copy(update={"state": AgentProgress.ROLLED_BACK, "since_ms": now_ms})
    if seen.standing is Standing.BAD and not progress.failed:
        fault = RolloutFault.coded(rollouts.CANNOT_RETURN(detail=_refusal(seen).cause))
        return progress.model_copy(update={"cause": fault.cause[:MAX_CAUSE], "reason": fault.reason})
    return progress


def _refusal(seen: AgentObservation) -> RolloutFault:
    return seen.refusal or RolloutFault.coded(rollouts.NO_CAUSE())


def _fault(
    plan: RolloutPlan, progress: Progress, seen: AgentObservation, now_ms: int, listening_since_ms: int
) -> RolloutFault | None:
    """Explains why an agent with the new target has failed; None if it has not."""
    if seen.standing is Standing.BAD:
        return _refusal(seen)
    since_ms = max(seen.heard_ms or 0, listening_since_ms)
    if progress.state is AgentProgress.OFFERED:
        since_ms = max(since_ms, progress.since_ms)
    if now_ms - since_ms > plan.silence_ms:
        return RolloutFault.coded(rollouts.SILENT(seconds=f"{plan.silence_ms / 1000:g}"))
    if progress.state is AgentProgress.OFFERED:
        is_late = seen.standing is Standing.OPEN and now_ms - progress.since_ms > plan.apply_ms
        return RolloutFault.coded(rollouts.NOT_APPLIED(seconds=f"{plan.apply_ms / 1000:g}")) if is_late else None
    return seen.trouble


def _next_stage(state: RolloutState) -> RolloutState:
    """Advances the stage, past all stages that have passed."""
    while all(state.agents[each].state in {AgentProgress.HEALTHY, *_failed(state, each)} for each in state.in_stage):
        if state.stage == STAGES:
            return state.model_copy(update={"phase": RolloutPhase.DONE})
        state = state.model_copy(update={"stage": state.stage + 1})
    return state


def _failed(state: RolloutState, agent_id: str) -> Iterator[AgentProgress]:
    """Yields the state of a failed agent, which the error rate has allowed."""
    if state.agents[agent_id].failed:
        yield state.agents[agent_id].state


def _offered(state: RolloutState, seen: Mapping[str, AgentObservation], now_ms: int) -> RolloutState:
    """Offers it to the next agents: those with a heartbeat first."""
    if state.phase is not RolloutPhase.RUNNING:
        return state
    in_hand = sum(each.state is AgentProgress.OFFERED for each in state.agents.values())
    begun = sum(each.state is not AgentProgress.PENDING for each in state.agents.values())
    room = min(state.size - begun, state.plan.at_once - in_hand)
    waiting = [each for each in state.plan.agents if state.agents[each].state is AgentProgress.PENDING]
    waiting.sort(key=lambda each: seen.get(each) is None or seen[each].heard_ms is None)
    chosen = set(waiting[: max(0, room)])
    agents = {
        each: Progress(state=AgentProgress.OFFERED, since_ms=now_ms) if each in chosen else progress
        for each, progress in state.agents.items()
    }
    return state.model_copy(update={"agents": agents})
