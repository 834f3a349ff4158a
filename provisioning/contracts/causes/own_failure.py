"""Decides if a camera failed by itself while a change was on trial, so that the change is not taken back for it.

Pure. An agent's trial of a configuration and a roll-out use it alike. It excuses one camera at most, and only where all
of these hold; in any doubt the change answers for what fell.

- The change leaves the camera's settings as they were, and no other camera fell.
- Its cause is one that a camera has of its own: no connection, no answer, no pictures.
- Another camera that worked before and that the change leaves alone delivers: the process works.
- No camera of the agent is without redaction, and no capture crashed or went silent without a cause from its source.
"""

from collections.abc import Collection, Sequence
from typing import Final

from provisioning.contracts.causes import streams
from provisioning.contracts.wire.messages import CameraState, CameraStatus

OWN: Final = frozenset({"unreachable", "no_answer", "stalled", "stale", "ended", "no_picture", "silent"})
"""Codes of `CameraStatus` for a camera that is dead, hangs, or sends no pictures."""
PROCESS: Final = frozenset({"crashed", "failed"})
"""Codes of a fault of the agent's own process, whichever camera shows it."""
_UNEXPLAINED: Final = frozenset({streams.NOTHING_CAME.code, streams.NEVER_HEARD.code})
"""Reasons with code `silent` where the capture itself gave no sign of life: a busy machine looks the same."""


def own_failure(
    fallen: Sequence[CameraStatus], statuses: Collection[CameraStatus], untouched: Collection[str]
) -> CameraStatus | None:
    """Returns the camera whose failure the change cannot have caused; None where the change has to answer for it.

    Args:
        fallen: cameras that worked before the change and do not now.
        statuses: every camera of the agent.
        untouched: cameras that worked before the change and whose settings it does not touch.
    """
    if len(fallen) != 1 or fallen[0].camera_id not in untouched or not _is_own(fallen[0]):
        return None
    if any(map(_shows_unwell_process, statuses)):
        return None
    delivers = any(each.camera_id in untouched and each.state is CameraState.ONLINE for each in statuses)
    return fallen[0] if delivers else None


def _is_own(status: CameraStatus) -> bool:
    return status.state is CameraState.OFFLINE and status.code in OWN and not _is_unexplained(status)


def _shows_unwell_process(status: CameraStatus) -> bool:
    return status.state is CameraState.REDACTION_UNAVAILABLE or status.code in PROCESS or _is_unexplained(status)


def _is_unexplained(status: CameraStatus) -> bool:
    return status.reason is not None and status.reason.code in _UNEXPLAINED
