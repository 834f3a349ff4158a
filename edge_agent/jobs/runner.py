"""Runs the jobs that the centre has ordered: fetches spans, raises rates of live streams, and reports how each stands.

What is to be done is in the book, which outlives configurations and restarts; here is what is under way.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import SourceError
from edge_agent.jobs.span_run import SpanRun
from edge_agent.jobs.tally import JobTally
from edge_agent.pipeline import Pipeline
from edge_agent.remote_config.job_rules import MOST_AT_ONCE, Job, JobProgress, JobSite, in_turn, lane_of, remaining
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.causes import work
from provisioning.contracts.config.processes import RecordedSpan
from provisioning.contracts.fleet.commands import JobPhase, LiveWork, SpanWork
from provisioning.contracts.wire.messages import CameraState, CameraStatus, CodedCause

_LOOK_S: Final = 0.5
_STOP_S: Final = 5.0
_FULL: Final = 0.8
"""Share of the spool beyond which spans wait: the rest is for live pictures."""
_ROOM: Final = 0.7
"""Share of the spool below which they go on."""


BeginSpan = Callable[[str, Job, RecordedSpan, JobTally], SpanRun]
"""Puts together a run of a job for what is left of its span, and starts nothing. Raises SourceError where it cannot."""


class JobRunner:
    """Runs the jobs of one agent under one configuration."""

    def __init__(
        self,
        book: TaskOrders,
        site: JobSite,
        begin: BeginSpan,
        lanes: dict[str, Pipeline],
        raise_rates: Callable[[Mapping[str, float]], None],
        statuses: Callable[[], Sequence[CameraStatus]],
        is_leaked: Callable[[str], bool],
        spool_share: Callable[[], float],
        clock: Clock,
    ) -> None:
        """`lanes`: pipelines by the lanes of the redactor's queue; those of running jobs are added and taken away.

        `spool_share`: share of the spool that is taken.
        """
        self._book = book
        self._site = site
        self._begin = begin
        self._lanes = lanes
        self._raise_rates = raise_rates
        self._statuses = statuses
        self._is_leaked = is_leaked
        self._spool_share = spool_share
        self._clock = clock
        self._runs: dict[str, SpanRun] = {}
        self._tallies: dict[str, JobTally] = {}
        self._live: dict[str, JobTally] = {}
        self._raised: dict[str, float] = {}
        self._is_full = False
        self._ticked_s = clock.monotonic_s()

    def live_tally(self, camera_id: str) -> JobTally | None:
        """Return what counts the pictures of a camera's own stream, while a job looks at it more often."""
        return self._live.get(camera_id)

    def run(self, stop: threading.Event) -> None:
        """Run jobs until `stop`, then end what is under way; the next agent goes on with it.

        Raises:
            SpoolError: the disk under the spool cannot be used any more.
        """
        while not self._clock.wait(stop, _LOOK_S):
            self.tick()
        for run in self._runs.values():
            run.stop()
        for run in self._runs.values():
            run.join(_STOP_S)

    def settle(self) -> None:
        """Report what became of pictures after the end of `run`."""
        jobs = self._book.jobs()
        known = self._tallies.keys() & jobs.keys()
        progress = {job_id: self._progress(job_id, jobs[job_id], jobs[job_id].state.phase) for job_id in known}
        self._book.advance(progress, at_once=True)

    def tick(self) -> None:
        """Do one round: begin, stop and end jobs, and report.

        Raises:
            SpoolError: see `run`.
        """
        now_s = self._clock.monotonic_s()
        passed_ms, self._ticked_s = round((now_s - self._ticked_s) * 1000), now_s
        jobs = self._book.jobs()
        opened = {job_id: job for job_id, job in jobs.items() if not job.state.phase.has_ended}
        for job_id in self._tallies.keys() - opened.keys() - self._runs.keys():
            del self._tallies[job_id]
        for job_id in opened.keys() - self._tallies.keys():
            self._tallies[job_id] = JobTally(opened[job_id].state)
        missing = {
            job_id: cause
            for job_id, job in opened.items()
            if (cause := self._site.missing(job.state.camera_id, job.state.work)) is not None
        }
        holds = self._holds(opened)
        turns = in_turn(opened, missing.keys() | holds.keys())
        waits = causes.WAITS_FOR_TURN(running=len(turns))
        progress: dict[str, JobProgress] = {}
        others = (opened.keys() | self._runs.keys()) & jobs.keys() - set(turns)
        for job_id in (*turns, *sorted(others)):
            job, is_wanted = jobs[job_id], job_id in turns
            if isinstance(job.state.work, LiveWork):
                progress[job_id] = self._look_closer(job_id, job, job.state.work, passed_ms)
            else:
                progress[job_id] = self._fetch(job_id, job, passed_ms, None if is_wanted else holds.get(job_id, waits))
        for job_id, cause in missing.items():
            gone = cause if cause.code != causes.CAMERA_UNKNOWN.code else causes.CAMERA_GONE(**cause.params)
            progress[job_id] = self._progress(job_id, jobs[job_id], JobPhase.FAILED, gone)
        self._raise(jobs, progress)
        self._book.advance(progress)

    def _holds(self, opened: Mapping[str, Job]) -> dict[str, CodedCause]:
        """Return the jobs that must wait for something else than their turn, and for what."""
        self._is_full = self._spool_share() >= (_ROOM if self._is_full else _FULL)
        room = dict.fromkeys(opened, causes.WAITS_FOR_ROOM()) if self._is_full else {}
        leaked = {
            job_id: causes.CAMERA_LEAKED(camera=job.state.camera_id)
            for job_id, job in opened.items()
            if self._is_leaked(job.state.camera_id)
        }
        now_ms = self._clock.now_ms()
        ahead = {
            job_id: causes.WAITS_FOR_END()
            for job_id, job in opened.items()
            if isinstance(job.state.work, SpanWork) and job.state.work.span.ended_at_ms > now_ms
        }
        return room | leaked | ahead

    def _fetch(self, job_id: str, job: Job, passed_ms: int, waits: CodedCause | None) -> JobProgress:
        """Begin, stop or end the run of a span; `waits`: why it may not run now."""
        run = self._runs.get(job_id)
        if run is None:
            return self._begun(job_id, job) if waits is None else self._progress(job_id, job, JobPhase.WAITING, waits)
        if waits is not None:
            run.stop()
        if run.is_alive or self._tallies[job_id].figures().in_flight:
            return self._progress(job_id, job, JobPhase.RUNNING, run.reason, ran_ms=passed_ms)
        del self._runs[job_id], self._lanes[lane_of(job_id)]
        if run.end is not None:
            return self._progress(job_id, job, run.end, run.reason, ran_ms=passed_ms)
        if run.is_stopped:
            return self._progress(job_id, job, JobPhase.WAITING, waits)
        return self._progress(job_id, job, JobPhase.FAILED, work.AGENT_FAILED())

    def _begun(self, job_id: str, job: Job) -> JobProgress:
        left = remaining(job.state)
        if left is None:
            return self._progress(job_id, job, JobPhase.DONE)
        if len(self._runs) >= MOST_AT_ONCE:  # one of them is about to end
            return self._progress(job_id, job, JobPhase.WAITING, causes.WAITS_FOR_TURN(running=len(self._runs)))
        try:
            run = self._begin(job_id, job, left, self._tallies[job_id])
        except SourceError as error:
            return self._progress(job_id, job, JobPhase.FAILED, error.reason)
        self._runs[job_id] = run
        self._lanes[lane_of(job_id)] = run.pipeline
        run.start()
        return self._progress(job_id, job, JobPhase.RUNNING)

    def _look_closer(self, job_id: str, job: Job, work: LiveWork, passed_ms: int) -> JobProgress:
        """Count down a job of live work, by both clocks: a clock that is set back makes none longer."""
        left_ms = min((job.left_ms or 0) - passed_ms, work.until_ms - self._clock.now_ms())
        if left_ms <= 0:
            is_settled = not self._tallies[job_id].figures().in_flight
            return self._progress(job_id, job, JobPhase.DONE if is_settled else JobPhase.RUNNING, left_ms=0)
        state = {each.camera_id: each for each in self._statuses()}.get(job.state.camera_id)
        reason = None if state is None or state.state is CameraState.ONLINE else state.reason
        return self._progress(job_id, job, JobPhase.RUNNING, reason, ran_ms=passed_ms, left_ms=left_ms)

    def _raise(self, jobs: Mapping[str, Job], progress: Mapping[str, JobProgress]) -> None:
        """Raise the rates of cameras with live work that is neither paused nor over; give back the others."""
        raised: dict[str, float] = {}
        live: dict[str, JobTally] = {}
        for job_id, each in progress.items():
            state = jobs[job_id].state
            is_over = each.phase.has_ended or state.phase.has_ended or not each.left_ms
            if isinstance(state.work, LiveWork) and not is_over and state.phase is not JobPhase.PAUSED:
                raised[state.camera_id] = state.work.max_per_second
                live[state.camera_id] = self._tallies[job_id]
        self._live = live
        if raised != self._raised:
            self._raised = raised
            self._raise_rates(raised)

    def _progress(
        self,
        job_id: str,
        job: Job,
        phase: JobPhase,
        reason: CodedCause | None = None,
        *,
        ran_ms: int = 0,
        left_ms: int | None = None,
    ) -> JobProgress:
        figures = self._tallies[job_id].figures()
        return JobProgress(
            phase,
            reason,
            figures.reached_ms,
            figures.selected,
            figures.spooled,
            figures.dropped,
            job.run_ms + ran_ms,
            job.left_ms if left_ms is None else left_ms,
        )
