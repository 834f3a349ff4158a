"""Capture files in libpcap's classic format: Ethernet, IPv4, one datagram or segment a record; RTP as SIPp plays it."""

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

_ETHERNET: Final = bytes(12) + b"\x08\x00"
_LOOPBACK: Final = IPv4Address("127.0.0.1")
_UDP: Final = 17


def write_capture(path: Path, packets: Iterable[tuple[float, bytes]]) -> int:
    """Write `(seconds since the start, RTP packet)`; how many there were."""
    count = 0
    with path.open("wb") as file:
        file.write(start())
        for at_s, packet in packets:
            datagram = struct.pack(">HHHH", 30000, 30002, 8 + len(packet), 0) + packet
            file.write(record(at_s, framed(_UDP, datagram, _LOOPBACK)))
            count += 1
    return count


def start() -> bytes:
    """The head of a file."""
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def record(at_s: float, frame: bytes) -> bytes:
    """A frame with its time."""
    seconds = int(at_s)
    return struct.pack("<IIII", seconds, int((at_s - seconds) * 1e6), len(frame), len(frame)) + frame


def framed(protocol: int, payload: bytes, to: IPv4Address) -> bytes:
    """A datagram or segment in IPv4 (from 127.0.0.1) in Ethernet."""
    return _ETHERNET + _ipv4(protocol, len(payload), to) + payload


def _ipv4(protocol: int, payload_bytes: int, to: IPv4Address) -> bytes:
    ends = (_LOOPBACK.packed, to.packed)
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + payload_bytes, 0, 0, 64, protocol, 0, *ends)
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + struct.pack(">H", ~total & 0xFFFF) + header[12:]
