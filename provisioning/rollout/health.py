"""Compares an agent's health with an earlier one: pure, from its heartbeats and its cameras' states."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from provisioning.contracts.causes import rollouts
from provisioning.contracts.ids import CameraId
from provisioning.contracts.wire.messages import CameraState, CameraStatus, Count, Heartbeat, Message
from provisioning.home.rollout_state import RolloutFault

_FINE: Final = frozenset({CameraState.ONLINE, CameraState.PAUSED})
MORE_WAITING: Final = 300
"""Additional pictures in the spool at which an agent is unwell: they leave too slowly. A window has 64."""
_NAMED: Final = 3


class Baseline(Message):
    """Health of an agent when it was offered the new one."""

    online: frozenset[CameraId] = Field(default=frozenset(), max_length=1024)
    """Cameras that worked, redaction included."""
    spool_messages: Count = 0


@dataclass(frozen=True, slots=True)
class CameraSeen:
    """A camera's state, and the time of its last change by our clock."""

    status: CameraStatus
    since_ms: int


def baseline(heartbeat: Heartbeat | None, cameras: Mapping[str, CameraSeen]) -> Baseline:
    """Returns an agent's present health."""
    return Baseline(
        online=frozenset(name for name, each in cameras.items() if each.status.state in _FINE),
        spool_messages=0 if heartbeat is None else heartbeat.spool_messages,
    )


def trouble(
    before: Baseline, heartbeat: Heartbeat | None, cameras: Mapping[str, CameraSeen], *, now_ms: int, patience_ms: int
) -> RolloutFault | None:
    """Describes a deterioration; None without one. A camera may be away for `patience_ms`, as any may be.

    A camera that its agent no longer names was removed on purpose; a new one that never worked is no fault.
    """
    fallen = {
        name: _why(each.status)
        for name, each in sorted(cameras.items())
        if name in before.online and _has_fallen(each, now_ms, patience_ms)
    }
    if fallen:
        named = "; ".join(f"camera {name}: {why}" for name, why in list(fallen.items())[:_NAMED])
        more = f"; and {len(fallen) - _NAMED} more" if len(fallen) > _NAMED else ""
        return RolloutFault(named + more, rollouts.CAMERAS_FELL(count=len(fallen), camera=next(iter(fallen))))
    if heartbeat is None:
        return None
    if not heartbeat.ledger.balanced:
        return RolloutFault.coded(rollouts.LEDGER())
    more_waiting = heartbeat.spool_messages - before.spool_messages
    if more_waiting > MORE_WAITING:
        return RolloutFault.coded(rollouts.BACKLOG(waiting=heartbeat.spool_messages, more=more_waiting))
    return None


def _has_fallen(seen: CameraSeen, now_ms: int, patience_ms: int) -> bool:
    if seen.status.state is CameraState.REDACTION_UNAVAILABLE:
        return True
    return seen.status.state not in _FINE and now_ms - seen.since_ms > patience_ms


def _why(status: CameraStatus) -> str:
    return (status.cause.removeprefix(f"camera {status.camera_id}: ") or status.state.value)[:110]
