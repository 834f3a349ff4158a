"""Writes RTP packets (RFC 3550) of program streams or raw video (RFC 6184, RFC 7798)."""

import struct
from typing import Final

from provisioning.demo.simulators.gb28181.faults import DeviceFault

PS: Final = 96
H264: Final = 98
H265: Final = 100
G711A: Final = 8
MP2T: Final = 33
_NTP_UNIX_S: Final = 2_208_988_800


class RtpWriter:
    """Writes packets of one synchronisation source."""

    def __init__(self, ssrc: int, sequence: int, faults: frozenset[DeviceFault] = frozenset()) -> None:
        self.ssrc = ssrc
        self._sequence = sequence
        self._faults = faults
        self._extra_90k = 0

    def packets(self, payloads: list[bytes], timestamp_90k: int, payload_type: int) -> list[bytes]:
        """Writes one packet for each payload of a picture; the marker is on the last."""
        return [
            self.packet(payload, timestamp_90k, payload_type, marker=number == len(payloads))
            for number, payload in enumerate(payloads, 1)
        ]

    def packet(self, payload: bytes, timestamp_90k: int, payload_type: int, *, marker: bool) -> bytes:
        """Writes one packet and advances the sequence number."""
        if DeviceFault.CONSTANT_TIMESTAMP in self._faults:
            timestamp_90k = 0
        elif DeviceFault.TIMESTAMP_PER_PACKET in self._faults:
            self._extra_90k += 1
            timestamp_90k += self._extra_90k
        if DeviceFault.NO_MARKER in self._faults:
            marker = False
        head = struct.pack(
            ">BBHII", 0x80, marker << 7 | payload_type, self._sequence, timestamp_90k & 0xFFFF_FFFF, self.ssrc
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        return head + payload

    def sender_report(self, wall_s: float, timestamp_90k: int) -> bytes:
        """Writes an RTCP packet that ties the timestamps to a clock (RFC 3550 section 6.4.1)."""
        ntp = int((wall_s + _NTP_UNIX_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF
        return struct.pack(">BBHIQIII", 0x80, 200, 6, self.ssrc, ntp, timestamp_90k & 0xFFFF_FFFF, 0, 0)


def h264_payloads(units: list[bytes], limit: int) -> list[bytes]:
    """Keeps NAL units whole if they fit, else splits them as FU-A (RFC 6184 sections 5.6 and 5.8)."""
    payloads = []
    for unit in units:
        if len(unit) <= limit:
            payloads.append(unit)
            continue
        indicator = unit[0] & 0xE0 | 28
        payloads += _fragments(bytes([indicator]), unit[0] & 0x1F, unit[1:], limit)
    return payloads


def h265_payloads(units: list[bytes], limit: int) -> list[bytes]:
    """Keeps NAL units whole if they fit, else makes fragmentation units (RFC 7798 sections 4.4.1 and 4.4.3)."""
    payloads = []
    for unit in units:
        if len(unit) <= limit:
            payloads.append(unit)
            continue
        head = bytes([unit[0] & 0x81 | 49 << 1, unit[1]])
        payloads += _fragments(head, unit[0] >> 1 & 0x3F, unit[2:], limit)
    return payloads


def _fragments(head: bytes, kind: int, data: bytes, limit: int) -> list[bytes]:
    room = limit - len(head) - 1
    pieces = [data[at : at + room] for at in range(0, len(data), room)]
    last = len(pieces) - 1
    return [
        head + bytes([(number == 0) << 7 | (number == last) << 6 | kind]) + piece for number, piece in enumerate(pieces)
    ]
