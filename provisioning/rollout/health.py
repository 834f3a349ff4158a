"""Compares an agent's health with an earlier one: pure, from its heartbeats and its cameras' states."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from provisioning.contracts.causes import rollouts
from provisioning.contracts.causes.own_failure import own_failure
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


@dataclass(frozen=True, slots=True)
class HealthVerdict:
    """Outcome of a comparison: a fault for which the agent goes back, or a camera that failed by itself."""

    trouble: RolloutFault | None = None
    own_failure: RolloutFault | None = None


def baseline(heartbeat: Heartbeat | None, cameras: Mapping[str, CameraSeen]) -> Baseline:
    """Returns an agent's present health."""
    return Baseline(
        online=frozenset(name for name, each in cameras.items() if each.status.state in _FINE),
        spool_messages=0 if heartbeat is None else heartbeat.spool_messages,
    )


def compare(
    before: Baseline,
    heartbeat: Heartbeat | None,
    cameras: Mapping[str, CameraSeen],
    untouched: Collection[str],
    *,
    now_ms: int,
    patience_ms: int,
) -> HealthVerdict:
    """Describes a deterioration. A camera may be away for `patience_ms`, as any may be.

    A camera that its agent no longer names was removed on purpose; a new one that never worked is no fault. One of
    `untouched`, whose settings the roll-out leaves as they were, may fail by itself.
    """
    fallen = {
        name: each.status
        for name, each in sorted(cameras.items())
        if name in before.online and _has_fallen(each, now_ms, patience_ms)
    }
    statuses = [each.status for each in cameras.values()]
    excused = own_failure(list(fallen.values()), statuses, before.online & frozenset(untouched))
    if fallen and excused is None:
        named = "; ".join(f"camera {name}: {_why(status)}" for name, status in list(fallen.items())[:_NAMED])
        more = f"; and {len(fallen) - _NAMED} more" if len(fallen) > _NAMED else ""
        reason = rollouts.CAMERAS_FELL(count=len(fallen), camera=next(iter(fallen)))
        return HealthVerdict(trouble=RolloutFault(named + more, reason))
    noted = None
    if excused is not None:
        noted = RolloutFault.coded(rollouts.ONE_FELL_BY_ITSELF(camera=excused.camera_id, detail=_why(excused)))
    return HealthVerdict(_process_trouble(before, heartbeat), noted)


def _process_trouble(before: Baseline, heartbeat: Heartbeat | None) -> RolloutFault | None:
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
