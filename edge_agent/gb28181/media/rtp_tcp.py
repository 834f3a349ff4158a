"""Frames RTP packets of a TCP connection: RFC 4571, or `$` frames of the 2011 amendment. The first frame decides.

A length of 0x2400 to 0x24FF begins with `$` too: the position of the RTP header tells the two apart. Some devices write
into a socket that takes only a part of it and lose the rest. Then a packet is filled up with what follows it, and the
bytes make no sense until the next place where a length, RTP's version and the stream's SSRC fit. Therefore a packet
counts only when another stands where it ends, or when nothing more comes.
"""

from collections.abc import Sequence
from typing import Final

from provisioning.sip.errors import ProtocolError

MAX_LOST_BYTES: Final = 128 * 1024
"""Bytes in a row. By then it is no accident: another stream, or none."""
MAX_HELD_BYTES: Final = 2 * (4 + 0xFFFF)
"""Bytes of earlier pushes: a packet whose successor is not clear yet, and that one."""
_DOLLAR: Final = 0x24
_PRIVATE_HEAD_BYTES: Final = 256
_PACK: Final = b"\x00\x00\x01\xba"
_RTP_BYTES: Final = 12
_MAX_SSRCS: Final = 4


class FramingError(ProtocolError):
    """These bytes are no RTP over TCP, in neither way of framing."""


class TcpFramer:
    """Frames one connection. `lost_bytes` counts what made no sense."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._needs = 0
        """Bytes that have to be held before anything new can be read."""
        self._prefix = 0
        """Bytes before each packet: 2, or 4 with `$`; 0 while it is not clear."""
        self._ssrcs: dict[bytes, None] = {}
        """The newest. Video, and with some devices sound, have one each."""
        self._last: bytes | None = None
        """The newest packet, while nothing stands behind it."""
        self._lost_in_a_row = 0
        self.lost_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of the next packet; `MAX_HELD_BYTES` at most."""
        return len(self._held)

    @property
    def is_waiting(self) -> bool:
        """True if a whole packet is held until another stands behind it."""
        return self._last is not None

    def push(self, data: bytes) -> Sequence[bytes]:
        """Takes bytes; returns the packets that count by now.

        Raises:
            FramingError: the connection begins with something else, or makes no sense any more. There is no use in
                reading on.
        """
        held = self._held
        held += data
        if len(held) < self._needs or (not self._prefix and not self._decide()):
            return ()
        ready: list[bytes] = []
        at, ahead, self._needs = 0, self._prefix + _RTP_BYTES, 0
        while len(held) - at >= ahead:
            verdict = self._is_packet(at)
            if verdict is None:
                break
            if not verdict:
                at = self._pass_over(at)
                continue
            ready += self.flush()
            end = at + self._prefix + self._length(at)
            if len(held) < end:
                self._needs = end - at
                break
            self._last = bytes(held[at + self._prefix : end])
            if self._last[8:12] not in self._ssrcs and not _is_rtcp(self._last[1]):
                self._ssrcs[self._last[8:12]] = None
                if len(self._ssrcs) > _MAX_SSRCS:
                    del self._ssrcs[next(iter(self._ssrcs))]
            at, self._lost_in_a_row = end, 0
        del held[:at]
        return ready

    def flush(self) -> list[bytes]:
        """Returns the newest packet as it is: nothing comes behind it."""
        last, self._last = self._last, None
        return [] if last is None else [last]

    def _decide(self) -> bool:
        """Finds out the framing; returns False while it is not clear."""
        held = self._held
        if len(held) >= 3 and held[:2] == b"\x01\x00" and 0x01 <= held[2] < 0x80:
            if len(held) < _PRIVATE_HEAD_BYTES:
                return False
            del held[:_PRIVATE_HEAD_BYTES]
        if len(held) < 5:
            return False
        if held[2] >> 6 == 2:
            self._prefix = 2
        elif held[0] == _DOLLAR and held[4] >> 6 == 2:
            self._prefix = 4
        else:
            raise FramingError(
                f"the connection begins with {held[:5].hex(' ')}: neither RFC 4571 nor `$` framing of RTP version 2"
            )
        return True

    def _length(self, at: int) -> int:
        begin = at + self._prefix
        return self._held[begin - 2] << 8 | self._held[begin - 1]

    def _looks_like_one(self, at: int) -> bool:
        """True if a length and RTP's version fit here; both are held."""
        is_marked = self._prefix == 2 or self._held[at] == _DOLLAR
        return is_marked and self._held[at + self._prefix] >> 6 == 2 and self._length(at) >= _RTP_BYTES

    def _ssrc(self, at: int) -> bytes:
        return bytes(self._held[at + self._prefix + 8 : at + self._prefix + 12])

    def _is_packet(self, at: int) -> bool | None:
        """True if a frame begins here; None: more bytes are needed.

        A packet of a new SSRC counts if the next frame stands where this one ends.
        """
        if not self._looks_like_one(at):
            return False
        ssrc = self._ssrc(at)
        if not self._ssrcs or ssrc in self._ssrcs or _is_rtcp(self._held[at + self._prefix + 1]):
            return True
        following = at + self._prefix + self._length(at)
        if len(self._held) < following + self._prefix + _RTP_BYTES:
            self._needs = following + self._prefix + _RTP_BYTES - at
            return None
        return self._looks_like_one(following) and self._ssrc(following) in {ssrc, *self._ssrcs}

    def _pass_over(self, at: int) -> int:
        """Skips to where the next frame may begin: the packet before had lost bytes.

        Raises:
            FramingError: there has been none for too long.
        """
        found = self._next_place(at + 1)
        number = found - at + sum(map(len, self.flush()))
        self.lost_bytes += number
        self._lost_in_a_row += number
        if self._lost_in_a_row > MAX_LOST_BYTES:
            raise FramingError(f"{self._lost_in_a_row} bytes in a row are no RTP of the stream that it began with")
        return found

    def _next_place(self, begin: int) -> int:
        """Returns the position from `begin` on where a frame may begin, else the end of the useless bytes."""
        places = [self._place_of(mark, self._prefix + 8, begin) for mark in self._ssrcs]
        found = [place for place in places if place is not None]
        if not found and (place := self._place_of(_PACK, self._prefix + _RTP_BYTES, begin)) is not None:
            found = [place]
        return min(found, default=max(begin, len(self._held) - (self._prefix + _RTP_BYTES) + 1))

    def _place_of(self, mark: bytes, before: int, begin: int) -> int | None:
        at = self._held.find(mark, begin + before)
        while at >= 0:
            if self._looks_like_one(at - before):
                return at - before
            at = self._held.find(mark, at + 1)
        return None


def _is_rtcp(second: int) -> bool:
    return 192 <= second <= 223
