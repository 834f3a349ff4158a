"""Derives the present faults and their ages from the devices' states and the centre's own health."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from center.alarms.rules.inputs import Fault, FaultOf, PartFault
from center.fleet.devices import AgentView, CameraView, CauseKind, DeviceState

WELL: Final = frozenset({DeviceState.STARTING, DeviceState.ONLINE})
ITS_OWN: Final = frozenset({CauseKind.NONE, CauseKind.AGENT})
"""Causes that make a fault of the camera. A silent agent or an absent broker is one fault, not one of each camera."""


def faults_of(
    cameras: Sequence[CameraView], agents: Sequence[AgentView], parts: Mapping[str, PartFault]
) -> tuple[Fault, ...]:
    """Returns the present faults. `parts`: those of each part, by name, their begin unknown."""
    of_cameras = (
        Fault(
            FaultOf.CAMERA,
            camera.state,
            camera.agent_id,
            camera.camera_id,
            camera.since_ms,
            camera.cause,
            reason=camera.reason,
        )
        for camera in cameras
        if camera.state not in WELL and camera.cause_kind in ITS_OWN
    )
    of_agents = (
        Fault(FaultOf.PLATFORM, "agent", agent.agent_id, "", agent.since_ms or 0, agent.cause)
        for agent in agents
        if agent.cause_kind is CauseKind.AGENT_SILENT
    )
    of_parts = (
        Fault(FaultOf.PLATFORM, name, "", "", 0, fault.cause, is_warning=fault.is_warning)
        for name, fault in parts.items()
    )
    return (*of_cameras, *of_agents, *of_parts)


class FaultWatch:
    """Measures how long each fault has lasted, by the centre's clock: a device's own time may be wrong. One thread."""

    def __init__(self) -> None:
        self._first_ms: dict[Fault, int] = {}
        self._now: tuple[Fault, ...] = ()

    @property
    def now(self) -> tuple[Fault, ...]:
        """Faults as of the last `look`."""
        return self._now

    def look(self, faults: Sequence[Fault], now_ms: int) -> tuple[Fault, ...]:
        """Returns the same faults with their ages; faults that are gone are forgotten."""
        keys = {replace(fault, cause="", reason=None, for_ms=0): fault for fault in faults}
        self._first_ms = {key: min(self._first_ms.get(key, now_ms), now_ms) for key in keys}
        self._now = tuple(
            replace(fault, for_ms=now_ms - self._first_ms[key], since_ms=fault.since_ms or self._first_ms[key])
            for key, fault in keys.items()
        )
        return self._now
