"""The composition root: builds an agent of one configuration, part by part in the order in which pictures pass through.

What outlives a configuration (spool, pauses, models, documents) is handed in by `config_runner`.
"""

import os
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, TypeAlias

from edge_agent import metrics
from edge_agent.capture.camera_capture import Capture, Capturing
from edge_agent.capture.fork_server import ForkServer
from edge_agent.capture.process import CaptureProcess
from edge_agent.clock import Backoff, Clock
from edge_agent.clock_text.picture_clock import PictureClock, ReadTime
from edge_agent.clock_text.reader import TimeReader
from edge_agent.credentials.camera_password import Unlock, read_password
from edge_agent.enrolment.identity import Identity
from edge_agent.enrolment.signing import Signer
from edge_agent.errors import DropReason, EnrolmentError, RedactionUnavailable
from edge_agent.frames import Follows, Redact, Redacted, Selected
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.inlets import Inlets
from edge_agent.jobs.job_site import fetching, site_of
from edge_agent.jobs.runner import JobRunner
from edge_agent.jobs.span_run import AgentParts, SpanRun
from edge_agent.jobs.tally import CountedSpool, JobTally
from edge_agent.metrics import MetricsInputs
from edge_agent.onvif.clock_poll import OnvifClocks, clients
from edge_agent.pipeline import Pipeline, redact_in_turn
from edge_agent.remote_config.documents import Documents
from edge_agent.remote_config.job_rules import Job
from edge_agent.remote_config.upload_commands import TaskOrders
from edge_agent.scheduling.detection_budget import MOST_PER_S
from edge_agent.scheduling.detection_worker import DetectionWorker
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from edge_agent.source_kinds import Arrival, traits_of
from edge_agent.sources.gb28181.channel import ChannelSource, MediaChannel
from edge_agent.sources.gb28181.stream import Gb28181Stream
from edge_agent.sources.recorder.stream import RecorderStream
from edge_agent.sources.replay.source import Replay
from edge_agent.sources.rtsp.source import Rtsp
from edge_agent.sources.snapshot.source import Snapshots
from edge_agent.sources.source import Source
from edge_agent.sources.span_progress import SpanChannel
from edge_agent.spool.spool import Spool, unsigned
from edge_agent.system.supervisor import Supervisor
from edge_agent.updates.update_orders import Updates
from edge_agent.uplink.heartbeat import HeartbeatInputs
from edge_agent.uplink.mqtt import Dial
from edge_agent.uplink.publisher import Publisher
from engines.catalog.catalog import Catalog
from provisioning.contracts.causes import work
from provisioning.contracts.config.processes import (
    Camera,
    EdgeConfig,
    Gb28181Source,
    RecordedSpan,
    RecorderSource,
    ReplaySource,
    RtspSource,
    SnapshotSource,
)
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.commands import SpanWork
from provisioning.contracts.wire.messages import CameraStatus
from provisioning.signing.documents import SecretsKey

MakeRedactor: TypeAlias = Callable[[EdgeConfig, Camera], Redact]
"""One camera's redactor under a configuration, with models that are loaded already."""
LoadRedactors: TypeAlias = Callable[[EdgeConfig], MakeRedactor]
"""Loads the models. Raises RedactionUnavailable when there are none."""
OpenCapture: TypeAlias = Callable[[Camera, MediaChannel[Any] | None], Capturing]
"""Opens a camera's capture. The channel belongs to a registered device, see `open_capture`."""

