"""Writes MPEG program streams as cameras do (ISO/IEC 13818-1 section 2.5, GB/T 28181 annex C).

And transport streams (section 2.4), which some devices send in their place.
"""

import struct
from collections import Counter
from typing import Final, NamedTuple

from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import Unit

_VIDEO_TYPE: Final = {"h264": 0x1B, "h265": 0x24}
_G711A: Final = 0x90
_AUDIO_ID: Final = 0xC0
_RATE_50: Final = 20_000
"""Program rate in units of 50 bytes a second: 8 Mbit/s."""
_MAX_PES: Final = 0xFFFF
_SILENCE: Final = 0xD5
_AUDIO_HZ: Final = 8000
_CLOCK_HZ: Final = 90_000
_SHORT_EVERY: Final = 10
_LATE_KEYFRAMES: Final = 2
PACKET_BYTES: Final = 188
_ROOM: Final = PACKET_BYTES - 4
_PAT_PID: Final = 0
_PMT_PID: Final = 0x1000
_VIDEO_PID: Final = 0x100


class Pack(NamedTuple):
    """One picture as a piece of program stream: its headers one by one, then PES packets."""

    headers: list[bytes]
    packets: list[bytes]

    @property
    def data(self) -> bytes:
        """Joins headers and packets."""
        return b"".join(self.headers) + b"".join(self.packets)


class ProgramStream:
    """Packs pictures of one stream, with its faults."""

    def __init__(self, codec: str, faults: frozenset[DeviceFault]) -> None:
        self._faults = faults
        named = codec
        if DeviceFault.WRONG_PSM_CODEC in faults:
            named = "h265" if codec == "h264" else "h264"
        self._video_id = 0xE2 if DeviceFault.VIDEO_E2 in faults else 0xE0
        self._streams = [(_VIDEO_TYPE[named], self._video_id)]
        if DeviceFault.AUDIO_LISTED_FIRST in faults:
            self._streams.insert(0, (_G711A, _AUDIO_ID))
        elif faults & {DeviceFault.AUDIO, DeviceFault.AUDIO_ANNOUNCED}:
            self._streams.append((_G711A, _AUDIO_ID))
        self._number = 0
        self._keyframes = 0
        self._audio_90k: int | None = None

    def pack(self, unit: Unit, pts_90k: int, dts_90k: int) -> Pack:
        """Packs one picture; 33-bit times wrap."""
        faults = self._faults
        headers = [pack_header(dts_90k)]
        if DeviceFault.SHORT_PACK in faults and self._number % _SHORT_EVERY == _SHORT_EVERY - 1:
            headers = [b"\0\0\1\xba"]
        if unit.is_keyframe:
            if DeviceFault.NO_SYSTEM_HEADER not in faults:
                headers.append(system_header([stream_id for _, stream_id in self._streams]))
            late = DeviceFault.LATE_PSM in faults and self._keyframes < _LATE_KEYFRAMES
            if DeviceFault.NO_PSM not in faults and not late:
                headers.append(self._map())
            self._keyframes += 1
        packets = self._private() if DeviceFault.PRIVATE_STREAMS in faults else []
        packets += self._video(unit.data, pts_90k, dts_90k)
        if DeviceFault.AUDIO in faults:
            packets += self._audio(dts_90k)
        self._number += 1
        return Pack(headers, packets)

    def _video(self, data: bytes, pts_90k: int, dts_90k: int) -> list[bytes]:
        times = pes_times(pts_90k, dts_90k)
        if DeviceFault.PES_LENGTH_ZERO in self._faults:
            return [b"\0\0\1" + bytes([self._video_id, 0, 0, 0x84, *pes_flags(times)]) + times + data]
        packets: list[bytes] = []
        room = _MAX_PES - 3 - len(times)
        while data or not packets:
            body = bytes([0x84, *pes_flags(times)]) + times + data[:room]
            packets.append(b"\0\0\1" + struct.pack(">BH", self._video_id, len(body)) + body)
            data = data[room:]
            times, room = b"", _MAX_PES - 3
        return packets

    def _audio(self, now_90k: int) -> list[bytes]:
        if self._audio_90k is None:
            self._audio_90k = now_90k
        samples = max(0, now_90k - self._audio_90k) * _AUDIO_HZ // _CLOCK_HZ
        if not samples:
            return []
        times = pes_times(self._audio_90k, self._audio_90k)
        self._audio_90k += samples * _CLOCK_HZ // _AUDIO_HZ
        body = bytes([0x80, *pes_flags(times)]) + times + bytes([_SILENCE]) * samples
        return [b"\0\0\1" + bytes([_AUDIO_ID]) + struct.pack(">H", len(body)) + body]

    def _private(self) -> list[bytes]:
        # Inside are start codes of video: what is skipped must be skipped by its length.
        body = bytes([0x80, 0, 0]) + b"\0\0\1\xe0" + bytes(range(32))
        return [b"\0\0\1" + bytes([stream_id]) + struct.pack(">H", len(body)) + body for stream_id in (0xBD, 0xBF)]

    def _map(self) -> bytes:
        entries = b"".join(struct.pack(">BBH", kind, stream_id, 0) for kind, stream_id in self._streams)
        length = 0x0FFF if DeviceFault.BAD_PSM_LENGTH in self._faults else len(entries)
        body = struct.pack(">BBHH", 0xE0, 0xFF, 0, length) + entries
        head = b"\0\0\1\xbc" + struct.pack(">H", len(body) + 4) + body
        crc = crc32_mpeg(head)
        return head + struct.pack(">I", crc ^ (0xFFFF if DeviceFault.BAD_PSM_CRC in self._faults else 0))


