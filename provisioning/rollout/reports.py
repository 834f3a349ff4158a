"""Collects agents' messages since the process began: heartbeats, cameras' states, reports on their software."""

from collections.abc import Callable, Mapping

from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.fleet.documents import Installed
from provisioning.contracts.wire import bounds, codec, topics
from provisioning.contracts.wire.messages import CameraStatus, Heartbeat
from provisioning.rollout.health import CameraSeen


class AgentReports:
    """Messages of agents, bounded in size and number. Not thread-safe: for the publisher's thread alone."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._beats: dict[str, tuple[int, Heartbeat]] = {}
        self._cameras: dict[str, dict[str, CameraSeen]] = {}
        self.installed: dict[str, Installed] = {}
        """Reports since the owner last removed them."""
        self.listening_since_ms: int | None = None
        """Time of the connection; None without one."""

    def line(self, *, up: bool) -> None:
        """Notes that the connection to the broker came or went."""
        if not up:
            self.listening_since_ms = None
        elif self.listening_since_ms is None:
            self.listening_since_ms = self._now_ms()

    def hear(self, topic: str, payload: bytes) -> None:
        """Handles a message.

        Raises:
            ContractError: it is damaged, or speaks for another agent.
        """
        agent_id = topics.agent_of(topic)
        bounds.check_size(topic, payload)
        match topic.removeprefix(f"{topics.PREFIX}/agents/{agent_id}/").split("/"):
            case ["heartbeat"]:
                heartbeat = codec.decode(Heartbeat, payload)
                _same(agent_id, heartbeat.agent_id)
                self._beats[agent_id] = (self._now_ms(), heartbeat)
            case ["installed"] if payload:
                installed = codec.decode(Installed, payload)
                _same(agent_id, installed.agent_id)
                self.installed[agent_id] = installed
            case ["cameras", camera_id] if not payload:
                self._cameras.get(agent_id, {}).pop(camera_id, None)
            case ["cameras", camera_id]:
                self._camera(agent_id, camera_id, codec.decode(CameraStatus, payload))
            case _:
                return

    def heartbeat(self, agent_id: str) -> Heartbeat | None:
        """Returns an agent's last heartbeat."""
        return self._beats[agent_id][1] if agent_id in self._beats else None

    def heard_ms(self, agent_id: str) -> int | None:
        """Returns the time of an agent's last heartbeat, by our clock."""
        return self._beats[agent_id][0] if agent_id in self._beats else None

    def cameras(self, agent_id: str) -> Mapping[str, CameraSeen]:
        """Returns the cameras that an agent names now."""
        return self._cameras.get(agent_id, {})

    def _camera(self, agent_id: str, camera_id: str, status: CameraStatus) -> None:
        _same(agent_id, status.agent_id)
        _same(camera_id, status.camera_id)
        known = self._cameras.setdefault(agent_id, {})
        before = known.get(camera_id)
        if before is None and len(known) >= bounds.MAX_CAMERAS:
            raise bounds.too_many_cameras(camera_id)
        is_same = before is not None and before.status.state is status.state
        known[camera_id] = CameraSeen(status, before.since_ms if before and is_same else self._now_ms())


def _same(in_topic: str, in_message: str) -> None:
    if in_topic != in_message:
        raise ContractError(RejectReason.FOREIGN_AGENT, f"the message names {in_message}, its topic {in_topic}")
