"""Runs one agent after another: on the agent's own file, on a document that came over the air, on the one before it.

What outlives a configuration is opened here once and handed from agent to agent: the spool with its ledger, the pauses,
the documents, the loaded models. A new document is tried on probation (`remote_config.trial`); it stays, or the one
before it is put back, without anybody's help.

```
in force ──document──▶ on probation ──passed──▶ in force
    ▲                      │  ▲───newer document, same comparison
    └──────failed──────────┘
```
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from edge_agent.agent import (
    Agent,
    Lasting,
    LoadRedactors,
    MakeRedactor,
    NoRedactor,
    OpenCapture,
    open_capture,
    unlocker,
)
from edge_agent.capture.fork_server import ForkServer
from edge_agent.clock import Clock
from edge_agent.credentials.camera_password import read_password
from edge_agent.errors import ConfigurationRefused, EdgeError, RedactionUnavailable
from edge_agent.health.pauses import Pauses
from edge_agent.remote_config.difference import untouched
from edge_agent.remote_config.documents import Documents, effective
from edge_agent.remote_config.trial import Probation, TrialFailed, TrialPassed, judge
from edge_agent.remote_config.upload_commands import TaskOrders
from edge_agent.spool.spool import Spool
from edge_agent.system.supervisor import Supervisor
from edge_agent.updates.update_orders import Updates
from edge_agent.uplink.mqtt import Dial
from provisioning.contracts.causes import work
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.fleet.documents import Configuration
from provisioning.contracts.wire.messages import CameraState, CameraStatus

_log = logging.getLogger(__name__)

_LOOK_S: Final = 0.5
_DRAIN_S: Final = 10.0
"""Seconds for selected frames to be redacted at a change of configuration."""
_LAST_S: Final = 5.0
"""As `_DRAIN_S`, when the agent ends for new software: the unit's `TimeoutStopSec` has to hold all of the end."""
_STOP_S: Final = 5.0


@dataclass(slots=True)
class _Trying:
    number: int
    began_s: float
    probation: Probation


