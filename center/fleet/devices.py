"""Keeps the last reported state of cameras and agents, and judges whether each report still holds."""

import threading
from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select

from center.access.permissions import EVERYWHERE, Scope
from center.clock import NowMs
from center.database.store import AgentRecord, CameraRecord, ConfiguredRecord, Store
from center.fleet.roster import Roster
from provisioning.contracts.config.processes import HEARTBEAT_S
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.commands import TaskReport
from provisioning.contracts.fleet.documents import Configured, Membership, Verdict
from provisioning.contracts.wire import bounds, codec
from provisioning.contracts.wire.messages import CameraStatus, CodedCause, Heartbeat

HEARTBEAT_MS: Final = int(HEARTBEAT_S * 1000)
SLOWEST_HEARTBEAT_MS: Final = 60_000
"""The longest interval an agent's configuration allows."""
MISSED = 3
"""Heartbeats that must fail to come before an agent counts as silent."""


class DeviceState(StrEnum):
    """State of a camera: as its agent reported it, or the reason that the report does not hold."""

    STARTING = "starting"
    ONLINE = "online"
    OFFLINE = "offline"
    REDACTION_UNAVAILABLE = "redaction_unavailable"
    PAUSED = "paused"
    UNKNOWN = "unknown"
    REVOKED = "revoked"


class CauseKind(StrEnum):
    """Origin of a cause's text."""

    NONE = "none"
    AGENT = "agent"
    """The agent's own text, in `cause`."""
    AGENT_SILENT = "agent_silent"
    BROKER_AWAY = "broker_away"
    AGENT_REVOKED = "agent_revoked"
    AGENT_PENDING = "agent_pending"
    """The roster expects the agent, and it has not enrolled yet."""


class FleetView(BaseModel):
    """Base of views for API and console."""

    model_config = ConfigDict(frozen=True)


class CameraView(FleetView):
    """A camera with its state."""

    agent_id: str
    camera_id: str
    name: str
    state: DeviceState
    cause_kind: CauseKind
    cause: str
    code: str
    """The agent's cause in one word (docs/health.md); empty where the cause is not the agent's."""
    since_ms: int
    """Time at which this state began."""
    heard_at_ms: int
    reason: CodedCause | None = None
    """The agent's cause for the reader's language; None where it is not the agent's, or from an older agent."""
    bearing_deg: float | None = None
    """Compass direction in which the camera looks, degrees clockwise from north; None: not entered."""
    has_recorder: bool = False
    """True if its agent can fetch spans of its recordings."""

    @property
    def title(self) -> str:
        """The camera's name as users entered it, or its id."""
        return self.name or self.camera_id


class TrafficView(FleetView):
    """Bytes that came from a camera to its agent."""

    received_bytes: int
    since_ms: int
    """Start of the agent, by its own clock."""


class ConfigurationView(FleetView):
    """An agent's result for the newest configuration that it was sent."""

    number: int | None
    """Number of the document that was judged; None when the agent could not read it."""
    verdict: Verdict
    cause: str
    reason: CodedCause | None = None
    """The cause for the reader's language; None from an older agent, and after the agent was restarted."""
    active: int | None
    """Number of the configuration in use, None when it runs on its own file alone."""
    at_ms: int


class AgentView(FleetView):
    """An agent that has reported, or that the roster names. Fields of heartbeats are None before the first one."""

    agent_id: str
    site_id: str | None
    """None, as `membership` is, when the roster does not name the agent."""
    membership: Membership | None
    state: DeviceState
    """Online, offline when silent, unknown while the broker is away or before it has enrolled, revoked."""
    cause_kind: CauseKind
    cause: str
    since_ms: int | None
    """Time at which it stopped being online."""
    certificate_ends_ms: int | None
    heard_at_ms: int | None
    software: str | None
    spool_messages: int | None
    spool_bytes: int | None
    quarantined: int | None
    redaction_ms: float | None
    disk_free_bytes: int | None
    """Free space of the disk under the spool; None also where the agent does not report it."""
    configuration: ConfigurationView | None


