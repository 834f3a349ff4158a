"""When a picture was captured: by the camera's clock where that can be believed, else when it arrived.

A camera ties its timestamps to its wall clock in RTCP sender reports (RFC 3550, 6.4.1). FFmpeg turns the newest report
into a "producer reference time" on each packet: what the camera's clock said when the picture was taken.
"""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from provisioning.contracts.messages import ClockQuality

if TYPE_CHECKING:
    import av

    Packet: TypeAlias = av.Packet[Any]

BELIEVED_MS: Final = 500.0
"""A camera whose clock is farther from the agent's dates no picture: it may stand in another year."""
_PRODUCER_TIME: Final = struct.Struct("<q")
"""The first field of AVProducerReferenceTime (libavutil): microseconds since the Unix epoch. FFmpeg is built for
little-endian machines here; its layout is a C struct, not a wire format."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When, and by whose clock."""

    at_ms: int
    clock: ClockQuality
    key: str
    """Distinguishes pictures of one moment: `k` and the 90 kHz timestamp, `n` and an ordinal where there is none."""
    sender_offset_ms: float | None
    """The camera's clock minus the agent's at arrival; None: no sender report yet."""


def stamp(packet: "Packet", arrived_ms: int, ordinal: int) -> Stamp:
    """The stamp of a packet that arrived just now; `ordinal` counts the packets of the connection."""
    key = f"k{packet.pts}" if packet.pts is not None else f"n{ordinal}"
    if not packet.has_sidedata("prft"):
        return Stamp(arrived_ms, ClockQuality.ARRIVAL, key, None)
    (sent_us,) = _PRODUCER_TIME.unpack_from(bytes(packet.get_sidedata("prft")))
    offset_ms = sent_us / 1000 - arrived_ms
    if abs(offset_ms) > BELIEVED_MS:
        return Stamp(arrived_ms, ClockQuality.ARRIVAL, key, offset_ms)
    return Stamp(sent_us // 1000, ClockQuality.SYNCED, key, offset_ms)
