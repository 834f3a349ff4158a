"""Extracts the video of a transport stream (ISO/IEC 13818-1, 2.4), which a few devices send in place of PS.

No tables are read: the first packet that begins a PES of video shows its PID.
"""

from collections.abc import Sequence
from typing import Final

from edge_agent.gb28181.media.ps import LostBytes, Piece, ProgramStream, VideoPiece

PACKET_BYTES: Final = 188
_SYNC: Final = 0x47
_VIDEO: Final = range(0xE0, 0xF0)
_PACK: Final = b"\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01\x00\x00\x03\xf8"
"""A pack header, so that the PES behind it are read as those of a program stream."""


def is_ts(payload: bytes) -> bool:
    """True if an RTP payload is whole packets of a transport stream (RFC 2250)."""
    return bool(payload) and not len(payload) % PACKET_BYTES and set(payload[::PACKET_BYTES]) == {_SYNC}


class TransportStream:
    """Demultiplexes one stream, as `ProgramStream` does."""

    claimed: frozenset[int] = frozenset()
    is_synced = True
    is_at_boundary = False
    """A PES of video mostly has no length here: it ends where the next begins."""

    def __init__(self) -> None:
        self._pid: int | None = None
        self._counter: int | None = None
        self._inner = ProgramStream()

    @property
    def held_bytes(self) -> int:
        return self._inner.held_bytes

    def reset(self) -> VideoPiece | None:
        """Drops what is half read, as packets are missing. Returns what `ProgramStream.reset` returns."""
        self._counter = None
        return self._inner.reset()

    def push(self, data: bytes) -> Sequence[Piece]:
        """Takes whole packets; returns the pieces that end in them."""
        pieces: list[Piece] = []
        if len(data) % PACKET_BYTES:
            self.reset()
            pieces.append(LostBytes(len(data)))
        else:
            for at in range(0, len(data), PACKET_BYTES):
                pieces += self._packet(data[at : at + PACKET_BYTES])
        return pieces

    def _packet(self, packet: bytes) -> Sequence[Piece]:
        if packet[0] != _SYNC or packet[1] & 0x80:
            self.reset()
            return (LostBytes(PACKET_BYTES),)
        begins, pid = packet[1] & 0x40, int.from_bytes(packet[1:3]) & 0x1FFF
        control, counter = packet[3] >> 4 & 3, packet[3] & 0x0F
        payload = packet[4 + (1 + packet[4] if control & 2 else 0) :] if control & 1 else b""
        if begins and self._pid is None and payload[:3] == _PACK[:3] and int.from_bytes(payload[3:4]) in _VIDEO:
            self._pid = pid
        if pid != self._pid or not payload or counter == self._counter:
            return ()  # others, and a packet that is sent twice (2.4.3.3)
        pieces: list[Piece] = []
        if self._counter is not None and counter != (self._counter + 1) % 16:
            self._inner.reset()
            pieces.append(LostBytes(PACKET_BYTES))
        self._counter = counter
        pieces += self._inner.push(_PACK + payload if begins else payload)
        return pieces
