"""Dates pictures: by the camera's clock where that can be believed, else by their arrival.

A camera ties its timestamps to its wall clock in RTCP sender reports (RFC 3550, 6.4.1). FFmpeg turns the newest report
into a "producer reference time" on each packet: the camera's clock at the moment of capture.
"""

import math
import struct
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from provisioning.contracts.wire.messages import ClockQuality

if TYPE_CHECKING:
    import av

    Packet: TypeAlias = av.Packet[Any]

BELIEVED_MS: Final = 350.0
"""A camera whose clock is farther from the agent's dates no picture: it may stand in another year."""
DROPPED_MS: Final = 500.0
"""A clock that is believed is believed up to here: one that stands at a single bound would change sides with every
delay on the way (seen: 243 times in 398 pictures)."""
LATE_MS: Final = 2000.0
"""A picture that took longer is dated by its arrival: its network was slow, or a clock was just set."""
_RECENT: Final = 8
"""Pictures, of which the quickest shows how far the camera's clock is off: a delay only makes it seem behind."""
_PRODUCER_TIME: Final = struct.Struct("<q")
"""The first field of AVProducerReferenceTime (libavutil): microseconds since the Unix epoch. FFmpeg is built for
little-endian machines here; its layout is a C struct, not a wire format."""


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """Capture time of a picture, and the clock that it was taken by."""

    at_ms: int
    clock: ClockQuality
    key: str
    """Distinguishes pictures of one moment: `k` and the 90 kHz timestamp, `n` and an ordinal where there is none."""
    sender_offset_ms: float | None
    """The camera's clock minus the agent's at arrival; None: no sender report yet."""


def stamp(packet: "Packet", arrived_ms: int, ordinal: int) -> CaptureTime:
    """Stamps a packet that arrived just now with its arrival; `ordinal` counts the packets of the connection."""
    key = f"k{packet.pts}" if packet.pts is not None else f"n{ordinal}"
    if not packet.has_sidedata("prft"):
        return CaptureTime(arrived_ms, ClockQuality.ARRIVAL, key, None)
    (sent_us,) = _PRODUCER_TIME.unpack_from(bytes(packet.get_sidedata("prft")))
    return CaptureTime(arrived_ms, ClockQuality.ARRIVAL, key, sent_us / 1000 - arrived_ms)


class CaptureTimes:
    """Dates one camera's pictures, connection after connection, in the order in which they are shown.

    Capture times never go back but with the agent's own clock: with B-frames packets arrive in another order, and a
    sender report may move the camera's earlier times. None lies more than `DROPPED_MS` ahead of the agent's clock.
    """

    def __init__(self, last_ms: int | None = None) -> None:
        """`last_ms`: the last capture time of the process that watched the camera before."""
        self._last_ms = last_ms
        self._offsets_ms: deque[float] = deque(maxlen=_RECENT)
        self._is_believed = False

    def dated(self, arrival: CaptureTime, now_ms: int) -> CaptureTime:
        """Returns the capture time of the next picture shown; `arrival` is the result of `stamp` for its packet."""
        if self._last_ms is not None and self._last_ms > now_ms + DROPPED_MS:
            self._last_ms = None  # the agent's clock was set back
        offset_ms, at_ms, clock = arrival.sender_offset_ms, arrival.at_ms, arrival.clock
        if offset_ms is not None and self._believes(offset_ms):
            at_ms, clock = math.floor(arrival.at_ms + offset_ms), ClockQuality.SYNCED
        self._last_ms = at_ms if self._last_ms is None else max(at_ms, self._last_ms)
        return replace(arrival, at_ms=self._last_ms, clock=clock)

    def _believes(self, offset_ms: float) -> bool:
        self._offsets_ms.append(offset_ms)
        bound_ms = DROPPED_MS if self._is_believed else BELIEVED_MS
        self._is_believed = abs(max(self._offsets_ms)) <= bound_ms
        return self._is_believed and offset_ms >= -LATE_MS
