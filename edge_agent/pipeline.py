"""Runs capture → queue → redactor → spool for one camera.

A camera's own thread takes what its capture selects; the one redaction worker calls `finish` for every camera in turn.
`run` never gives up, `run_once` makes one attempt that fails with the cause.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol, assert_never

from edge_agent.capture.camera_capture import Capturing
from edge_agent.clock import Backoff, Clock
from edge_agent.errors import Crashed, DropReason, EnrolmentError, RedactionUnavailable, SourceError, SpoolFull
from edge_agent.frames import (
    CaptureStats,
    DetectionRequest,
    Frame,
    Redact,
    Redacted,
    Selected,
    SelectReason,
    Skipped,
    SkipReason,
)
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.source_kinds import traits_of
from edge_agent.spool.spool import Sign, unsigned
from provisioning.contracts.causes import pictures
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire.messages import CodedCause, PictureCheck

_log = logging.getLogger(__name__)

_PAUSE_LOOK_S: Final = 1.0
_TAKE_S: Final = 0.5
_PROVEN_S: Final = 60.0
"""Seconds of good work after which the backoff is reset: a stream that crashes its decoder does so again and again."""


class CameraReports(Protocol):
    """Takes what a pipeline reports of its camera, as `Health`."""

    def delivering(self, camera_id: str) -> None: ...
    def sighted(self, sighting: CaptureStats) -> None: ...
    def unusable(self, camera_id: str) -> None: ...
    def offline(self, camera_id: str, reason: CodedCause, code: str = ...) -> None: ...
    def redacted(self, camera_id: str, took_ms: float) -> None: ...
    def unredacted(self, camera_id: str, reason: CodedCause, code: str = ...) -> None: ...
    def is_paused(self, camera_id: str) -> bool: ...


class Pacing(Protocol):
    """Shares the machine among pipelines, as `Scheduler`."""

    def sighted(self, sighting: CaptureStats) -> None: ...
    def lost(self, camera_id: str) -> None: ...
    def queued(self, selected: Selected) -> None: ...
    def left(self, selected: Selected, took_s: float | None) -> None: ...


class Detection(Protocol):
    """Detects between snapshots, as `DetectionWorker`."""

    def put(self, request: DetectionRequest) -> None: ...
    def detect(self, request: DetectionRequest) -> None: ...
    def turned(self, camera_id: str) -> None: ...


class PictureStore(Protocol):
    """Keeps pictures and the ledger, as `Spool`."""

    def select(self, observation_id: str, camera_id: str) -> bool: ...
    def append(self, redacted: Redacted, sign: Sign = ...) -> None: ...
    def drop(self, observation_id: str, reason: DropReason) -> None: ...


class Pipeline:
    """One camera's way from light to disk."""

    def __init__(
        self,
        camera: processes.Camera,
        capture: Capturing,
        redactor: Redact,
        queue: FairQueue[Selected],
        scheduler: Pacing,
        detection_worker: Detection,
        spool: PictureStore,
        health: CameraReports,
        clock: Clock,
        backoff: Backoff,
        spooled: Callable[[], None],
        sign: Sign = unsigned,
        see: Callable[[Frame], None] = lambda _frame: None,
        log_name: str = "",
    ) -> None:
        """`see` gets each frame before it is covered, on the redaction worker: the clock in its picture is read.

        `log_name`: in place of the camera's id in the log.
        """
        self._id = camera.id
        self._log_name = log_name or camera.id
        self._can_wait = traits_of(camera.source).can_wait
        self._moved_from = camera.checks.scene_moved
        self._has_moved = False
        # in
        self._capture = capture
        # across to the redaction worker
        self._queue = queue
        self._scheduler = scheduler
        self._detection_worker = detection_worker
        self._redactor = redactor
        self._see = see
        # out
        self._spool = spool
        self._sign = sign
        self._health = health
        self._spooled = spooled
        self._clock = clock
        self._backoff = backoff
        self._began_s = clock.monotonic_s()
        self._snapshots = 0
        self._lost = 0
        self._has_crashed = False
        self._pictures = 0
        self._attempt_s = self._began_s
        self._disk_full = False
        self.skipped: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    def run(self, stop: threading.Event, abandon: threading.Event) -> None:
        """Deliver until `stop`, or until a recording is over. A camera that fails is tried again after a wait.

        Frames selected by then still enter the queue, unless `abandon` is set.
        """
        while not stop.is_set():
            if self._health.is_paused(self._id):
                self._clock.wait(stop, _PAUSE_LOOK_S)
                continue
            try:
                over = self.run_once(stop, abandon)
            except SourceError as error:
                self._lost += 1
                self._has_crashed = self._has_crashed or isinstance(error, Crashed)
                if _deserves_a_line(self._lost):
                    _log.warning("camera lost camera=%s cause=%s attempts=%d", self._log_name, error.cause, self._lost)
                self._scheduler.lost(self._id)
                self._health.offline(self._id, error.reason, error.cause)
                self._clock.wait(stop, self._backoff.next_wait_s())
                continue
            if over and not stop.is_set():
                self._health.offline(self._id, pictures.RECORDING_OVER(), "over")
                _log.info("recording over camera=%s", self._log_name)
                return

    def run_once(self, stop: threading.Event, abandon: threading.Event) -> bool:
        """Make one attempt. Returns true when the source has no more to give, false when it was stopped or paused.

        Raises:
            SourceError: the camera cannot deliver.
        """
        self._attempt_s = self._clock.monotonic_s()
        for item in self._capture.selected(stop):
            # A decoder may hold a thread for long: what it yields after the stop has no taker any more.
            if stop.is_set() or self._health.is_paused(self._id):
                return False
            match item:
                case Skipped():
                    self._skip(item)
                case CaptureStats():
                    if item.pictures != self._pictures:
                        self._pictures = item.pictures
                        self._alive()
                    self._scheduler.sighted(item)
                    self._health.sighted(item)
                    self._note_view(item)
                case DetectionRequest():
                    self._detect(item)
                case Selected():
                    self._alive()
                    self._enter(item, abandon)
                case _:
                    assert_never(item)
        return not stop.is_set()

    def finish(self, selected: Selected) -> None:
        """Redact and spool a selected frame; whatever happens, the ledger records how it ended."""
        began_s = self._clock.monotonic_s()
        has_worked = False
        try:
            has_worked = self._finish(selected)
        finally:
            self._scheduler.left(selected, self._clock.monotonic_s() - began_s if has_worked else None)

    def interrupt(self, selected: Selected) -> None:
        """Drop a frame because the agent stops before its turn: a replay that begins again may select it anew."""
        self._spool.drop(selected.frame.observation_id, DropReason.INTERRUPTED)

    def forgo(self, observation_id: str) -> None:
        """Drop a pushed picture unread because the agent stops. Its device counts on it, so the ledger names it."""
        try:
            is_new = self._spool.select(observation_id, self._id)
        except SpoolFull as error:  # counted as such
            self._note_disk(str(error))
            return
        if is_new:
            self._spool.drop(observation_id, DropReason.INTERRUPTED)

    def _finish(self, selected: Selected) -> bool:
        """Redact and spool; true if this took as long as a redaction takes."""
        observation_id = selected.frame.observation_id
        if self._health.is_paused(self._id):
            self._spool.drop(observation_id, DropReason.PAUSED)
            return False
        try:
            self._see(selected.frame)
            began_s = self._clock.monotonic_s()
            redacted = self._redactor.redact(selected)
        except RedactionUnavailable as error:
            self._spool.drop(observation_id, error.drop)
            self._health.unredacted(self._id, error.reason, error.drop)
            self._failed[error.drop] += 1
            if _deserves_a_line(self._failed[error.drop]):
                _log.warning(
                    "not redacted camera=%s drop=%s count=%d: %s",
                    self._log_name,
                    error.drop,
                    self._failed[error.drop],
                    error,
                )
            return error.drop is not DropReason.REDACTION_UNAVAILABLE
        except BaseException:  # a bug: this picture goes nowhere either, and then the bug is shown
            self._spool.drop(observation_id, DropReason.REDACTION_UNAVAILABLE)
            self._health.unredacted(self._id, pictures.REDACTOR_FAILED())
            raise
        self._health.redacted(self._id, (self._clock.monotonic_s() - began_s) * 1000)
        try:
            self._spool.append(redacted, self._sign)
        except SpoolFull as error:
            self._note_disk(str(error))
            return True
        except ContractError as error:
            _log.error("not spooled camera=%s reason=%s: %s", self._log_name, error.reason.value, error)
            return True
        except EnrolmentError as error:
            _log.error("not signed, not spooled camera=%s: %s", self._log_name, error)
            return True
        self._spooled()
        self._note_disk("")
        if not self._snapshots:
            seconds = self._clock.monotonic_s() - self._began_s
            _log.info("first snapshot camera=%s seconds=%.2f", self._log_name, seconds)
        self._snapshots += 1
        return True

    def _alive(self) -> None:
        self._lost = 0
        if not self._has_crashed or self._clock.monotonic_s() - self._attempt_s >= _PROVEN_S:
            self._has_crashed = False
            self._backoff.reset()
        self._health.delivering(self._id)

    def _enter(self, selected: Selected, abandon: threading.Event) -> None:
        """Enter a frame into ledger and queue, unless it is a duplicate."""
        try:
            if not self._spool.select(selected.frame.observation_id, self._id):
                return
        except SpoolFull as error:
            self._note_disk(str(error))
            return
        victim = self._queue.put(
            selected.lane, selected, abandon, can_wait=selected.reason is SelectReason.PUSHED or self._can_wait
        )
        if victim is not None:
            reason = DropReason.INTERRUPTED if victim is selected else DropReason.REDACTOR_BUSY
            self._spool.drop(victim.frame.observation_id, reason)
        if victim is not selected:
            self._scheduler.queued(selected)

    def _detect(self, request: DetectionRequest) -> None:
        """Request detection.

        A source that can wait waits here for the answer, so that a recording keeps its own time.
        """
        if self._can_wait or self._queue.waits:
            self._detection_worker.detect(request)
        else:
            self._detection_worker.put(request)

    def _note_view(self, sighting: CaptureStats) -> None:
        """Drop the tracks when the camera is reported as turned, or as back: positions in another view mean nothing."""
        if sighting.scores is None or (score := sighting.scores.get(PictureCheck.SCENE_MOVED)) is None:
            return
        has_moved = self._moved_from < 1 and score >= self._moved_from
        if has_moved != self._has_moved:
            self._has_moved = has_moved
            self._detection_worker.turned(self._id)

    def _skip(self, skipped: Skipped) -> None:
        """Count a picture that a source could not use."""
        self.skipped[skipped.reason] += 1
        if skipped.reason is SkipReason.BROKEN:
            self._health.unusable(self._id)
        count = self.skipped[skipped.reason]
        if _deserves_a_line(count):
            _log.warning(
                "picture skipped camera=%s reason=%s count=%d: %s",
                self._log_name,
                skipped.reason,
                count,
                skipped.message,
            )

    def _note_disk(self, trouble: str) -> None:
        """Log one line when the disk fills, and one when there is room again."""
        if bool(trouble) == self._disk_full:
            return
        self._disk_full = bool(trouble)
        if trouble:
            _log.error(
                "disk full camera=%s: pictures are dropped and counted until there is room: %s", self._log_name, trouble
            )
        else:
            _log.info("disk has room again camera=%s", self._log_name)


def _deserves_a_line(count: int) -> bool:
    """True for the 1st, 10th, 100th …: a camera can send broken keyframes all day."""
    return str(count).rstrip("0") == "1"


def redact_in_turn(
    queue: FairQueue[Selected], pipelines: Mapping[str, Pipeline], no_more: threading.Event, abandon: threading.Event
) -> None:
    """Run the redaction worker: one picture at a time, each lane in turn, until `no_more` come and none waits.

    Once `abandon` is set, waiting frames are interrupted instead.
    """
    while True:
        ends = no_more.is_set()  # read before the take, which sees what came in between
        selected = queue.take_next(0 if ends else _TAKE_S)
        if selected is not None:
            pipeline = pipelines[selected.lane]
            if abandon.is_set():
                pipeline.interrupt(selected)
            else:
                pipeline.finish(selected)
        elif ends:
            return
