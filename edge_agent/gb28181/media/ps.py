"""Extracts the video of a program stream (ISO/IEC 13818-1, 2.5) as devices write it.

A header is believed only as far as the next start code agrees: maps with wrong lengths and checksums, packs without
their ten bytes, private packets and announced audio all occur. The codec is recognized by the video itself.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

MAX_HELD_BYTES: Final = 4 * 1024 * 1024
"""Longest packet of video without a length: more than any picture."""
PACK: Final = b"\x00\x00\x01\xba"
_CODE: Final = b"\x00\x00\x01"
_LEAST: Final = 0xB9
"""Codes below are the video's own: NAL headers begin with a zero bit."""
_END, _PACK, _SYSTEM, _MAP = 0xB9, 0xBA, 0xBB, 0xBC
_VIDEO: Final = range(0xE0, 0xF0)
_PACK_BYTES: Final = 14
_MPEG1_PACK_BYTES: Final = 12
_PES_BYTES: Final = 9
_TIMES_BYTES: Final = 10
"""PTS and DTS. What a header has beyond them may be a lie."""
_MPEG1_HEADER_BYTES: Final = 16 + 2 + 10
"""Stuffing, the size of a buffer, PTS and DTS."""
_TABLE_BYTES: Final = 1018
"""A map is no longer (2.5.4.2), and no system header that occurs."""
_STRAY_BYTES: Final = 64 * 1024
"""Distance behind a wrong length within which the next start code is looked for."""
_ZEROS: Final = 4096
STREAM_TYPES: Final = {0x10: "MPEG-4", 0x80: "SVAC"}
"""Video types of a map that are not decoded here: for messages."""


class VideoPiece(NamedTuple):
    """A piece of the elementary stream."""

    data: bytes
    pts_90k: int | None


class LostBytes(NamedTuple):
    """Bytes that belong to nothing, or a packet whose length was wrong: what was read before may be damaged."""

    bytes: int


Piece: TypeAlias = VideoPiece | LostBytes


