"""Statistics that a camera's capture reports about once a second: numbers, never pixels."""

from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.contracts.wire.messages import PictureCheck


@dataclass(frozen=True, slots=True)
class CaptureStats:
    """The counts only grow, over all attempts and all processes of one camera's capture."""

    camera_id: str
    at_ms: int
    """Capture time of the newest picture that was decoded; the present time before the first."""
    pictures: int
    """Pictures decoded, so far."""
    passed_over: int
    """Pictures that had changed and were not selected, because the machine's rate went to other pictures; so far."""
    moving: bool
    """Something moved in the last seconds."""
    decode_cpu_ms: float
    """Processor time of receiving, decoding and selecting, so far."""
    sender_offset_ms: float | None
    """The camera's wall clock minus the agent's, from the newest RTCP sender report; None: it sends none.

    The delay of network and decoder makes it smaller.
    """
    scores: Mapping[PictureCheck, float] | None
    """Scores of the newest picture that was checked, 0 good to 1 bad; None before the first."""
    clock_changes: int = 0
    """Pictures that were dated by another clock than the one before, the camera's or the agent's; so far."""
