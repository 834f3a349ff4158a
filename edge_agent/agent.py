"""The composition root: what an agent is made of, in the order in which pictures pass through it."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from edge_agent.clock import Backoff, Clock
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.fair_queue import FairQueue
from edge_agent.frames import Redact, Redacted, Selected
from edge_agent.health import Health
from edge_agent.link import Dial
from edge_agent.pauses import Pauses
from edge_agent.pipeline import Pipeline, redact_in_turn
from edge_agent.publisher import Publisher
from edge_agent.sources.replay import Replay
from edge_agent.sources.rtsp import Rtsp
from edge_agent.sources.source import Source
from edge_agent.spool import Spool
from edge_agent.supervisor import Supervisor
from provisioning.contracts.config import Camera, EdgeConfig, RtspSource

_log = logging.getLogger(__name__)

LoadRedactors: TypeAlias = Callable[[EdgeConfig], Callable[[Camera], Redact]]
"""Loads the models once, then makes one redactor a camera. Raises RedactionUnavailable when there are no models."""

_FLUSH_S: Final = 2.0
_STOP_S: Final = 5.0
"""Beyond the redaction in hand: how long a thread may take to notice that it should stop."""


class Agent:
    """Everything between the cameras and the broker of one site."""

    def __init__(
        self, edge: EdgeConfig, load_redactors: LoadRedactors, dial: Dial, clock: Clock, *, software: str
    ) -> None:
        """Open the spool, load the models, put the parts together. Nothing moves yet.

        Raises:
            SpoolError: the spool cannot be used.
        """
        self._edge = edge
        self._stop = threading.Event()
        self._stop_publishing = threading.Event()
        self._woken = threading.Event()
        self._supervisor = Supervisor(clock)

        self._spool = Spool(edge.spool, clock)
        self._health = Health(edge.agent_id, edge.cameras, Pauses(edge.spool.directory), clock, self._woken.set)
        self._queue: FairQueue[Selected] = FairQueue(edge.redactor.queue_per_camera, edge.redactor.overflow)
        redactor_for = _redactors(edge, load_redactors)
        self._pipelines = {
            camera.id: Pipeline(
                camera,
                open_source(camera, clock),
                redactor_for(camera),
                self._queue,
                self._spool,
                self._health,
                clock,
                Backoff(1.0, 30.0),
                self._woken.set,
            )
            for camera in edge.cameras
        }
        self._publisher = Publisher(
            edge,
            self._spool,
            self._health,
            clock,
            dial,
            self._woken,
            software=software,
            reconnect=Backoff(0.5, 30.0),
            refused=Backoff(0.5, 15.0),
        )
        if self._spool.interrupted:
            _log.warning(
                "recovered interrupted=%d: the last run ended before these were spooled", self._spool.interrupted
            )

    def start(self) -> None:
        """Let everything run, each in its own thread."""
        self._supervisor.start(
            "publisher", partial(self._publisher.run, self._stop_publishing, _FLUSH_S), fell=lambda: None
        )
        self._supervisor.start(
            "redactor", partial(redact_in_turn, self._queue, self._pipelines, self._stop), fell=lambda: None
        )
        for camera_id, pipeline in self._pipelines.items():
            self._supervisor.start(
                f"camera {camera_id}",
                partial(pipeline.run, self._stop),
                fell=partial(self._health.offline, camera_id, "the agent failed here; see its log"),
            )

    def watch(self, should_stop: Callable[[], bool]) -> None:
        """Keep running until `should_stop` says so.

        Raises:
            SpoolError: the disk under the spool cannot be used any more.
        """
        self._supervisor.watch(should_stop)

    def stop(self) -> None:
        """Stop cameras, redactor, publisher and spool in bounded time; the next start recovers what could not end."""
        self._stop.set()
        ended = self._supervisor.join("redactor", self._edge.redactor.timeout_s + _STOP_S)
        for camera_id in self._pipelines:
            ended = self._supervisor.join(f"camera {camera_id}", _STOP_S if ended else 0.0) and ended
        self._stop_publishing.set()
        self._woken.set()
        ended = self._supervisor.join("publisher", _FLUSH_S + _STOP_S) and ended
        if ended:  # a thread still in a decoder may yet write; then the file stays open until the process ends
            self._spool.close()


def open_source(camera: Camera, clock: Clock) -> Source:
    """The source that a camera's configuration names. Nothing is opened yet."""
    if isinstance(camera.source, RtspSource):
        return Rtsp(camera.id, camera.source, clock)
    return Replay(camera.id, camera.source, clock)


class _NoRedactor:
    """Without models the agent still empties its spool and says why nothing new comes (docs/boundary.md §3)."""

    def __init__(self, error: RedactionUnavailable) -> None:
        self._message = str(error)

    def redact(self, _: Selected) -> Redacted:
        """Never."""
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, self._message)


def _redactors(edge: EdgeConfig, load: LoadRedactors) -> Callable[[Camera], Redact]:
    try:
        return load(edge)
    except RedactionUnavailable as error:
        _log.error("nothing can be redacted, so nothing new is published: %s", error)
        none = _NoRedactor(error)
        return lambda _: none
