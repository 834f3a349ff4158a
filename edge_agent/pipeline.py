"""source → selector → redactor → spool, for one camera.

A camera's own thread pulls and selects; the one redaction worker calls `finish` for every camera in turn. `run` never
gives up, `run_once` is one honest attempt that fails with the reason.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, assert_never

from edge_agent.clock import Backoff, Clock
from edge_agent.errors import DropReason, RedactionUnavailable, SourceError, SpoolFull
from edge_agent.fair_queue import FairQueue
from edge_agent.frames import Frame, Redact, Selected, Skipped
from edge_agent.health import Health
from edge_agent.selector import Selector
from edge_agent.sources.source import Source
from edge_agent.spool import Spool
from provisioning.contracts import config
from provisioning.contracts.errors import ContractError

_log = logging.getLogger(__name__)

_PAUSE_LOOK_S: Final = 1.0
_TAKE_S: Final = 0.5


class Pipeline:
    """One camera's way from light to disk."""

    def __init__(
        self,
        camera: config.Camera,
        source: Source,
        redactor: Redact,
        queue: FairQueue[Selected],
        spool: Spool,
        health: Health,
        clock: Clock,
        backoff: Backoff,
        spooled: Callable[[], None],
    ) -> None:
        self._id = camera.id
        # in
        self._source = source
        self._selector = Selector(camera.selector)
        # across to the redaction worker
        self._queue = queue
        self._redactor = redactor
        # out
        self._spool = spool
        self._health = health
        self._spooled = spooled
        self._clock = clock
        self._backoff = backoff
        self._began_s = clock.monotonic_s()
        self._snapshots = 0
        self._lost = 0
        self._disk_full = False
        self.skipped: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop`, or until a recording is over. A camera that fails is tried again after a wait."""
        while not stop.is_set():
            if self._health.is_paused(self._id):
                self._clock.wait(stop, _PAUSE_LOOK_S)
                continue
            try:
                over = self.run_once(stop)
            except SourceError as error:
                self._lost += 1
                if _deserves_a_line(self._lost):
                    _log.warning("camera lost camera=%s cause=%s attempts=%d", self._id, error.cause, self._lost)
                self._health.offline(self._id, str(error))
                self._clock.wait(stop, self._backoff.next_wait_s())
                continue
            if over and not stop.is_set():
                self._health.offline(self._id, "the recording has been played to its end")
                _log.info("recording over camera=%s", self._id)
                return

    def run_once(self, stop: threading.Event) -> bool:
        """One attempt. True when the source has no more to give, False when it was stopped or paused.

        Raises:
            SourceError: the camera cannot deliver.
        """
        for item in self._source.frames(stop):
            if self._health.is_paused(self._id):
                return False
            match item:
                case Skipped():
                    self._skip(item)
                case Frame():
                    self._lost = 0
                    self._backoff.reset()
                    self._health.delivering(self._id)
                    selected = self._selector.consider(item)
                    if selected is not None:
                        self._enter(selected, stop)
                case _:
                    assert_never(item)
        return not stop.is_set()

    def finish(self, selected: Selected) -> None:
        """Redact and spool what was selected; whatever happens, the ledger says how it ended."""
        observation_id = selected.frame.observation_id
        if self._health.is_paused(self._id):
            self._spool.drop(observation_id, DropReason.PAUSED)
            return
        began_s = self._clock.monotonic_s()
        try:
            redacted = self._redactor.redact(selected)
        except RedactionUnavailable as error:
            self._spool.drop(observation_id, error.drop)
            self._health.unredacted(self._id, str(error))
            self._failed[error.drop] += 1
            if _deserves_a_line(self._failed[error.drop]):
                _log.warning(
                    "not redacted camera=%s drop=%s count=%d: %s", self._id, error.drop, self._failed[error.drop], error
                )
            return
        except BaseException:  # a bug: this picture goes nowhere either, and then the bug is shown
            self._spool.drop(observation_id, DropReason.REDACTION_UNAVAILABLE)
            self._health.unredacted(self._id, "the redactor failed; see the agent's log")
            raise
        self._health.redacted(self._id, (self._clock.monotonic_s() - began_s) * 1000)
        try:
            self._spool.append(redacted)
        except SpoolFull as error:
            self._note_disk(str(error))
            return
        except ContractError as error:
            _log.error("not spooled camera=%s reason=%s: %s", self._id, error.reason.value, error)
            return
        self._spooled()
        self._note_disk("")
        if not self._snapshots:
            seconds = self._clock.monotonic_s() - self._began_s
            _log.info("first snapshot camera=%s seconds=%.2f", self._id, seconds)
        self._snapshots += 1

    def interrupt(self, selected: Selected) -> None:
        """The agent stops before this picture's turn: a replay that begins again may select it anew."""
        self._spool.drop(selected.frame.observation_id, DropReason.INTERRUPTED)

    def _enter(self, selected: Selected, stop: threading.Event) -> None:
        """Into the ledger and the queue, unless it is a duplicate."""
        try:
            if not self._spool.select(selected.frame.observation_id, self._id):
                return
        except SpoolFull as error:
            self._note_disk(str(error))
            return
        victim = self._queue.put(self._id, selected, stop)
        if victim is not None:
            reason = DropReason.INTERRUPTED if victim is selected else DropReason.REDACTOR_BUSY
            self._spool.drop(victim.frame.observation_id, reason)

    def _skip(self, skipped: Skipped) -> None:
        """A source had a picture that is of no use: counted, and the next one is waited for."""
        self.skipped[skipped.reason] += 1
        count = self.skipped[skipped.reason]
        if _deserves_a_line(count):
            _log.warning(
                "picture skipped camera=%s reason=%s count=%d: %s", self._id, skipped.reason, count, skipped.message
            )

    def _note_disk(self, trouble: str) -> None:
        """One line when the disk fills, one when there is room again."""
        if bool(trouble) == self._disk_full:
            return
        self._disk_full = bool(trouble)
        if trouble:
            _log.error(
                "disk full camera=%s: pictures are dropped and counted until there is room: %s", self._id, trouble
            )
        else:
            _log.info("disk has room again camera=%s", self._id)


def _deserves_a_line(count: int) -> bool:
    """The 1st, 10th, 100th …: a camera can send broken keyframes all day."""
    return str(count).rstrip("0") == "1"


def redact_in_turn(queue: FairQueue[Selected], pipelines: Mapping[str, Pipeline], stop: threading.Event) -> None:
    """The redaction worker: one picture at a time, each camera in its turn. What waits at `stop` is interrupted."""
    while not stop.is_set():
        selected = queue.take(_TAKE_S)
        if selected is not None:
            pipelines[selected.frame.camera_id].finish(selected)
    while (left := queue.take(0)) is not None:
        pipelines[left.frame.camera_id].interrupt(left)