_GIVES_WAY: Final = 5
"""Niceness of redaction and detection, which take all the processor there is; decoding takes little and cannot wait."""
_FLUSH_S: Final = 2.0
_STOP_S: Final = 5.0
"""Seconds that a thread may take to notice that it should stop, beyond the redaction in hand."""
_CHANGE_S: Final = 2.0
"""As `_STOP_S`, while cameras wait to go on: one that is stuck in FFmpeg is left behind, and brings nothing more."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """Holds the parts that outlive a configuration, handed from agent to agent."""

    spool: Spool
    pauses: Pauses
    documents: Documents | None
    """None unless the agent is enrolled."""
    orders: TaskOrders
    updates: Updates | None = None
    """None unless the software may be changed remotely."""


class Agent:
    """Everything between the cameras and the broker of one site."""

    def __init__(
        self,
        edge: EdgeConfig,
        lasting: Lasting,
        make_redactor: MakeRedactor,
        open_capture: OpenCapture,
        dial: Dial,
        clock: Clock,
        *,
        software: str,
        former: Collection[str] = (),
    ) -> None:
        """Put the parts together; no thread is started. `former`: cameras of configurations before this one."""
        self._edge = edge
        self._stop = threading.Event()
        self._no_more = threading.Event()
        self._abandon = threading.Event()
        self._stop_publishing = threading.Event()
        self._woken = threading.Event()
        self._supervisor = Supervisor(clock)

        site = site_of(edge)
        self._health = Health(
            edge.agent_id,
            edge.cameras,
            lasting.pauses,
            clock,
            self._woken.set,
            former=former,
            recorded=site.recorded,
        )
        uploaded = [camera.id for camera in edge.cameras if traits_of(camera.source).is_uploaded]
        lasting.orders.serve(uploaded, site, edge.desk)
        self._queue: FairQueue[Selected] = FairQueue(
            edge.redactor.queue_per_camera, edge.redactor.overflow, lasting.orders.rank
        )
        self._inlets = Inlets(
            edge,
            lasting.spool,
            clock,
            unlock=unlocker(edge),
            heard=self._health.heard,
            clock_measured=self._health.clock_measured,
            is_paused=self._health.is_paused,
            is_held=lasting.orders.is_paused,
            open_permit=lasting.orders.open_permit,
        )
        captures = {
            camera.id: open_capture(camera, self._inlets.channel(camera))
            if (source := self._inlets.source(camera)) is None
            else Capture(camera, source, clock)
            for camera in edge.cameras
        }
        self._scheduler = Scheduler(edge, captures, self._queue, clock)
        self._make_redactor = make_redactor
        self._open_capture = open_capture
        self._shared = AgentParts(
            self._queue,
            self._scheduler,
            lasting.spool,
            self._health.is_paused,
            clock,
            self._woken.set,
            self._abandon,
        )
        self._lanes: dict[str, Pipeline] = {}
        self._jobs = JobRunner(
            lasting.orders,
            site,
            self._begin_span,
            self._lanes,
            self._scheduler.raise_rates,
            self._health.statuses,
            self._health.is_paused,
            lambda: lasting.spool.payload_bytes / edge.spool.max_bytes,
            clock,
        )
        redactors = {camera.id: make_redactor(edge, camera) for camera in edge.cameras}
        followers = {camera_id: each for camera_id, each in redactors.items() if isinstance(each, Follows)}
        self._detection_worker = DetectionWorker(followers, captures, self._scheduler, self._health, clock)
        read_time = _time_reader(edge)
        clocks = {
            camera.id: PictureClock(
                camera.id,
                camera.clock.text_area,
                read_time,
                self._health.clock_measured,
                self._health.clock_lost,
                clock,
            ).see
            for camera in edge.cameras
            if camera.clock.read_picture and traits_of(camera.source).arrives is Arrival.STREAM
        }
        self._pipelines = {
            camera.id: Pipeline(
                camera,
                captures[camera.id],
                redactors[camera.id],
                self._queue,
                self._scheduler,
                self._detection_worker,
                CountedSpool(lasting.spool, partial(self._jobs.live_tally, camera.id)),
                self._health,
                clock,
                Backoff(1.0, 30.0),
                self._woken.set,
                Signer(edge.broker) if traits_of(camera.source).is_uploaded else unsigned,
                clocks.get(camera.id, lambda _frame: None),
            )
            for camera in edge.cameras
        }
        self._lanes |= self._pipelines
        self._publisher = Publisher(
            edge,
            lasting.spool,
            self._health,
            clock,
            dial,
            self._woken,
            software=software,
            reconnect=Backoff(0.5, 30.0),
            refused=Backoff(0.5, 15.0),
            documents=lasting.documents,
            orders=lasting.orders,
            updates=lasting.updates,
            former=former,
            heartbeat_inputs=HeartbeatInputs(
                queued=self._queue.__len__, rate=self._scheduler.rate_per_s, recordings=self._inlets.recordings
            ),
        )
        self._servers = dict(self._inlets.servers)
        if edge.provisioning is not None:
            self._servers["jobs"] = self._jobs.run
        onvif_clients = clients(edge.cameras, clock, unlocker(edge))
        if onvif_clients:
            self._servers["onvif clocks"] = OnvifClocks(onvif_clients, self._health.clock_measured, clock).run
        if edge.metrics_port is not None:
            inputs = MetricsInputs(
                self._publisher.heartbeat,
                self._publisher.assessed,
                self.statuses,
                self._health.restarts,
                self._health.clock_changes,
                self._scheduler.detection_counts,
                oldest_s=lasting.spool.oldest_s,
                is_connected=lambda: self._publisher.is_connected,
                certificate_ends_ms=partial(certificate_ends_ms, edge),
                spool_max_bytes=edge.spool.max_bytes,
            )
            self._servers["metrics"] = partial(metrics.serve, edge.metrics_port, inputs, clock, Backoff(1.0, 30.0))

    def start(self) -> None:
        """Start every part, each in its own thread."""
        self._supervisor.start(
            "publisher", partial(self._publisher.run, self._stop_publishing, _FLUSH_S), fell=lambda: None
        )
        self._supervisor.start(
            "redactor",
            self._redact,
            fell=lambda: None,
        )
        self._supervisor.start("detection", partial(self._look_between, self._stop), fell=lambda: None)
        for name, serve in self._servers.items():
            self._supervisor.start(name, partial(serve, self._stop), fell=lambda: None)
        for camera_id, pipeline in self._pipelines.items():
            self._supervisor.start(
                f"camera {camera_id}",
                partial(pipeline.run, self._stop, self._abandon),
                fell=partial(self._health.offline, camera_id, work.AGENT_FAILED()),
            )

    def restart_fallen(self) -> None:
        """Restart threads that fell, and note that the agent runs. Call twice a second.

        Raises:
            SpoolError: the disk under the spool cannot be used any more.
        """
        self._health.look()
        self._supervisor.restart_fallen()

    def statuses(self) -> list[CameraStatus]:
        """Return every camera's state as of now."""
        return self._health.statuses()

    @property
    def is_connected(self) -> bool:
        return self._publisher.is_connected

    def stop(self, *, drain_s: float = 0.0, others_wait: bool = False) -> bool:
        """Stop cameras, redactor and publisher in bounded time. Returns true if every thread has ended.

        Selected frames are still redacted for `drain_s` at most, the rest are interrupted. The spool stays open. With
        `others_wait`, a camera that is stuck is left behind sooner.
        """
        self._stop.set()
        self._detection_worker.end_wait()
        if not drain_s:
            self._abandon.set()
        ended = self._join_cameras(drain_s, _CHANGE_S if others_wait else _STOP_S)
        for name in ("detection", *self._servers):
            ended = self._supervisor.join(name, _STOP_S) and ended
        self._no_more.set()
        self._queue.close()
        if not self._supervisor.join("redactor", drain_s):
            self._abandon.set()
            ended = self._supervisor.join("redactor", self._edge.redactor.timeout_s + _STOP_S) and ended
        while (left := self._queue.take_next(0)) is not None:  # of a redactor that fell
            self._lanes[left.lane].interrupt(left)
        for camera_id, observation_id in self._inlets.left():
            self._pipelines[camera_id].forgo(observation_id)
        self._jobs.settle()
        self._stop_publishing.set()
        self._woken.set()
        return self._supervisor.join("publisher", _FLUSH_S + _STOP_S) and ended

    def _look_between(self, stop: threading.Event) -> None:
        if sys.platform == "linux":
            os.nice(_GIVES_WAY)
        self._detection_worker.run(stop)

    def _redact(self) -> None:
        if sys.platform == "linux":  # where it is this thread's alone: a packet that waits is lost, a picture is not
            os.nice(_GIVES_WAY)
        redact_in_turn(self._queue, self._lanes, self._no_more, self._abandon)

    def _begin_span(self, job_id: str, job: Job, left: RecordedSpan, tally: JobTally) -> SpanRun:
        """Put together the run of a job, for what is left of its span. Raises SourceError if its camera is gone."""
        speed = job.state.work.speed if isinstance(job.state.work, SpanWork) else None
        camera = fetching(self._edge, job.state.camera_id, left, speed)
        channel = self._inlets.channel(camera)
        return SpanRun(
            job_id,
            camera,
            left,
            self._open_capture(camera, channel),
            self._make_redactor(self._edge, camera),
            tally,
            self._shared,
            progress=channel.progress if isinstance(channel, SpanChannel) else None,
            looks_per_s=MOST_PER_S if camera.has_places and self._edge.streams.looking_share else 0.0,
        )

    def _join_cameras(self, drain_s: float, patience_s: float) -> bool:
        """Wait for the cameras' threads. If pictures are brought, or under `block`, one may wait for the redactor."""
        is_brought = any(traits_of(camera.source).is_brought for camera in self._edge.cameras)
        if is_brought or self._edge.redactor.overflow == "block":
            patience_s = max(patience_s, drain_s)
        ended = True
        for camera_id in self._pipelines:
            ended = self._supervisor.join(f"camera {camera_id}", patience_s if ended else 0.0) and ended
        return ended


