"""Decides about jobs: which are refused, how one moves from phase to phase, which may run, which are forgotten. Pure.

```
          ┌──────────────┐ its turn comes, or goes
start ─▶ waiting ◀──▶ running ──▶ done | failed
             ▲  pause      │
      resume └── paused ◀──┘          cancel: from each of the three to cancelled
```
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.causes import recorders
from provisioning.contracts.config.camera import RecordedSpan
from provisioning.contracts.fleet.commands import (
    KEEP_ENDED_MS,
    LIFE_MS,
    MAX_JOBS,
    MAX_LIVE_MS,
    MAX_OPEN_JOBS,
    MAX_SPAN_MS,
    JobPhase,
    JobState,
    LiveWork,
    Priority,
    SpanWork,
    TaskCommand,
    Verb,
    Work,
)
from provisioning.contracts.ids import CameraId
from provisioning.contracts.wire.messages import CodedCause, Message

RANKS: Final = {Priority.FIRST: 0, Priority.NORMAL: 1, Priority.LAST: 2}
MOST_AT_ONCE: Final = 2
"""Spans that are fetched at a time: each has a decoder, and all share the one redactor."""
_HOUR_MS: Final = 3_600_000
_LEFT_MS: Final = 1000
_LANE: Final = "job/"
"""Begins the name of a job's lane. No camera's id has a slash."""


class Job(Message):
    """A job as it lies on the disk."""

    state: JobState
    run_ms: int = 0
    """Time that it has run, by the monotonic clock."""
    left_ms: int | None = None
    """Time that is left of live work by the monotonic clock; None: a span."""


@dataclass(frozen=True, slots=True)
class JobSite:
    """The cameras of a configuration for which jobs may be ordered."""

    cameras: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()
    """Those with a recorder that can be asked for a span."""
    live: frozenset[str] = frozenset()
    """Those with a live stream that the agent fetches."""

    def missing(self, camera_id: CameraId, work: Work) -> CodedCause | None:
        """Returns why the site cannot do this work; None if it can."""
        match work:
            case SpanWork() if camera_id in self.cameras - self.recorded:
                return recorders.NO_RECORDER()
            case LiveWork() if camera_id in self.cameras - self.live:
                return causes.NOT_LIVE(camera=camera_id)
            case _:
                return None if camera_id in self.cameras else causes.CAMERA_UNKNOWN(camera=camera_id)


@dataclass(frozen=True, slots=True)
class JobProgress:
    """Reports a job from its runner: phase and figures, as of now."""

    phase: JobPhase
    reason: CodedCause | None = None
    reached_ms: int | None = None
    selected: int = 0
    spooled: int = 0
    dropped: Mapping[str, int] | None = None
    run_ms: int = 0
    left_ms: int | None = None


def lane_of(job_id: str) -> str:
    """Names the lane in which a job's pictures wait for the redactor."""
    return _LANE + job_id


def job_of(lane: str) -> str | None:
    """Returns the job of a lane; None for a camera's."""
    return lane.removeprefix(_LANE) if lane.startswith(_LANE) else None


def refusal(
    command: TaskCommand, site: JobSite, jobs: Mapping[str, Job], now_ms: int, *, is_leaked: bool
) -> CodedCause | None:
    """Returns why a command to a job is not taken; None if it is. The powers of the warrant are checked before."""
    if command.work is not None:
        return _refusal_of_start(command, command.work, site, jobs, now_ms, is_leaked=is_leaked)
    known = jobs.get(command.job or "")
    if known is None or known.state.phase.has_ended or known.state.camera_id != command.camera_id:
        return causes.UNKNOWN(job=command.job, camera=command.camera_id)
    return None


def _refusal_of_start(
    command: TaskCommand, work: Work, site: JobSite, jobs: Mapping[str, Job], now_ms: int, *, is_leaked: bool
) -> CodedCause | None:
    camera_id = command.camera_id
    opened = [job.state for job in jobs.values() if not job.state.phase.has_ended]
    if command.job in jobs:
        return causes.ALREADY_KNOWN(job=command.job)
    if (missing := site.missing(camera_id, work)) is not None:
        return missing
    if is_leaked:
        return causes.CAMERA_LEAKED(camera=camera_id)
    if (wrong := _wrong_time(work, now_ms)) is not None:
        return wrong
    if isinstance(work, LiveWork) and any(
        each.camera_id == camera_id and isinstance(each.work, LiveWork) for each in opened
    ):
        return causes.LIVE_TWICE(camera=camera_id)
    return causes.TOO_MANY(limit=MAX_OPEN_JOBS) if len(opened) >= MAX_OPEN_JOBS else None


