"""Writes MPEG transport streams, which some devices send in place of PS (ISO/IEC 13818-1 section 2.4)."""

import struct
from collections import Counter
from typing import Final

from provisioning.demo.simulators.gb28181 import ps
from provisioning.demo.simulators.gb28181.footage import Unit

PACKET_BYTES: Final = 188
_ROOM: Final = PACKET_BYTES - 4
_PAT_PID: Final = 0
_PMT_PID: Final = 0x1000
_VIDEO_PID: Final = 0x100
_TYPES: Final = {"h264": 0x1B, "h265": 0x24}


class TransportStream:
    """Packs pictures of one program with one stream."""

    def __init__(self, codec: str) -> None:
        self._type = _TYPES[codec]
        self._counters: Counter[int] = Counter()

    def pack(self, unit: Unit, pts_90k: int, dts_90k: int) -> bytes:
        """Packs one picture into whole packets; tables stand before each keyframe."""
        tables = b""
        if unit.is_keyframe:
            program = struct.pack(">HH", 1, 0xE000 | _PMT_PID)
            streams = struct.pack(">HHBHH", 0xE000 | _VIDEO_PID, 0xF000, self._type, 0xE000 | _VIDEO_PID, 0xF000)
            tables = self._packets(_PAT_PID, _section(0x00, program)) + self._packets(_PMT_PID, _section(0x02, streams))
        times = ps.pes_times(pts_90k, dts_90k)
        head = b"\0\0\1\xe0\0\0" + bytes([0x84, *ps.pes_flags(times)]) + times
        return tables + self._packets(_VIDEO_PID, head + unit.data, clock_90k=dts_90k)

    def _packets(self, pid: int, data: bytes, clock_90k: int | None = None) -> bytes:
        out, starts = b"", 0x4000
        fields = b""
        if clock_90k is not None:
            clock = (clock_90k & 0x1_FFFF_FFFF) << 15 | 0x3F << 9
            fields = b"\x10" + clock.to_bytes(6, "big")
        while data:
            room = _ROOM - (len(fields) + 1 if fields else 0)
            piece, data = data[:room], data[room:]
            adaptation = fields
            left = room - len(piece)
            if left and not fields:
                adaptation = b"\0" + b"\xff" * (left - 2) if left > 1 else b""
            elif left:
                adaptation = fields + b"\xff" * left
            has_field = bool(fields or left)
            out += struct.pack(">BHB", 0x47, starts | pid, (0x30 if has_field else 0x10) | self._counters[pid] & 0x0F)
            out += (bytes([len(adaptation)]) + adaptation if has_field else b"") + piece
            self._counters[pid] += 1
            starts, fields = 0, b""
        return out


def _section(table: int, entries: bytes) -> bytes:
    """Writes a table of one section, with the pointer that a packet begins with."""
    body = struct.pack(">HBBB", 1, 0xC1, 0, 0) + entries
    section = struct.pack(">BH", table, 0xB000 | len(body) + 4) + body
    return b"\0" + section + struct.pack(">I", ps.crc32_mpeg(section))