class Configurator:
    """Replaces the agent when its configuration changes; without [provisioning] there is one agent and no change."""

    def __init__(
        self,
        edge: EdgeConfig,
        load_redactors: LoadRedactors,
        dial: Dial,
        clock: Clock,
        *,
        software: str,
        open_capture: OpenCapture | None = None,
        beside: Mapping[str, Callable[[threading.Event], None]] | None = None,
        updates: Updates | None = None,
    ) -> None:
        """Open what outlives a configuration. `beside`: other loops by name, each run until its event is set.

        Raises:
            SpoolError: the spool cannot be used, or another agent holds it.
            DocumentsError: the documents or the key that they are verified with cannot be used.
        """
        self._local = edge
        self._clock = clock
        self._dial = dial
        self._software = software
        self._fork_server = ForkServer() if edge.streams.own_process else None
        self._open_capture = open_capture or _opener(edge, clock, self._fork_server)
        self._models = _Models(load_redactors)
        self._lasting = _lasting(edge, clock, updates)
        self._documents = self._lasting.documents
        self._agent: Agent | None = None
        self._trying: _Trying | None = None
        self._had: set[str] = {camera.id for camera in edge.cameras}
        self._waits_since_s: float | None = None
        self._has_complained = False
        self._ended = True
        self._beside = dict(beside or {})
        self._stop_beside = threading.Event()
        self._supervisor = Supervisor(clock)

    def start(self) -> None:
        """Start the agent on the configuration in force, or on one whose probation an orderly stop cut short."""
        if self._documents is not None:
            waiting = self._documents.waiting
            if waiting is not None and waiting.online is not None:
                self._try_what_waits(self._documents)
        if self._agent is None:
            self._restore()
        for name, target in self._beside.items():
            self._supervisor.start(name, partial(target, self._stop_beside), fell=lambda: None)

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Run rounds of `tick` until `should_stop` returns true.

        Raises:
            SpoolError: the disk under the spool cannot be used any more.
        """
        never = threading.Event()
        while not should_stop():
            self.tick()
            self._clock.wait(never, _LOOK_S)

    def tick(self) -> None:
        """Do one round: restart threads that fell, try a document that waits, judge the one on probation.

        Raises:
            SpoolError: see `run`.
        """
        if self._agent is not None:
            self._agent.restart_fallen()
        self._supervisor.restart_fallen()
        if self._documents is None:
            return
        self._documents.write_pending()
        if self._documents.waiting is not None:
            if self._may_try(self._documents):
                self._try_what_waits(self._documents)
        elif self._trying is not None:
            self._judge(self._documents, self._trying)

    def stop(self) -> None:
        """Stop everything in bounded time; the next start recovers what could not end, and begins a trial anew.

        Selected frames are redacted first, if that takes five seconds at most.
        """
        if self._documents is not None:
            self._documents.suspend()  # first: from now on the end is wanted, however long it takes
        self._stop_beside.set()
        if self._agent is not None:
            self._ended = self._agent.stop(drain_s=_LAST_S) and self._ended
        if self._fork_server is not None:
            self._fork_server.close()
        for name in self._beside:
            self._supervisor.join(name, _STOP_S)
        if self._ended:  # a thread still in a decoder may yet write; then the file stays open until the process ends
            self._lasting.spool.close()

    def statuses(self) -> list[CameraStatus]:
        """Return every camera's state as of now."""
        return [] if self._agent is None else self._agent.statuses()

    def is_connected(self) -> bool:
        return self._agent is not None and self._agent.is_connected

    @property
    def cameras(self) -> tuple[str, ...]:
        """Ids of the present configuration's cameras."""
        return tuple(status.camera_id for status in self.statuses())

    # --- inside

    def _may_try(self, documents: Documents) -> bool:
        """Wait for cameras that are still starting, so that the trial can compare with what worked before."""
        waiting = documents.waiting
        if self._trying is not None or self._agent is None or (waiting is not None and waiting.online is not None):
            return True
        now_s = self._clock.monotonic_s()
        self._waits_since_s = now_s if self._waits_since_s is None else self._waits_since_s
        is_starting = any(status.state is CameraState.STARTING for status in self._agent.statuses())
        return not is_starting or now_s - self._waits_since_s >= documents.limits.settle_s

    def _try_what_waits(self, documents: Documents) -> None:
        statuses = [] if self._agent is None else self._agent.statuses()
        try:
            trial = documents.begin([each.camera_id for each in statuses if each.state is CameraState.ONLINE])
        except ConfigurationRefused as error:
            if not self._has_complained:
                _log.error("a configuration waits: %s", error)
            self._has_complained = True  # and it is tried at the next look
            return
        self._has_complained = False
        self._waits_since_s = None
        try:
            agent = self._built(trial.configuration, must_redact=True)
        except (EdgeError, ValueError, OSError) as error:
            cause = f"the agent cannot run on it: {error}. Correct that and send a new one"
            documents.roll_back(trial.number, cause, work.CONFIGURATION_UNUSABLE(detail=error))
            if self._trying is not None or self._agent is None:  # what runs was only on trial itself
                self._restore()
            return
        _log.info("configuration on probation number=%d", trial.number)
        self._replace(agent, trial.number)
        probation = Probation.of(documents.limits, trial.online, self._untouched(documents, trial.configuration))
        self._trying = _Trying(trial.number, self._clock.monotonic_s(), probation)

    def _untouched(self, documents: Documents, configuration: Configuration) -> frozenset[str]:
        before = effective(self._local, documents.in_force())
        read = partial(read_password, unlock=unlocker(self._local))
        return untouched(before, effective(self._local, configuration), read)

    def _judge(self, documents: Documents, trying: _Trying) -> None:
        if self._agent is None:
            return
        verdict = judge(
            trying.probation,
            self._agent.statuses(),
            is_connected=self._agent.is_connected,
            after_s=self._clock.monotonic_s() - trying.began_s,
        )
        match verdict:
            case Probation():
                trying.probation = verdict
            case TrialPassed(cause, reason):
                if documents.apply(trying.number, cause, reason):
                    self._trying = None
            case TrialFailed(cause, reason):
                if documents.roll_back(trying.number, cause, reason):
                    self._restore()

    def _restore(self) -> None:
        """Run on the configuration in force."""
        number = None if self._documents is None else self._documents.active
        configuration = None if self._documents is None else self._documents.in_force()
        self._replace(self._built(configuration, must_redact=False), number)
        self._trying = None

    def _built(self, configuration: Configuration | None, *, must_redact: bool) -> Agent:
        """Build an agent without starting it, so that a bad configuration costs the running one nothing.

        Raises:
            RedactionUnavailable: the models do not load any more, and `must_redact`.
        """
        edge = effective(self._local, configuration)
        former = self._former(edge)
        self._had.update(camera.id for camera in edge.cameras)
        return Agent(
            edge,
            self._lasting,
            self._models.under(edge, must_redact=must_redact),
            self._open_capture,
            self._dial,
            self._clock,
            software=self._software,
            former=former,
        )

    def _former(self, edge: EdgeConfig) -> frozenset[str]:
        """Cameras of before, whose state is retained at the broker and whose pictures may wait in the spool."""
        if self._documents is None:
            return frozenset()
        known = self._had | self._documents.cameras() | self._lasting.spool.ledgers().keys()
        return frozenset(known - {camera.id for camera in edge.cameras})

    def _replace(self, agent: Agent, number: int | None) -> None:
        if self._agent is not None:
            self._ended = self._agent.stop(drain_s=_DRAIN_S, others_wait=True) and self._ended
        if self._documents is not None:
            self._documents.now_using(number)
        self._agent = agent
        agent.start()


