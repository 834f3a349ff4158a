"""Decides a camera's state by a table over evidence. Pure: evidence and the time go in, state and cause come out.

The first line that holds decides; docs/health.md says the same to a technician.

```
paused                                                        paused                  paused
something comes of a stream, and for 90 s no keyframe         offline                 stale
                       … or none that decodes                 offline                 undecodable
the source gave up, and no picture came since                 offline                 the source's cause
  … but a picture source whose pictures go on                 (next lines)
nothing came of a stream for `patience_s`                     offline                 silent
its pictures cannot be redacted                               redaction unavailable   the drop's name
a picture came, or its device or desk gave a sign of life     online
nothing yet                                                   starting
```
"""

from dataclasses import dataclass
from typing import Final

from edge_agent.source_kinds import Arrival
from provisioning.contracts.causes import streams
from provisioning.contracts.wire.messages import CameraState, CodedCause

SILENT: Final = "silent"
STALE: Final = "stale"
UNDECODABLE: Final = "undecodable"
PAUSED: Final = "paused"

_SILENCE_S: Final = 10.0
_UNKNOWN_SILENCE_S: Final = 30.0
_START_S: Final = 60.0
"""Thirty decoders start one after another on a small machine."""
_STALE_S: Final = 90.0
_MISSED: Final = 3
"""Keepalives missed until a device counts as silent: GB/T 28181 §9.6 and GA/T 1400.4 count so many."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Describes a fault: one word for counting, and the cause with what to do."""

    code: str
    reason: CodedCause


@dataclass(frozen=True, slots=True)
class Evidence:
    """Holds the evidence about one camera. Times are monotonic seconds."""

    arrives: Arrival
    began_s: float
    """Start of the capture, or its resumption."""
    paused: CodedCause | None = None
    given_up: Trouble | None = None
    """The source's error, with no picture since."""
    spoke_s: float | None = None
    """The last report of its capture."""
    longest_gap_s: float | None = None
    """Longest gap between two of its reports, None while too few came."""
    picture_s: float | None = None
    unusable_s: float | None = None
    """The last picture that did not decode."""
    is_heard: bool = False
    """Its device is registered, or its desk is open: nothing is wrong, though no picture may come for hours."""
    keepalive_s: float = 60.0
    unredacted: Trouble | None = None
    resumed_s: float = 0.0
    """End of the agent's last standstill: what it did not hear before is no camera's silence."""

    @property
    def patience_s(self) -> float:
        """Seconds that a capture may be silent: 10, or three of its usual intervals if those are longer.

        A report comes about once a second while anything does; a camera with a smart codec may pause for longer at
        night. 30 s
        while its usual intervals are unknown.
        """
        return _UNKNOWN_SILENCE_S if self.longest_gap_s is None else max(_SILENCE_S, 3 * self.longest_gap_s)


@dataclass(frozen=True, slots=True)
class StateVerdict:
    """The decided state, with the cause."""

    state: CameraState
    code: str = ""
    reason: CodedCause | None = None


def judge(evidence: Evidence, now_s: float) -> StateVerdict:
    """Decide the state by the module's table."""
    if evidence.paused is not None:
        return StateVerdict(CameraState.PAUSED, PAUSED, evidence.paused)
    silence = _silence(evidence, now_s)
    unseen = None if silence is not None else _without_picture(evidence, now_s)
    trouble = unseen or _given_up(evidence, now_s) or silence
    if trouble is not None:
        return StateVerdict(CameraState.OFFLINE, trouble.code, trouble.reason)
    if evidence.unredacted is not None:
        return StateVerdict(CameraState.REDACTION_UNAVAILABLE, evidence.unredacted.code, evidence.unredacted.reason)
    is_there = evidence.is_heard or evidence.picture_s is not None
    return StateVerdict(CameraState.ONLINE if is_there else CameraState.STARTING)


def _given_up(evidence: Evidence, now_s: float) -> Trouble | None:
    """Tell why the source gave up. A device that misses its keepalives and goes on pushing pictures is not offline."""
    failure = evidence.given_up
    if (
        failure is None
        or evidence.arrives is not Arrival.PUSHED
        or failure.code != SILENT
        or evidence.picture_s is None
    ):
        return failure
    picture_s = max(evidence.picture_s, evidence.resumed_s)
    return failure if now_s - picture_s > _MISSED * evidence.keepalive_s else None


def _silence(evidence: Evidence, now_s: float) -> Trouble | None:
    if evidence.arrives is not Arrival.STREAM:
        return None
    if evidence.spoke_s is not None and now_s - max(evidence.spoke_s, evidence.resumed_s) > evidence.patience_s:
        return Trouble(SILENT, streams.NOTHING_CAME(seconds=f"{evidence.patience_s:.0f}"))
    is_heard = evidence.spoke_s is not None or evidence.picture_s is not None
    if not is_heard and now_s - max(evidence.began_s, evidence.resumed_s) > _START_S:
        return Trouble(SILENT, streams.NEVER_HEARD(seconds=f"{_START_S:.0f}"))
    return None


def _without_picture(evidence: Evidence, now_s: float) -> Trouble | None:
    """Judge a stream whose reports come, while no picture does."""
    shown_s = max(evidence.began_s if evidence.picture_s is None else evidence.picture_s, evidence.resumed_s)
    if evidence.arrives is not Arrival.STREAM or evidence.spoke_s is None or now_s - shown_s <= _STALE_S:
        return None
    if evidence.unusable_s is not None and now_s - evidence.unusable_s <= _STALE_S:
        return Trouble(UNDECODABLE, streams.NONE_DECODES(seconds=f"{_STALE_S:.0f}"))
    return Trouble(STALE, streams.NO_KEYFRAME(seconds=f"{_STALE_S:.0f}"))
