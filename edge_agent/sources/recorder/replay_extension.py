"""Reads the RTP header extension of ONVIF replay: when each picture was captured (ONVIF Streaming, 6.3)."""

import struct
from dataclasses import dataclass
from typing import Final

_HEAD: Final = struct.Struct(">BBHII")
_REPLAY: Final = struct.Struct(">HHQB")
_PROFILE: Final = 0xABAC
_WORDS: Final = 3
_NTP_UNIX_MS: Final = 2_208_988_800_000
_TERMINAL: Final = 0x10
"""Bit T behind C, E and D: the last picture of the track."""


@dataclass(frozen=True, slots=True)
class ReplayTime:
    """Capture time of the picture that a packet belongs to."""

    timestamp_90k: int
    """RTP timestamp of the packet."""
    at_ms: int
    """Unix milliseconds by the recorder's clock."""
    is_last: bool
    """The recording ends with this picture: nothing follows."""


def replay_time(packet: bytes) -> ReplayTime | None:
    """Reads the extension of an RTP packet; None where it has none."""
    if len(packet) < _HEAD.size or packet[0] >> 6 != 2 or not packet[0] & 0x10:
        return None
    *_, timestamp, _ssrc = _HEAD.unpack_from(packet)
    at = _HEAD.size + 4 * (packet[0] & 0x0F)
    if len(packet) < at + 4 + 4 * _WORDS:
        return None
    profile, words, ntp, flags = _REPLAY.unpack_from(packet, at)
    if profile != _PROFILE or words < _WORDS or not ntp:
        return None
    return ReplayTime(timestamp, (ntp * 1000 >> 32) - _NTP_UNIX_MS, bool(flags & _TERMINAL))