class _Models:
    """Loads the models, and again only if a configuration changes what they are loaded with: it takes seconds."""

    def __init__(self, load: LoadRedactors) -> None:
        self._load = load
        self._loaded: MakeRedactor | None = None
        self._with: tuple[Path, int] | None = None

    def under(self, edge: EdgeConfig, *, must_redact: bool) -> MakeRedactor:
        """Return the factory of redactors; without models, of one that refuses every picture.

        Raises:
            RedactionUnavailable: there are no models any more, and `must_redact`.
        """
        wanted = (edge.models_dir, edge.redactor.threads)
        if self._loaded is None or self._with != wanted:
            try:
                self._loaded, self._with = self._load(edge), wanted
            except RedactionUnavailable as error:
                if self._loaded is None:
                    _log.error("nothing can be redacted, so nothing new is published: %s", error)
                    none = NoRedactor(error)
                    return lambda _, __: none
                if must_redact:
                    raise
                _log.error("the models are not loaded anew, those of before go on: %s", error)
        return self._loaded


def _opener(edge: EdgeConfig, clock: Clock, server: ForkServer | None) -> OpenCapture:
    unlock = unlocker(edge)
    return lambda camera, channel: open_capture(camera, clock, unlock, server, channel)


def _lasting(edge: EdgeConfig, clock: Clock, updates: Updates | None) -> Lasting:
    """Open the spool first: its lock keeps other agents from all of this."""
    spool = Spool(edge.spool, clock)
    if spool.interrupted:
        _log.warning("recovered interrupted=%d: the last run ended before these were spooled", spool.interrupted)
    documents = None
    if edge.provisioning is not None:
        try:
            documents = Documents(edge.agent_id, edge.provisioning, clock)
        except BaseException:  # raised again; only the lock is let go
            spool.close()
            raise
    pauses = Pauses(edge.spool.directory)
    orders = TaskOrders(edge.spool.directory, edge.agent_id, edge.provisioning, clock, pauses.is_paused)
    return Lasting(spool, pauses, documents, orders, updates)
