"""Decides if a new configuration may stay: nothing that worked before it may have fallen.

Pure: states and time are arguments. A camera that is new, or that was taken out on purpose, is no reason; a paused one
counts as working, since only a person resumes it. The broker was there before: the document came over it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provisioning.contracts.causes import work
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import CameraState, CameraStatus, CodedCause

_FINE: Final = frozenset({CameraState.ONLINE, CameraState.PAUSED})
_NAMED: Final = 3
"""Fallen cameras that are named with their cause; the others are counted."""
_FAULT_LENGTH: Final = 110
_FAULTS_LENGTH: Final = 380
"""Longest list of faults: the whole must fit `Configured.cause`, and its last words say what to do."""


@dataclass(frozen=True, slots=True)
class Probation:
    """The conditions of a trial, and the time since which all of them have held."""

    online_before: frozenset[str]
    probation_s: float
    settle_s: float
    whole_since_s: float | None = None

    @classmethod
    def of(cls, limits: processes.Provisioning, online_before: Collection[str]) -> "Probation":
        """Begin a probation within an agent's limits."""
        return cls(frozenset(online_before), limits.probation_s, limits.settle_s)


@dataclass(frozen=True, slots=True)
class TrialPassed:
    """The configuration may stay."""


@dataclass(frozen=True, slots=True)
class TrialFailed:
    """The configuration must go."""

    cause: str
    reason: CodedCause


def judge(
    probation: Probation, statuses: Sequence[CameraStatus], *, is_connected: bool, after_s: float
) -> Probation | TrialPassed | TrialFailed:
    """Judge the trial `after_s` seconds after its start; a returned `Probation` is passed to the next call.

    All must be back within `probation_s`, and stay so for `settle_s`, which may end later.
    """
    fallen = [status for status in statuses if status.camera_id in probation.online_before and not _is_fine(status)]
    if not fallen and is_connected:
        since_s = after_s if probation.whole_since_s is None else probation.whole_since_s
        return TrialPassed() if after_s - since_s >= probation.settle_s else replace(probation, whole_since_s=since_s)
    if after_s >= probation.probation_s:
        return TrialFailed(
            _cause(fallen, is_connected=is_connected, after_s=after_s), _reason(fallen, seconds=f"{after_s:.0f}")
        )
    return replace(probation, whole_since_s=None)


def _is_fine(status: CameraStatus) -> bool:
    return status.state in _FINE


def _cause(fallen: Sequence[CameraStatus], *, is_connected: bool, after_s: float) -> str:
    faults = [] if is_connected else ["the broker is not reached any more"]
    faults += [f"camera {each.camera_id}: {_fault(each)}" for each in fallen[:_NAMED]]
    if len(fallen) > _NAMED:
        faults.append(f"and {len(fallen) - _NAMED} more cameras")
    shown = _cut("; ".join(faults), _FAULTS_LENGTH)
    return f"worked before, and not {after_s:.0f} s after the change: {shown}. Correct that and send a new document"


def _reason(fallen: Sequence[CameraStatus], *, seconds: str) -> CodedCause:
    """Code the cause; without a fallen camera it is the broker."""
    if not fallen:
        return work.CUT_OFF(seconds=seconds)
    return work.CAMERAS_FELL(seconds=seconds, count=len(fallen), camera=fallen[0].camera_id)


def _fault(status: CameraStatus) -> str:
    cause = status.cause.removeprefix(f"camera {status.camera_id}: ")
    return _cut(cause, _FAULT_LENGTH) or (
        "no picture yet" if status.state is CameraState.STARTING else status.state.value
    )


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
