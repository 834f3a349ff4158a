"""Fetches a job's span beside its camera's own stream: by an ordinary capture, pipeline, redactor and spool.

A run lasts from the job's turn to its end, its pause, or the agent's. It stands in for health, scheduler and detection
worker of its pipeline, so that nothing of a job changes the state or the share of the camera's own stream.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.capture.camera_capture import Captured, CaptureLimits, Capturing
from edge_agent.clock import Backoff, Clock
from edge_agent.errors import NotFound, RedactionUnavailable, SpoolError, WrongCredentials
from edge_agent.frames import CaptureStats, DetectionRequest, Follows, Redact, Selected
from edge_agent.jobs.tally import CountedSpool, JobTally
from edge_agent.pipeline import Pipeline
from edge_agent.remote_config.job_rules import lane_of
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from edge_agent.sources.span_progress import SpanProgress
from edge_agent.spool.spool import Spool
from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.config.processes import Camera, RecordedSpan
from provisioning.contracts.fleet.commands import JobPhase
from provisioning.contracts.wire.messages import CodedCause

_GIVES_UP_S: Final = 1800.0
"""Seconds without a picture after which a job fails: a recorder that restarts is back by then."""
_NO_MORE_S: Final = 60.0
"""Seconds without a picture after which a recorder that has nothing more of a span is believed."""
_LASTING: Final = frozenset({NotFound.cause, WrongCredentials.cause})
"""Causes that do not pass by themselves."""


class SpanCapture:
    """Passes on those pictures of a capture that are of the span and not safe yet, as the job's."""

    def __init__(self, job_id: str, capture: Capturing, span: RecordedSpan, tally: JobTally) -> None:
        self._lane = lane_of(job_id)
        self._capture = capture
        self._span = span
        self._tally = tally
        self._after_ms = tally.figures().reached_ms or span.started_at_ms - 1
        self._pictures = 0

    def obey(self, orders: CaptureLimits) -> None:
        self._capture.obey(orders)

    def answer(self, at_ms: int, *, take: bool) -> None:
        self._capture.answer(at_ms, take=take)

    def selected(self, stop: threading.Event) -> Iterator[Captured]:
        for item in self._capture.selected(stop):
            match item:
                case Selected(frame=frame):
                    if self._after_ms < frame.captured_at_ms < self._span.ended_at_ms:
                        self._tally.offered(frame.observation_id, frame.captured_at_ms)
                        yield replace(item, job=self._lane)
                    continue
                case CaptureStats(pictures=pictures, at_ms=at_ms) if pictures > self._pictures:
                    self._pictures = pictures
                    if at_ms > self._after_ms:
                        self._tally.seen(min(at_ms, self._span.ended_at_ms))
            yield item


@dataclass(frozen=True, slots=True)
class AgentParts:
    """Parts of the agent that its jobs share with its cameras."""

    queue: FairQueue[Selected]
    scheduler: Scheduler
    spool: Spool
    is_leaked: Callable[[str], bool]
    """True for a camera that is paused since a face was found in a picture of it."""
    clock: Clock
    spooled: Callable[[], None]
    """Is called after each picture that comes to the spool."""
    abandon: threading.Event
    """Is set when pictures that wait are to be given up."""


