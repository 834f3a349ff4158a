"""Cameras and agents as last heard. What an agent says is kept; that it has fallen silent is judged here."""

import threading
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select

from center.clock import NowMs
from center.store import AgentRecord, CameraRecord, Store
from provisioning.contracts import codec
from provisioning.contracts.config import EdgeConfig
from provisioning.contracts.errors import ContractError
from provisioning.contracts.messages import CameraStatus, Heartbeat

HEARTBEAT_MS: Final = int(EdgeConfig.model_fields["heartbeat_s"].default * 1000)
SLOWEST_HEARTBEAT_MS: Final = 60_000
"""The longest interval an agent's configuration allows."""
MISSED = 3
"""Heartbeats that must fail to come before an agent counts as silent."""


class DeviceState(StrEnum):
    """A camera's state as the centre sees it: the agent's word, or why that word cannot be believed."""

    STARTING = "starting"
    ONLINE = "online"
    OFFLINE = "offline"
    REDACTION_UNAVAILABLE = "redaction_unavailable"
    PAUSED = "paused"
    UNKNOWN = "unknown"


class CauseKind(StrEnum):
    """Whose words a cause is in."""

    NONE = "none"
    AGENT = "agent"
    """The agent's own text, in `cause`."""
    AGENT_SILENT = "agent_silent"
    BROKER_AWAY = "broker_away"


class View(BaseModel):
    """Base of what is shown."""

    model_config = ConfigDict(frozen=True)


class CameraView(View):
    """One camera."""

    agent_id: str
    camera_id: str
    name: str
    state: DeviceState
    cause_kind: CauseKind
    cause: str
    since_ms: int
    """Since when it is in this state."""
    heard_at_ms: int
    latitude: float | None
    longitude: float | None

    @property
    def title(self) -> str:
        """The name a person gave it, or its id."""
        return self.name or self.camera_id


class AgentView(View):
    """One agent."""

    agent_id: str
    state: DeviceState
    """Online, offline when silent, unknown while the broker is away."""
    heard_at_ms: int
    software: str
    spool_messages: int
    spool_bytes: int
    quarantined: int
    redaction_ms: float | None


class Devices:
    """Every camera and agent that was ever heard of, in memory, and in the store for the next start.

    Silence is measured on the centre's own clock from the arrival of heartbeats: an agent's clock may be wrong.
    """

    def __init__(self, store: Store, now_ms: NowMs) -> None:
        self._store = store
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._agents: dict[str, tuple[int, Heartbeat]] = {}
        self._interval_ms: dict[str, int] = {}
        self._cameras: dict[tuple[str, str], tuple[int, CameraStatus]] = {}
        self._link_up = False
        self._link_since_ms = now_ms()
        self.unreadable_records = 0
        """Rows another version wrote; the next message of their device replaces them."""

    def load(self) -> None:
        """Read what the last run knew.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        with self._store.transaction() as session:
            agents = list(session.scalars(select(AgentRecord)))
            cameras = list(session.scalars(select(CameraRecord)))
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
            self._cameras[camera.agent_id, camera.camera_id] = (camera.heard_at_ms, status)

    def link(self, *, up: bool) -> None:
        """The broker came or went. Without it, silence says nothing about an agent."""
        with self._lock:
            if up != self._link_up:
                self._link_up = up
                self._link_since_ms = self._now_ms()

    def heard(self, heartbeat: Heartbeat) -> None:
        """An agent lives.

        Raises:
            StoreUnavailableError: known now, but not after a restart.
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
        """A camera's state, perhaps retained from before the centre started.

        Raises:
            StoreUnavailableError: known now, but not after a restart.
        """
        at_ms = self._now_ms()
        with self._lock:
            self._cameras[status.agent_id, status.camera_id] = (at_ms, status)
        record = CameraRecord(
            agent_id=status.agent_id,
            camera_id=status.camera_id,
            heard_at_ms=at_ms,
            status=status.model_dump_json(),
        )
        with self._store.transaction() as session:
            session.merge(record)

    def removed(self, agent_id: str, camera_id: str) -> None:
        """Its agent has cleared the camera's retained state: it is no longer configured.

        Raises:
            StoreUnavailableError: forgotten now, but back after a restart.
        """
        with self._lock:
            self._cameras.pop((agent_id, camera_id), None)
        with self._store.transaction() as session:
            session.execute(
                delete(CameraRecord).where(CameraRecord.agent_id == agent_id, CameraRecord.camera_id == camera_id)
            )

    def cameras(self) -> tuple[CameraView, ...]:
        """All, by agent and id."""
        with self._lock:
            known = sorted(self._cameras.items())
            return tuple(self._camera_view(heard_at_ms, status) for _, (heard_at_ms, status) in known)

    def camera(self, agent_id: str, camera_id: str) -> CameraView | None:
        """One, or None if nobody has reported it."""
        with self._lock:
            known = self._cameras.get((agent_id, camera_id))
            return None if known is None else self._camera_view(*known)

    def agents(self) -> tuple[AgentView, ...]:
        """All, by id."""
        with self._lock:
            return tuple(
                AgentView(
                    agent_id=agent_id,
                    state=self._agent_state(agent_id),
                    heard_at_ms=heard_at_ms,
                    software=heartbeat.software,
                    spool_messages=heartbeat.spool_messages,
                    spool_bytes=heartbeat.spool_bytes,
                    quarantined=heartbeat.quarantined,
                    redaction_ms=heartbeat.redaction_ms,
                )
                for agent_id, (heard_at_ms, heartbeat) in sorted(self._agents.items())
            )

    def _agent_state(self, agent_id: str) -> DeviceState:
        if not self._link_up:
            return DeviceState.UNKNOWN
        return DeviceState.OFFLINE if self._silent(agent_id) else DeviceState.ONLINE

    def _silent(self, agent_id: str) -> bool:
        """Whether an agent missed three heartbeats that would have reached us."""
        heard_at_ms = self._agents[agent_id][0] if agent_id in self._agents else 0
        patience_ms = MISSED * self._interval_ms.get(agent_id, HEARTBEAT_MS)
        return self._now_ms() - max(heard_at_ms, self._link_since_ms) > patience_ms

    def _camera_view(self, heard_at_ms: int, status: CameraStatus) -> CameraView:
        state, kind, cause, since_ms = (
            DeviceState(status.state),
            CauseKind.AGENT if status.cause else CauseKind.NONE,
            status.cause,
            status.since_ms,
        )
        if not self._link_up:
            state, kind, since_ms = DeviceState.UNKNOWN, CauseKind.BROKER_AWAY, self._link_since_ms
            cause = "The centre has no connection to the broker, so nobody knows."
        elif self._silent(status.agent_id):
            state, kind = DeviceState.OFFLINE, CauseKind.AGENT_SILENT
            since_ms = self._agents[status.agent_id][0] if status.agent_id in self._agents else heard_at_ms
            cause = f"Agent {status.agent_id} has fallen silent: check that its machine and network are up."
        return CameraView(
            agent_id=status.agent_id,
            camera_id=status.camera_id,
            name=status.name,
            state=state,
            cause_kind=kind,
            cause=cause,
            since_ms=since_ms,
            heard_at_ms=heard_at_ms,
            latitude=status.latitude,
            longitude=status.longitude,
        )