class _Doubt(NamedTuple):
    """The reason that an agent's reports do not hold."""

    state: DeviceState
    kind: CauseKind
    cause: str
    since_ms: int


class Devices:
    """Keeps every camera and agent that ever reported, in memory, and in the store for the next start.

    The caller checks whether a message may be believed before it comes here; older reports are judged when they are
    read.

    Silence is measured on the centre's own clock from the arrival of heartbeats: an agent's clock may be wrong.
    """

    def __init__(self, store: Store, roster: Roster, now_ms: NowMs) -> None:
        self._store = store
        self._roster = roster
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._agents: dict[str, tuple[int, Heartbeat]] = {}
        self._interval_ms: dict[str, int] = {}
        self._cameras: dict[tuple[str, str], tuple[int, CameraStatus]] = {}
        self._named: Counter[str] = Counter()
        """Cameras by agent, at most `bounds.MAX_CAMERAS` each."""
        self._configured: dict[str, Configured] = {}
        self._tasks: dict[str, TaskReport] = {}
        self._link_up = False
        self._link_since_ms = now_ms()
        self.unreadable_records = 0
        """Rows written by another version; the next message of their device replaces them."""

    def load(self) -> None:
        """Reads the records of the last run.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        with self._store.transaction() as session:
            agents = list(session.scalars(select(AgentRecord)))
            cameras = list(session.scalars(select(CameraRecord).order_by(CameraRecord.heard_at_ms.desc())))
            configured = list(session.scalars(select(ConfiguredRecord)))
        for agent in agents:
            try:
                heartbeat = codec.decode(Heartbeat, agent.heartbeat.encode())
            except ContractError:
                self.unreadable_records += 1
                continue
            self._agents[agent.agent_id] = (agent.heard_at_ms, heartbeat)
        for camera in cameras:
            try:
                status = codec.decode(CameraStatus, camera.status.encode())
            except ContractError:
                self.unreadable_records += 1
                continue
            # Only a version without the bound has written more than that.
            if self._named[camera.agent_id] < bounds.MAX_CAMERAS:
                self._named[camera.agent_id] += 1
                self._cameras[camera.agent_id, camera.camera_id] = (camera.heard_at_ms, status)
        for each in configured:
            try:
                self._configured[each.agent_id] = codec.decode(Configured, each.configured.encode())
            except ContractError:
                self.unreadable_records += 1

    def link(self, *, up: bool) -> None:
        """Notes that the broker came or went. Without it, an agent's silence means nothing."""
        with self._lock:
            if up != self._link_up:
                self._link_up = up
                self._link_since_ms = self._now_ms()

    def heard(self, heartbeat: Heartbeat) -> None:
        """Keeps an agent's heartbeat.

        Raises:
            StoreUnavailableError: kept in memory, but lost at a restart.
        """
        at_ms = self._now_ms()
        with self._lock:
            if heartbeat.agent_id in self._agents:
                gap_ms = at_ms - self._agents[heartbeat.agent_id][0]
                self._interval_ms[heartbeat.agent_id] = min(max(gap_ms, HEARTBEAT_MS), SLOWEST_HEARTBEAT_MS)
            self._agents[heartbeat.agent_id] = (at_ms, heartbeat)
        record = AgentRecord(agent_id=heartbeat.agent_id, heard_at_ms=at_ms, heartbeat=heartbeat.model_dump_json())
        with self._store.transaction() as session:
            session.merge(record)

    def changed(self, status: CameraStatus) -> None:
        """Keeps a camera's state, perhaps retained from before the centre started.

        Raises:
            StoreUnavailableError: kept in memory, but lost at a restart.
            ContractError: its agent names too many cameras.
        """
        at_ms = self._now_ms()
        key = status.agent_id, status.camera_id
        with self._lock:
            if key not in self._cameras:
                if self._named[status.agent_id] >= bounds.MAX_CAMERAS:
                    raise bounds.too_many_cameras(status.camera_id)
                self._named[status.agent_id] += 1
            self._cameras[key] = (at_ms, status)
        record = CameraRecord(
            agent_id=status.agent_id,
            camera_id=status.camera_id,
            heard_at_ms=at_ms,
            status=status.model_dump_json(),
        )
        with self._store.transaction() as session:
            session.merge(record)

    def configured(self, verdict: Configured) -> None:
        """Keeps an agent's result for its newest configuration, perhaps retained from before the centre started.

        Raises:
            StoreUnavailableError: kept in memory, but lost at a restart.
        """
        with self._lock:
            self._configured[verdict.agent_id] = verdict
        record = ConfiguredRecord(
            agent_id=verdict.agent_id, heard_at_ms=self._now_ms(), configured=verdict.model_dump_json()
        )
        with self._store.transaction() as session:
            session.merge(record)

    def tasked(self, tasks: TaskReport) -> None:
        """Keeps the state of an agent's parse tasks, in memory alone: the broker retains it."""
        with self._lock:
            self._tasks[tasks.agent_id] = tasks

    def tasks(self) -> dict[str, TaskReport]:
        """Returns the last report of parse tasks of each agent that takes orders."""
        with self._lock:
            return dict(self._tasks)

    def removed(self, agent_id: str, camera_id: str) -> None:
        """Deletes a camera whose retained state its agent has cleared: it is no longer configured.

        Raises:
            StoreUnavailableError: deleted in memory, but back after a restart.
        """
        with self._lock:
            if self._cameras.pop((agent_id, camera_id), None) is None:
                return
            self._named[agent_id] -= 1
        with self._store.transaction() as session:
            session.execute(
                delete(CameraRecord).where(CameraRecord.agent_id == agent_id, CameraRecord.camera_id == camera_id)
            )

    def cameras(self, sight: Scope = EVERYWHERE) -> tuple[CameraView, ...]:
        """Lists the cameras in sight, by agent and id."""
        with self._lock:
            known = sorted(item for item in self._cameras.items() if sight.holds(*item[0]))
            return tuple(self._camera_view(heard_at_ms, status) for _, (heard_at_ms, status) in known)

    def places(self, sight: Scope = EVERYWHERE) -> frozenset[str]:
        """Returns the cameras in sight as `agent/camera`."""
        return frozenset(f"{each.agent_id}/{each.camera_id}" for each in self.cameras(sight))

    def camera(self, agent_id: str, camera_id: str) -> CameraView | None:
        """Returns one camera, None if no agent has reported it."""
        with self._lock:
            known = self._cameras.get((agent_id, camera_id))
            return None if known is None else self._camera_view(*known)

    def traffic(self, agent_id: str, camera_id: str) -> TrafficView | None:
        """Returns the bytes that a camera sent; None where its agent counts none."""
        with self._lock:
            _, heartbeat = self._agents.get(agent_id, (0, None))
        received_bytes = 0 if heartbeat is None else heartbeat.received_bytes.get(camera_id, 0)
        if heartbeat is None or not received_bytes:
            return None
        return TrafficView(received_bytes=received_bytes, since_ms=heartbeat.started_at_ms)

    def agents(self, sight: Scope = EVERYWHERE) -> tuple[AgentView, ...]:
        """Lists the agents with a camera in sight, by id."""
        with self._lock:
            known = {*self._agents, *self._configured, *self._roster.in_force.members}
            return tuple(self._agent_view(agent_id) for agent_id in sorted(known) if sight.holds_agent(agent_id))

    def statuses(self) -> dict[tuple[str, str], CameraStatus]:
        """Returns the last report of each camera, by agent and id, unjudged."""
        with self._lock:
            return {key: status for key, (_, status) in self._cameras.items()}

    def heartbeats(self) -> dict[str, Heartbeat]:
        """Returns the last heartbeat of each agent, unjudged; `agents` judges them."""
        with self._lock:
            return {agent_id: heartbeat for agent_id, (_, heartbeat) in self._agents.items()}

    def _silent(self, agent_id: str) -> bool:
        """True if an agent missed three heartbeats that would have reached the centre."""
        heard_at_ms = self._agents[agent_id][0] if agent_id in self._agents else 0
        patience_ms = MISSED * self._interval_ms.get(agent_id, HEARTBEAT_MS)
        return self._now_ms() - max(heard_at_ms, self._link_since_ms) > patience_ms

    def _doubt(self, agent_id: str, *, known_since_ms: int) -> _Doubt | None:
        """Returns why an agent's reports do not hold now. Without a heartbeat, silence counts from `known_since_ms`."""
        entry = self._roster.entry(agent_id)
        heard_at_ms = self._agents[agent_id][0] if agent_id in self._agents else None
        if entry is not None and entry.membership is Membership.REVOKED:
            cause = (
                f"The certificate of agent {agent_id} was revoked at {_utc(entry.since_ms)}: nothing it sends counts."
                " Take its box down or enrol it anew, beginning with: wayside-provision agent new"
            )
            return _Doubt(DeviceState.REVOKED, CauseKind.AGENT_REVOKED, cause, entry.since_ms)
        if entry is not None and entry.membership is Membership.PENDING and (heard_at_ms or 0) <= entry.since_ms:
            cause = f"Agent {agent_id} has not enrolled yet. On its box run: wayside-edge enrol BUNDLE"
            return _Doubt(DeviceState.UNKNOWN, CauseKind.AGENT_PENDING, cause, entry.since_ms)
        if not self._link_up:
            cause = "The centre has no connection to the broker, so nobody knows."
            return _Doubt(DeviceState.UNKNOWN, CauseKind.BROKER_AWAY, cause, self._link_since_ms)
        if self._silent(agent_id):
            cause = f"Agent {agent_id} has fallen silent: check that its machine and network are up."
            since_ms = known_since_ms if heard_at_ms is None else heard_at_ms
            return _Doubt(DeviceState.OFFLINE, CauseKind.AGENT_SILENT, cause, since_ms)
        return None

    def _camera_view(self, heard_at_ms: int, status: CameraStatus) -> CameraView:
        reported = _Doubt(
            DeviceState(status.state),
            CauseKind.AGENT if status.cause else CauseKind.NONE,
            status.cause,
            status.since_ms,
        )
        doubt = self._doubt(status.agent_id, known_since_ms=heard_at_ms)
        state, kind, cause, since_ms = doubt or reported
        return CameraView(
            agent_id=status.agent_id,
            camera_id=status.camera_id,
            name=status.name,
            state=state,
            cause_kind=kind,
            cause=cause,
            code="" if doubt else status.code,
            reason=None if doubt else status.reason,
            since_ms=since_ms,
            heard_at_ms=heard_at_ms,
            bearing_deg=status.bearing_deg,
            has_recorder=status.has_recorder,
        )

    def _agent_view(self, agent_id: str) -> AgentView:
        entry = self._roster.entry(agent_id)
        heard_at_ms, heartbeat = self._agents.get(agent_id, (None, None))
        verdict = self._configured.get(agent_id)
        known_since_ms = entry.since_ms if entry else verdict.at_ms if verdict else 0
        doubt = self._doubt(agent_id, known_since_ms=known_since_ms)
        return AgentView(
            agent_id=agent_id,
            site_id=entry and entry.site_id,
            membership=entry and entry.membership,
            state=doubt.state if doubt else DeviceState.ONLINE,
            cause_kind=doubt.kind if doubt else CauseKind.NONE,
            cause=doubt.cause if doubt else "",
            since_ms=doubt and doubt.since_ms,
            certificate_ends_ms=entry and entry.certificate_ends_ms,
            heard_at_ms=heard_at_ms,
            software=heartbeat and heartbeat.software,
            spool_messages=heartbeat and heartbeat.spool_messages,
            spool_bytes=heartbeat and heartbeat.spool_bytes,
            quarantined=heartbeat and heartbeat.quarantined,
            redaction_ms=heartbeat and heartbeat.redaction_ms,
            disk_free_bytes=heartbeat and heartbeat.disk_free_bytes,
            configuration=verdict
            and ConfigurationView(
                number=verdict.number,
                verdict=verdict.verdict,
                cause=verdict.cause,
                reason=verdict.reason,
                active=verdict.active,
                at_ms=verdict.at_ms,
            ),
        )


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