def _time_reader(edge: EdgeConfig) -> ReadTime:
    """Reads times with models that are loaded when the first is read. Raises EngineError where they are missing."""
    load = cache(lambda: TimeReader.load(Catalog(edge.models_dir)))
    return lambda image, near, area: load().read(image, near, area)


def open_source(
    camera: Camera, clock: Clock, unlock: Unlock | None = None, channel: MediaChannel[Any] | None = None
) -> Source:
    """The source that a camera's configuration names. Nothing is opened yet."""
    match camera.source:
        case RtspSource() as source:
            return Rtsp(camera.id, source, clock, partial(read_password, camera.id, source, unlock))
        case SnapshotSource() as source:
            return Snapshots(camera.id, source, clock, partial(read_password, camera.id, source, unlock))
        case ReplaySource() as source:
            return Replay(camera.id, source, clock)
        case Gb28181Source() if channel is not None:
            return ChannelSource(camera.id, channel, Gb28181Stream(camera.id, channel.open, clock))
        case RecorderSource() if channel is not None:
            return ChannelSource(camera.id, channel, RecorderStream(camera.id, channel.open, clock))
        case source:
            raise ConfigError(f"camera {camera.id}: this agent has no source of kind {source.kind}")


def open_capture(
    camera: Camera,
    clock: Clock,
    unlock: Unlock | None = None,
    server: ForkServer | None = None,
    channel: MediaChannel[Any] | None = None,
) -> Capturing:
    """Build the capture of a camera, in a child process if it streams and a fork server is there. Opens nothing.

    `channel`: the way to the media of a device that registers with this agent, or to a recorder's span.
    """
    traits = traits_of(camera.source)
    timeouts = traits.process_timeouts
    if server is None or timeouts is None or (traits.has_sessions and channel is None):
        return Capture(camera, open_source(camera, clock, unlock, channel), clock)
    if traits.has_sessions:  # the channel knows its login
        return CaptureProcess(camera, timeouts, clock, server, lambda: None, channel)
    return CaptureProcess(camera, timeouts, clock, server, partial(read_password, camera.id, camera.source, unlock))


def certificate_ends_ms(edge: EdgeConfig) -> int | None:
    """Read when the agent's certificate ends, anew each time: it is renewed. None if it cannot be read."""
    try:
        return Identity.load(edge.broker.cert_file, edge.broker.key_file).ends_ms
    except EnrolmentError:
        return None  # the connection that uses it reports the error


def unlocker(edge: EdgeConfig) -> Unlock | None:
    """Opens the passwords that are sealed to an enrolled agent, for one camera each; None for any other agent."""
    if edge.provisioning is None:
        return None
    key_file, agent_id = edge.provisioning.secrets_key_file, edge.agent_id

    def unlock(camera_id: str, sealed: str) -> str:
        return SecretsKey.load(key_file).decrypt(sealed, agent_id=agent_id, camera_id=camera_id)

    return unlock


class NoRedactor:
    """Stands in for the redactor without models: the agent still empties its spool and reports why nothing new comes.

    docs/boundary.md §3.
    """

    def __init__(self, error: RedactionUnavailable) -> None:
        self._reason = error.reason

    def redact(self, _: Selected) -> Redacted:
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, self._reason)
