"""What each camera is doing, from evidence: does its source deliver, can its pictures be redacted, is it paused.

Also the pace of redaction, which the heartbeat reports.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.clock import Clock
from edge_agent.pauses import Pauses
from provisioning.contracts import config
from provisioning.contracts.messages import CameraState, CameraStatus

_log = logging.getLogger(__name__)

_MAX_CAUSE: Final = 500
_RECENT: Final = 50
"""Redactions over which the mean time is taken."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    delivering: bool = False
    offline: str = ""
    unredacted: str = ""


class Health:
    """Thread-safe; `changed` is called after each change of a camera's state or cause."""

    def __init__(
        self,
        agent_id: str,
        cameras: Sequence[config.Camera],
        pauses: Pauses,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._agent_id = agent_id
        self._cameras = {camera.id: camera for camera in cameras}
        self._pauses = pauses
        self._clock = clock
        self._changed = changed
        self._lock = threading.Lock()
        self._evidence = dict.fromkeys(self._cameras, _Evidence())
        self._shown: dict[str, CameraStatus] = {}
        self._took_ms: deque[float] = deque(maxlen=_RECENT)

    def delivering(self, camera_id: str) -> None:
        """A usable frame came."""
        self._learn(camera_id, delivering=True, offline="")

    def offline(self, camera_id: str, cause: str) -> None:
        """No frames come, and why."""
        self._learn(camera_id, delivering=False, offline=cause)

    def redacted(self, camera_id: str, took_ms: float) -> None:
        """A picture was made safe."""
        with self._lock:
            self._took_ms.append(took_ms)
        self._learn(camera_id, unredacted="")

    def unredacted(self, camera_id: str, cause: str) -> None:
        """A picture could not be made safe; so it stays until one can."""
        self._learn(camera_id, unredacted=cause)

    def pause(self, camera_id: str, cause: str) -> None:
        """Stop publishing a camera until a person resumes it.

        Raises:
            SpoolFull: see `Pauses.pause`.
        """
        if camera_id in self._cameras and self._pauses.cause(camera_id) is None:
            try:
                self._pauses.pause(camera_id, cause)
            finally:
                self._learn(camera_id)

    def is_paused(self, camera_id: str) -> bool:
        """Whether a camera is paused."""
        return self._pauses.cause(camera_id) is not None

    def held(self) -> frozenset[str]:
        """Cameras whose spooled pictures may not be sent."""
        return frozenset(camera_id for camera_id in self._cameras if self.is_paused(camera_id))

    def statuses(self) -> list[CameraStatus]:
        """Every camera's state as of now."""
        with self._lock:
            return [self._refresh(camera_id)[0] for camera_id in self._cameras]

    def redaction_ms(self) -> float | None:
        """Mean time of the last redactions; None before the first."""
        with self._lock:
            return sum(self._took_ms) / len(self._took_ms) if self._took_ms else None

    def _learn(self, camera_id: str, **facts: bool | str) -> None:
        with self._lock:
            self._evidence[camera_id] = replace(self._evidence[camera_id], **facts)  # type: ignore[arg-type] # keywords are the fields
            _, is_new = self._refresh(camera_id)
        if is_new:
            self._changed()

    def _refresh(self, camera_id: str) -> tuple[CameraStatus, bool]:
        state, cause = self._verdict(camera_id)
        shown = self._shown.get(camera_id)
        if shown is not None and (shown.state, shown.cause) == (state, cause):
            return shown, False
        camera = self._cameras[camera_id]
        status = CameraStatus(
            agent_id=self._agent_id,
            camera_id=camera_id,
            name=camera.name,
            state=state,
            cause=cause,
            since_ms=shown.since_ms if shown is not None and shown.state is state else self._clock.now_ms(),
            latitude=camera.latitude,
            longitude=camera.longitude,
        )
        self._shown[camera_id] = status
        if shown is None or shown.state is not state:
            level = logging.INFO if state in {CameraState.ONLINE, CameraState.STARTING} else logging.WARNING
            _log.log(level, "camera state camera=%s state=%s cause=%r", camera_id, state.value, cause)
        return status, True

    def _verdict(self, camera_id: str) -> tuple[CameraState, str]:
        evidence = self._evidence[camera_id]
        paused = self._pauses.cause(camera_id)
        if paused is not None:
            return CameraState.PAUSED, paused[:_MAX_CAUSE]
        if evidence.offline:
            return CameraState.OFFLINE, evidence.offline[:_MAX_CAUSE]
        if evidence.unredacted:
            return CameraState.REDACTION_UNAVAILABLE, evidence.unredacted[:_MAX_CAUSE]
        return (CameraState.ONLINE if evidence.delivering else CameraState.STARTING), ""