def pack_header(scr_90k: int) -> bytes:
    """Writes `00 00 01 BA` and its ten bytes: clock reference, rate, no stuffing (section 2.5.3.3)."""
    scr = scr_90k & 0x1_FFFF_FFFF
    bits = 0b01 << 46 | (scr >> 30) << 43 | 1 << 42 | (scr >> 15 & 0x7FFF) << 27 | 1 << 26 | (scr & 0x7FFF) << 11
    bits |= 1 << 10 | 1  # extension 0 between two markers
    return b"\0\0\1\xba" + bits.to_bytes(6, "big") + (_RATE_50 << 2 | 0b11).to_bytes(3, "big") + b"\xf8"


def system_header(stream_ids: list[int]) -> bytes:
    """Writes `00 00 01 BB` (section 2.5.3.5): bounds of rate and buffers for each stream."""
    audio = sum(0xC0 <= stream_id <= 0xDF for stream_id in stream_ids)
    body = (1 << 23 | _RATE_50 << 1 | 1).to_bytes(3, "big")
    body += bytes([audio << 2, 0xE0 | (len(stream_ids) - audio), 0x7F])
    for stream_id in stream_ids:
        # Video counts its buffer in units of 1024 bytes, audio in units of 128.
        bound = 0xC000 | (32 if stream_id == _AUDIO_ID else 0x2000 | 512)
        body += struct.pack(">BH", stream_id, bound)
    return b"\0\0\1\xbb" + struct.pack(">H", len(body)) + body


def crc32_mpeg(data: bytes) -> int:
    """Computes the CRC of annex A: polynomial 04C11DB7, all ones first, no reflection."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C1_1DB7 if crc & 0x8000_0000 else crc << 1) & 0xFFFF_FFFF
    return crc


def pes_times(pts_90k: int, dts_90k: int) -> bytes:
    """Writes the fields of PTS, and of DTS if it differs."""
    if pts_90k == dts_90k:
        return _time(0b0010, pts_90k)
    return _time(0b0011, pts_90k) + _time(0b0001, dts_90k)


def _time(prefix: int, value_90k: int) -> bytes:
    value = value_90k & 0x1_FFFF_FFFF
    bits = prefix << 36 | (value >> 30) << 33 | 1 << 32 | (value >> 15 & 0x7FFF) << 17 | 1 << 16
    return (bits | (value & 0x7FFF) << 1 | 1).to_bytes(5, "big")


def pes_flags(times: bytes) -> tuple[int, int]:
    """Returns PTS_DTS_flags and PES_header_data_length."""
    return {0: 0x00, 5: 0x80, 10: 0xC0}[len(times)], len(times)


class TransportStream:
    """Packs pictures of one program with one stream."""

    def __init__(self, codec: str) -> None:
        self._type = _VIDEO_TYPE[codec]
        self._counters: Counter[int] = Counter()

    def pack(self, unit: Unit, pts_90k: int, dts_90k: int) -> bytes:
        """Packs one picture into whole packets; tables stand before each keyframe."""
        tables = b""
        if unit.is_keyframe:
            program = struct.pack(">HH", 1, 0xE000 | _PMT_PID)
            streams = struct.pack(">HHBHH", 0xE000 | _VIDEO_PID, 0xF000, self._type, 0xE000 | _VIDEO_PID, 0xF000)
            tables = self._packets(_PAT_PID, _section(0x00, program)) + self._packets(_PMT_PID, _section(0x02, streams))
        times = pes_times(pts_90k, dts_90k)
        head = b"\0\0\1\xe0\0\0" + bytes([0x84, *pes_flags(times)]) + times
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
    return b"\0" + section + struct.pack(">I", crc32_mpeg(section))
