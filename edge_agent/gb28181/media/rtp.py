"""Parses RTP packets (RFC 3550, 5.1) as devices send them, and recognizes what else arrives on their port."""

import re
import struct
from enum import StrEnum
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct(">BBHII")
_REPORT: Final = struct.Struct(">IQI")
_SIP: Final = re.compile(
    rb"\s?(?:SIP/2\.0 |(?:REGISTER|MESSAGE|INVITE|OPTIONS|NOTIFY|SUBSCRIBE|BYE|ACK) sip:)", re.IGNORECASE
)
_RTCP: Final = range(192, 224)
"""Second octet of RTCP, which no RTP packet of a usual payload type has (RFC 5761, 4)."""
_SENDER_REPORT: Final = 200
_NTP_UNIX_S: Final = 2_208_988_800
MIN_BYTES: Final = _HEAD.size


class Noise(StrEnum):
    """Kind of a packet that is not the stream's RTP."""

    SIP = "sip"
    """Text of the signalling: the device has the media port for its SIP server's."""
    RTCP = "rtcp"
    SHORT = "short"
    OTHER = "other"
    """Another version, or lengths that do not fit."""
    FOREIGN = "foreign"
    """A whole packet from elsewhere: another host, or another SSRC than the stream's."""


class Packet(NamedTuple):
    """One RTP packet. A tuple, not a dataclass: thousands are made a second."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp_90k: int
    ssrc: int
    payload: bytes


class SenderReport(NamedTuple):
    """A device's wall clock at one timestamp (RFC 3550, 6.4.1)."""

    ssrc: int
    wall_ms: float
    """Unix milliseconds by the device's clock."""
    timestamp_90k: int


def parse(data: bytes) -> Packet | Noise:
    """Parses one packet; never raises."""
    if len(data) < MIN_BYTES:
        return Noise.SHORT
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
    if first >> 6 != 2:
        return Noise.SIP if _SIP.match(data) else Noise.OTHER
    if second in _RTCP:
        return Noise.RTCP
    # Without padding, extension and contributing sources, as nearly all are.
    payload = data[MIN_BYTES:] if first == 0x80 else _payload(data, first)
    if payload is None:
        return Noise.OTHER
    return Packet(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, payload)


def _payload(data: bytes, first: int) -> bytes | None:
    """Returns the payload without what the first octet announces before and behind it; None where that does not fit."""
    start, end = MIN_BYTES + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    if first & 0x20:
        end -= data[-1] or len(data)
    return data[start:end] if start <= end else None


def sender_report(data: bytes) -> SenderReport | None:
    """Parses an RTCP datagram that begins with a sender report; None: another, or from a device without a clock."""
    if len(data) < 4 + _REPORT.size or data[0] >> 6 != 2 or data[1] != _SENDER_REPORT:
        return None
    ssrc, ntp, timestamp = _REPORT.unpack_from(data, 4)
    if not ntp:  # its sender has no notion of wall-clock time (6.4.1)
        return None
    return SenderReport(ssrc, (ntp / (1 << 32) - _NTP_UNIX_S) * 1000, timestamp)