class ProgramStream:
    """Demultiplexes one stream: takes bytes, returns pieces of video."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._needs = 0
        """Bytes that have to be held before anything new can be read."""
        self._scanned = 0
        """Bytes of the unit being read that hold no start code."""
        self.is_synced = False
        """True if the next bytes are known to be a unit of the stream."""
        self.claimed: frozenset[int] = frozenset()
        """Stream types of the newest map."""

    @property
    def held_bytes(self) -> int:
        """Bytes of the unit that is being read; `MAX_HELD_BYTES` at most."""
        return len(self._held)

    @property
    def is_at_boundary(self) -> bool:
        """True if all that was pushed has been read: nothing is half done."""
        return not self._held

    def reset(self) -> VideoPiece | None:
        """Skips to the next pack, as bytes are missing; returns what there is of a video packet whose end is lost.

        A picture may begin in it, and that one shows that the picture before is whole.
        """
        held = self._held
        is_video = self.is_synced and len(held) > _PES_BYTES and self._is_code(0) and held[3] in _VIDEO
        piece = self._payload(0, len(held)) if is_video else None
        held.clear()
        self.is_synced, self._needs, self._scanned = False, 0, 0
        return piece if isinstance(piece, VideoPiece) else None

    def push(self, data: bytes) -> Sequence[Piece]:
        """Takes bytes; returns the pieces that are whole by now."""
        held = self._held
        held += data
        if len(held) < self._needs:
            return ()
        pieces: list[Piece] = []
        at, self._needs = 0, 0
        while self.is_synced or (at := self._seek_pack(at, pieces)) >= 0:
            if len(held) - at < 4:
                break
            if not self._is_code(at):
                zeros = self._zeros(at)
                self.is_synced = zeros > 0
                if not zeros:
                    pieces.append(LostBytes(0))
                at += zeros
                continue
            step, piece = self._read(at)
            if not step:
                break
            at, self._scanned = at + step, 0
            if piece is not None:
                pieces.append(piece)
        del held[: at if at >= 0 else max(0, len(held) - 3)]
        return pieces

    def _seek_pack(self, at: int, pieces: list[Piece]) -> int:
        """Returns the position of the next pack, -1 if it is not here yet; what is passed over is lost."""
        found = self._held.find(PACK, at)
        passed = (found if found >= 0 else max(at, len(self._held) - 3)) - at
        if passed:
            pieces.append(LostBytes(passed))
        self.is_synced = found >= 0
        return found

    def _zeros(self, at: int) -> int:
        """Counts the zeros before a start code, or before what is not here yet: padding that no header announces."""
        some = bytes(self._held[at : at + _ZEROS])
        run = len(some) - len(some.lstrip(b"\0"))
        if run == len(some):
            return run - 3
        return max(0, run - 2) if some[run] == 1 else 0

    def _read(self, at: int) -> tuple[int, Piece | None]:
        """Reads one unit: its length, 0 where more bytes are needed, and its content."""
        code = self._held[at + 3]
        if code == _PACK:
            return self._pack_bytes(at), None
        if code == _END:
            return 4, None
        if len(self._held) - at < 6:
            return 0, None
        length = self._held[at + 4] << 8 | self._held[at + 5]
        if code in _VIDEO:
            return self._video(at, length) if length else self._endless_video(at)
        return self._other(at, code, length), None

    def _pack_bytes(self, at: int) -> int:
        """Returns the length of a pack header: also one that is cut off, or of MPEG-1."""
        held = self._held
        following = self._next_code(at + 4, at + _PACK_BYTES)
        if following is not None:  # marker bits keep start codes out of a whole header
            return following - at
        if len(held) - at < _PACK_BYTES + 3:
            return 0
        if held[at + 4] >> 6 == 1:
            pack_bytes = _PACK_BYTES + (held[at + 13] & 7)
            return pack_bytes if len(held) - at >= pack_bytes else 0
        return _MPEG1_PACK_BYTES if held[at + 4] >> 4 == 2 else 4

    def _other(self, at: int, code: int, length: int) -> int:
        """Passes over system header, map, audio or private data by its length, if a start code stands behind it."""
        held, end = self._held, at + 6 + length
        is_table = code in {_SYSTEM, _MAP}
        if not is_table or length <= _TABLE_BYTES:
            if len(held) < end + 4:
                self._needs = end + 4 - at
                return 0
            if self._is_code(end) or (not is_table and held.startswith(b"\0\0\0", end)):
                if code == _MAP:
                    self.claimed = _stream_types(bytes(held[at + 6 : end]))
                return end - at
        # Waiting for a wrong length would hold back what is here already.
        following = self._next_code(at + max(6, self._scanned), end + _STRAY_BYTES)
        if following is not None:
            return following - at
        if len(held) - end < _STRAY_BYTES + 4:
            self._scanned = max(6, len(held) - at - 3)
            return 0
        self.is_synced = False
        return 6

    def _video(self, at: int, length: int) -> tuple[int, Piece | None]:
        end = at + 6 + length
        if len(self._held) < end:
            self._needs = end - at
            return 0, None
        return end - at, self._payload(at, end)

    def _endless_video(self, at: int) -> tuple[int, Piece | None]:
        """Reads a video packet without a length: it ends where the next unit begins."""
        held = self._held
        end = self._next_code(at + max(_PES_BYTES, self._scanned), len(held))
        if end is not None:
            return end - at, self._payload(at, end)
        if len(held) - at > MAX_HELD_BYTES:
            return len(held) - at, LostBytes(len(held) - at)
        self._scanned = max(0, len(held) - at - 3)
        return 0, None

    def _payload(self, at: int, end: int) -> Piece:
        """Reads a video packet (2.4.3.6), from its first own start code on if its header's length cannot be right."""
        held = self._held
        if end - at < _PES_BYTES:
            return LostBytes(end - at)
        if held[at + 6] >> 6 != 2 and (mpeg1 := _mpeg1_header(held[at + 6 : min(at + 6 + _MPEG1_HEADER_BYTES, end)])):
            return VideoPiece(bytes(held[at + 6 + mpeg1.bytes : end]), mpeg1.pts_90k)
        begin = at + _PES_BYTES + held[at + 8]
        pts = _pts(held[at + _PES_BYTES : min(begin, end)]) if held[at + 7] & 0x80 else None
        if begin - at > _PES_BYTES + _TIMES_BYTES or begin > end:
            earlier = held.find(_CODE, at + _PES_BYTES, min(begin, end))
            if earlier < 0 and begin > end:
                return LostBytes(end - at)
            begin = begin if earlier < 0 else earlier - (held[earlier - 1] == 0)
        with memoryview(held) as view:
            return VideoPiece(bytes(view[begin:end]), pts)

    def _is_code(self, at: int) -> bool:
        return self._held.startswith(_CODE, at) and self._held[at + 3] >= _LEAST

    def _next_code(self, begin: int, end: int) -> int | None:
        """Returns the next start code of the stream, not of the video, that stands before `end` and is held whole."""
        held = self._held
        at = held.find(_CODE, begin, end + 2)
        while 0 <= at < len(held) - 3:
            if held[at + 3] >= _LEAST:
                return at
            at = held.find(_CODE, at + 3, end + 2)
        return None


def _pts(data: bytes | bytearray) -> int | None:
    """Reads a PTS: 33 bits in five bytes, with marker bits between (2.4.3.7); None where those are wrong."""
    if len(data) < 5 or not (data[0] & 1 and data[2] & 1 and data[4] & 1):
        return None
    return (data[0] >> 1 & 7) << 30 | data[1] << 22 | (data[2] >> 1) << 15 | data[3] << 7 | data[4] >> 1


class _Mpeg1Header(NamedTuple):
    bytes: int
    pts_90k: int | None


def _mpeg1_header(data: bytes | bytearray) -> _Mpeg1Header | None:
    """Reads a packet header of MPEG-1 (ISO/IEC 11172-1, 2.4.3.3), as FFmpeg's `mpeg` writes it; None: it is none."""
    at = len(data) - len(data.lstrip(b"\xff"))
    at += 2 if data[at : at + 1] and data[at] >> 6 == 1 else 0
    head = data[at] if at < len(data) else 0
    if head == 0x0F:
        return _Mpeg1Header(at + 1, None)
    size = {2: 5, 3: 10}.get(head >> 4, 0)
    pts = _pts(data[at : at + 5])
    return _Mpeg1Header(at + size, pts) if size and at + size <= len(data) and pts is not None else None


def _stream_types(section: bytes) -> frozenset[int]:
    """Returns the stream types of a map's body, as far as its lengths make sense; the checksum is not checked."""
    at = 4 + int.from_bytes(section[2:4])
    at, end = at + 2, min(len(section), at + 2 + int.from_bytes(section[at : at + 2]))
    types = set()
    while at + 4 <= end:
        types.add(section[at])
        at += 4 + int.from_bytes(section[at + 2 : at + 4])
    return frozenset(types)