class SpanRun:
    """One run of one job."""

    def __init__(
        self,
        job_id: str,
        camera: Camera,
        span: RecordedSpan,
        capture: Capturing,
        redactor: Redact,
        tally: JobTally,
        parts: AgentParts,
        *,
        progress: Callable[[], SpanProgress] | None = None,
        looks_per_s: float = 0.0,
    ) -> None:
        """`camera`: with the source that fetches what is left of `span`.

        `progress`: that of its channel, which knows the gaps.
        `looks_per_s`: rate of detection between snapshots, for a camera with lines or zones.
        """
        self._parts = parts
        self._progress = progress
        self._tally = tally
        self._capture = SpanCapture(job_id, capture, span, tally)
        self._capture.obey(CaptureLimits(looks_per_s=looks_per_s))
        self._follower = redactor if isinstance(redactor, Follows) else None
        self._stop = threading.Event()
        self._worked_s = parts.clock.monotonic_s()
        self._fatal: SpoolError | None = None
        self.reason: CodedCause | None = None
        """Cause of its end, or why it does not come on at the moment."""
        self.end: JobPhase | None = None
        """Phase of the job after this run; None while it lasts, or when it was stopped."""
        self.pipeline = Pipeline(
            camera,
            self._capture,
            redactor,
            parts.queue,
            self,
            self,
            CountedSpool(parts.spool, lambda: tally),
            self,
            parts.clock,
            Backoff(1.0, 30.0),
            parts.spooled,
            log_name=f"{camera.id} job={job_id}",
        )
        self._thread = threading.Thread(target=self._run, name=f"job {job_id}", daemon=True)

    def start(self) -> None:
        """Begin to fetch what is left of the span."""
        self._tally.begin()
        self._thread.start()

    def stop(self) -> None:
        """Let it end at the next picture; those selected go on to the redactor."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of its thread. True if it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """True until its thread has ended.

        Raises:
            SpoolError: it ended because the disk cannot be used any more.
        """
        if self._fatal is not None:
            raise self._fatal
        return self._thread.is_alive()

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set()

    def _run(self) -> None:
        try:
            self.pipeline.run(self._stop, self._parts.abandon)
        except SpoolError as error:
            self._fatal = error

    # --- in place of `Health`

    def delivering(self, camera_id: str) -> None:  # noqa: ARG002 - it has one
        self._worked_s = self._parts.clock.monotonic_s()
        self.reason = None

    def unusable(self, camera_id: str) -> None:
        """Leave broken pictures to the log."""

    def offline(self, camera_id: str, reason: CodedCause, code: str = "failed") -> None:  # noqa: ARG002
        """Take the cause of a failed attempt, or the end of the recording."""
        has_pictures = self._tally.figures().reached_ms is not None
        idle_s = self._parts.clock.monotonic_s() - self._worked_s
        if code == "over" and has_pictures:
            self._ends(*self._end_of_recording())
        elif code == "over":
            self._ends(JobPhase.FAILED, causes.NOTHING_CAME())
        elif code == NotFound.cause and has_pictures:
            self.reason = reason  # of one recording of several, or of all that is left
            if idle_s > _NO_MORE_S:
                self._ends(JobPhase.DONE, reason)
        elif code in _LASTING or idle_s > _GIVES_UP_S:
            self._ends(JobPhase.FAILED, reason)
        else:
            self.reason = reason

    def redacted(self, camera_id: str, took_ms: float) -> None:
        """Leave the time to the scheduler."""

    def unredacted(self, camera_id: str, reason: CodedCause, code: str = "") -> None:  # noqa: ARG002
        self.reason = reason

    def is_paused(self, camera_id: str) -> bool:
        return self._parts.is_leaked(camera_id)

    # --- in place of `Scheduler`: no share of the machine is the job's own

    def sighted(self, sighting: CaptureStats) -> None:
        """Leave the counts to `SpanCapture`."""

    def lost(self, camera_id: str) -> None:
        """Keep nothing: there is no share to give back."""

    def queued(self, selected: Selected) -> None:
        self._parts.scheduler.queued(selected)

    def left(self, selected: Selected, took_s: float | None) -> None:
        self._parts.scheduler.left(selected, took_s)

    # --- in place of `DetectionWorker`: a recording waits for its detections

    def put(self, request: DetectionRequest) -> None:
        self.detect(request)

    def detect(self, request: DetectionRequest) -> None:
        """Detect in one look, with the job's own tracks; the capture is answered whatever happens."""
        take = False
        try:
            if self._follower is not None:
                take = self._follower.detect(request, may_take=True).take
        except RedactionUnavailable as error:
            self.unredacted(request.camera_id, error.reason, error.drop)
        finally:
            self._capture.answer(request.captured_at_ms, take=take)

    def turned(self, camera_id: str) -> None:  # noqa: ARG002
        if self._follower is not None:
            self._follower.forget()

    def _end_of_recording(self) -> tuple[JobPhase, CodedCause | None]:
        """Tell if it is done, and what the span lacks. Not done, if its end could not be fetched."""
        if self._progress is None:
            return JobPhase.DONE, None
        its = self._progress()
        missing, failed = (
            sum(each.ended_at_ms - each.started_at_ms for each in parts) // 1000
            for parts in (its.missing, its.left_out)
        )
        is_short = any(each.ended_at_ms >= its.span.ended_at_ms for each in its.left_out)
        gaps = causes.GAPS(missing=missing, failed=failed) if missing or failed else None
        return JobPhase.FAILED if is_short else JobPhase.DONE, gaps

    def _ends(self, phase: JobPhase, reason: CodedCause | None = None) -> None:
        self.reason, self.end = reason, phase
        self._stop.set()
