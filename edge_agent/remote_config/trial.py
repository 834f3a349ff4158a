"""Decides if a new configuration may stay: nothing that worked before it may have fallen by it.

Pure: states and time are arguments. A camera that is new, or that was taken out on purpose, is no reason; a paused one
counts as working, since only a person resumes it. The broker was there before: the document came over it. One camera
that the change leaves alone and that fails by itself (`own_failure`) is named in the result and takes nothing back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provisioning.contracts.causes import work
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.causes.own_failure import own_failure
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
    untouched: frozenset[str] = frozenset()
    """Cameras whose settings the change leaves as they were; none of new software, which may break any."""
    whole_since_s: float | None = None
    excused: str | None = None
    """The camera that failed by itself; it stays the only one of this trial, also when it is back."""
    lacks_excused: bool = False
    """True if that camera did not work at the last judgement."""

    @classmethod
    def of(
        cls, limits: processes.Provisioning, online_before: Collection[str], untouched: Collection[str]
    ) -> "Probation":
        """Begin a probation within an agent's limits."""
        return cls(frozenset(online_before), limits.probation_s, limits.settle_s, frozenset(untouched))


@dataclass(frozen=True, slots=True)
class TrialPassed:
    """The configuration may stay."""

    cause: str = ""
    """Names the camera that failed by itself meanwhile; empty without one."""
    reason: CodedCause | None = None


@dataclass(frozen=True, slots=True)
class TrialFailed:
    """The configuration must go."""

    cause: str
    reason: CodedCause


def judge(
    probation: Probation, statuses: Sequence[CameraStatus], *, is_connected: bool, after_s: float
) -> Probation | TrialPassed | TrialFailed:
    """Judge the trial `after_s` seconds after its start; a returned `Probation` is passed to the next call.

    All must be back within `probation_s`, and stay so for `settle_s`, which may end later. With a camera that failed by
    itself the whole of `probation_s` is waited for: it may come back, and others may fall.
    """
    fallen = [status for status in statuses if status.camera_id in probation.online_before and not _is_fine(status)]
    is_over = after_s >= probation.probation_s
    excused = _excused(probation, fallen, statuses)
    if is_connected and (not fallen or excused is not None):
        since_s = probation.whole_since_s
        if since_s is None or (probation.lacks_excused != bool(fallen) and not is_over):
            since_s = after_s
        if after_s - since_s >= probation.settle_s and (not fallen or is_over):
            return _passed(excused)
        name = probation.excused if excused is None else excused.camera_id
        return replace(probation, whole_since_s=since_s, excused=name, lacks_excused=bool(fallen))
    if is_over:
        return TrialFailed(
            _cause(fallen, is_connected=is_connected, after_s=after_s), _reason(fallen, seconds=f"{after_s:.0f}")
        )
    return replace(probation, whole_since_s=None)


def _excused(
    probation: Probation, fallen: Sequence[CameraStatus], statuses: Sequence[CameraStatus]
) -> CameraStatus | None:
    found = own_failure(fallen, statuses, probation.untouched & probation.online_before)
    return found if found is not None and probation.excused in {None, found.camera_id} else None


def _passed(excused: CameraStatus | None) -> TrialPassed:
    if excused is None:
        return TrialPassed()
    reason = work.KEPT_THOUGH_ONE_FELL(camera=excused.camera_id, detail=_fault(excused))
    return TrialPassed(english(reason), reason)


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