def _wrong_time(work: Work, now_ms: int) -> CodedCause | None:
    """Returns what is wrong with the times of a work. Clocks may differ by as much as a command lives."""
    match work:
        case SpanWork(span=span):
            if span.ended_at_ms > now_ms + LIFE_MS:
                return causes.SPAN_AHEAD(seconds=-(-(span.ended_at_ms - now_ms) // 1000))
            is_long = span.ended_at_ms - span.started_at_ms > MAX_SPAN_MS
            return causes.SPAN_TOO_LONG(hours=MAX_SPAN_MS // _HOUR_MS) if is_long else None
        case LiveWork(until_ms=until_ms):
            if until_ms <= now_ms:
                return causes.LIVE_OVER()
            return (
                causes.LIVE_TOO_LONG(hours=MAX_LIVE_MS // _HOUR_MS)
                if until_ms - now_ms > MAX_LIVE_MS + LIFE_MS
                else None
            )


def commanded(jobs: Mapping[str, Job], command: TaskCommand, now_ms: int) -> dict[str, Job]:
    """Returns the jobs after a command that is not refused."""
    job_id = command.job or ""
    if command.work is not None:
        state = JobState(
            camera_id=command.camera_id,
            work=command.work,
            phase=JobPhase.WAITING,
            priority=command.priority or Priority.NORMAL,
            ordered_at_ms=now_ms,
        )
        left_ms = command.work.until_ms - now_ms if isinstance(command.work, LiveWork) else None
        return {**jobs, job_id: Job(state=state, left_ms=left_ms)}
    job = jobs[job_id]
    return {**jobs, job_id: job.model_copy(update={"state": _after(job.state, command, now_ms)})}


def _after(state: JobState, command: TaskCommand, now_ms: int) -> JobState:
    match command.verb:
        case Verb.PAUSE:
            return state.model_copy(update={"phase": JobPhase.PAUSED, "reason": None})
        case Verb.RESUME if state.phase is JobPhase.PAUSED:
            return state.model_copy(update={"phase": JobPhase.WAITING})
        case Verb.PRIORITY:
            return state.model_copy(update={"priority": command.priority})
        case Verb.CANCEL:
            return state.model_copy(update={"phase": JobPhase.CANCELLED, "ended_at_ms": now_ms, "reason": None})
        case _:
            return state


def advanced(job: Job, progress: JobProgress, now_ms: int) -> Job:
    """Returns a job after the runner's report. A command that came meanwhile prevails: it pauses, or has ended it."""
    state = job.state
    phase = state.phase if state.phase.has_ended else progress.phase
    if state.phase is JobPhase.PAUSED and not progress.phase.has_ended:
        phase = JobPhase.PAUSED
    is_ours = phase is progress.phase
    after = state.model_copy(
        update={
            "phase": phase,
            "reason": progress.reason if is_ours else state.reason,
            "begun_at_ms": now_ms if state.begun_at_ms is None and phase is JobPhase.RUNNING else state.begun_at_ms,
            "ended_at_ms": now_ms if state.ended_at_ms is None and phase.has_ended else state.ended_at_ms,
            "reached_ms": progress.reached_ms,
            "selected": progress.selected,
            "spooled": progress.spooled,
            "dropped": dict(sorted((progress.dropped or {}).items())),
            "speed": _speed(state.work, progress),
        }
    )
    return Job(state=after, run_ms=progress.run_ms, left_ms=progress.left_ms)


def _speed(work: Work, progress: JobProgress) -> float | None:
    if not isinstance(work, SpanWork) or progress.reached_ms is None or progress.run_ms <= 0:
        return None
    return round(min(max(progress.reached_ms - work.span.started_at_ms, 0) / progress.run_ms, 1000.0), 2)


def swept(jobs: Mapping[str, Job], now_ms: int) -> dict[str, Job]:
    """Returns the jobs without those that ended over a day ago, or that are too many; the newest are kept."""
    ended = sorted(
        (job.state.ended_at_ms, job_id)
        for job_id, job in jobs.items()
        if job.state.ended_at_ms is not None and now_ms - job.state.ended_at_ms < KEEP_ENDED_MS
    )
    opened = {job_id for job_id, job in jobs.items() if not job.state.phase.has_ended}
    room = MAX_JOBS - len(opened)
    kept = opened | {job_id for _, job_id in ended[max(0, len(ended) - room) :]}
    return {job_id: job for job_id, job in jobs.items() if job_id in kept}


def remaining(state: JobState) -> RecordedSpan | None:
    """Returns what is left to fetch of a span; None: less than a second, or no span."""
    if not isinstance(state.work, SpanWork):
        return None
    span = state.work.span
    from_ms = max(span.started_at_ms, state.reached_ms or 0)
    if span.ended_at_ms - from_ms < _LEFT_MS and state.reached_ms is not None:
        return None
    return RecordedSpan(started_at_ms=from_ms, ended_at_ms=span.ended_at_ms)


def in_turn(jobs: Mapping[str, Job], held: Collection[str]) -> list[str]:
    """Returns the spans to fetch now: those under way, then by priority and age, and of each camera one at a time.

    `held`: jobs that must wait for something else.
    """
    waiting = sorted(
        (job.state.phase is not JobPhase.RUNNING, RANKS[job.state.priority], job.state.ordered_at_ms, job_id)
        for job_id, job in jobs.items()
        if isinstance(job.state.work, SpanWork)
        and job.state.phase in {JobPhase.WAITING, JobPhase.RUNNING}
        and job_id not in held
    )
    chosen: dict[str, str] = {}
    for *_, job_id in waiting:
        if len(chosen) < MOST_AT_ONCE:
            chosen.setdefault(jobs[job_id].state.camera_id, job_id)
    return list(chosen.values())
