"""Finds the end of a SIP message: in a TCP stream, and in texts that a device cuts over several datagrams.

Content-Length is right most of the time. It may be missing, 0 although there is a body, counted in characters, or too
long. MANSCDP marks its own end, so that an XML body is believed before a length, and a pause before silence.
"""

import re
from dataclasses import dataclass
from typing import Final

from provisioning.sip import message as sip
from provisioning.sip.errors import SipError
from provisioning.sip.peer import Peer

PAUSE_S: Final = 1.0
"""Seconds without a further byte after which a possible message counts as whole; a datagram waits as long for the
next."""
MAX_JOINED: Final = 256
"""Texts that wait for their next datagram at a time. Past it the oldest is released as it is."""
MAX_JOINED_BYTES: Final = 4 * 1024 * 1024
"""Bytes of all waiting texts together. Past it the oldest is released as it is."""
MAX_PIECES: Final = 64
"""Datagrams of one text: what has come is searched again with each. The largest message is 46 Ethernet frames."""
_PING: Final = b"\r\n \t\0"
_LENGTH: Final = re.compile(rb"\n(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_TYPE: Final = re.compile(rb"\n(?:content-type|c)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_NEXT: Final = re.compile(rb"(?<=[\n>])(?:" + sip.START.pattern + rb")", re.IGNORECASE)
_LONGEST: Final = 2048
"""Longest closing tag or first line in bytes: so much is searched again when more has come."""


@dataclass(frozen=True, slots=True)
class _Head:
    body_at: int
    stated: int | None
    """Number in the Content-Length header; None: missing, or no number."""
    kind: bytes
    """Content-Type, in small letters."""

    @property
    def is_silent_on_length(self) -> bool:
        """True if there may be a body, and its length is not known."""
        if self.stated is None:
            return bool(self.kind)
        return self.stated == 0 and (b"xml" in self.kind or b"sdp" in self.kind)


def _head(data: bytes | bytearray, searched: int = 0) -> _Head | None:
    """Parses the end, length and type of the headers; None: their empty line has not come."""
    end = sip.HEAD_END.search(data, searched)
    if end is None:
        return None
    length, kind = _LENGTH.search(data, 0, end.start()), _TYPE.search(data, 0, end.start())
    stated = None if length is None else sip.stated_length(length[1].decode(errors="replace").strip())
    return _Head(end.end(), stated, b"" if kind is None else kind[1].lower())


class StreamFramer:
    """Splits one TCP connection's bytes into whole messages. Empty lines between messages are keep-alive pings.

    It holds at most one message and what came in one piece with it, if `next_message` is called until it returns None.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_paused = False
        self._heard_s = 0.0
        self._waits = False
        self._begin()

    def _begin(self) -> None:
        """Resets the search for the message that begins where the buffer does."""
        self._has_start = False
        self._head: _Head | None = None
        self._searched = self._root_searched = 0
        """Position up to which the search was in vain: it is not repeated at every byte."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Takes more bytes of the stream."""
        self._buffer += data
        self._heard_s, self._is_paused = now_s, False

    def next_message(self) -> bytes | None:
        """Returns one whole message, for `sip.parse`; None until more comes or the timer is due.

        Raises:
            SipError: this is not SIP, or a message is too large. Nothing after it can be read: hang up.
        """
        self._waits = False
        head = self._head = self._head or self._read_head()
        if head is None:
            return None
        end, at_pause = self._end(head)
        if end is None and self._is_paused:
            end = at_pause
        if end is None:
            if len(self._buffer) > sip.MAX_MESSAGE:
                raise SipError(f"a SIP message on a TCP connection has no end within {sip.MAX_MESSAGE} bytes")
            self._waits = at_pause is not None
            return None
        message = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._begin()
        return message

    def get_timer(self) -> float | None:
        """Returns the second at which `handle_timer` is due, if nothing more comes; None: nothing waits."""
        return self._heard_s + PAUSE_S if self._waits else None

    def handle_timer(self, now_s: float) -> None:
        """Ends the pause: `next_message` may return a message that waited for its end."""
        self._is_paused = now_s >= self._heard_s + PAUSE_S

    def _read_head(self) -> _Head | None:
        buffer = self._buffer
        if not self._has_start:
            del buffer[: len(buffer) - len(buffer.lstrip(_PING))]
            line = buffer.find(b"\n")
            if line < 0 and len(buffer) <= sip.MAX_LINE:
                return None
            if sip.START.fullmatch(buffer[: max(line, 0)].rstrip(b"\r")) is None:
                raise SipError("what comes over a TCP connection is not SIP: no request line and no status line")
            self._has_start = True
        head = _head(buffer, max(0, self._searched - len(b"\n\r\n")))
        self._searched = len(buffer) if head is None else 0
        if (len(buffer) if head is None else head.body_at + (head.stated or 0)) > sip.MAX_MESSAGE:
            raise SipError(f"a SIP message on a TCP connection is over {sip.MAX_MESSAGE} bytes")
        return head

    def _end(self, head: _Head) -> tuple[int | None, int | None]:
        """Returns the message's end, and its end if no more comes for a while. None: not in the buffer."""
        start, here = head.body_at, len(self._buffer)
        limit = start + head.stated if head.stated else None
        if sip.is_xml(self._buffer[start : start + sip.MAX_INDENT]):
            return self._xml_end(start, limit)
        if head.is_silent_on_length:
            return self._next_start(start), here
        end = limit or start
        return (end if here >= end else None), None

    def _xml_end(self, start: int, limit: int | None) -> tuple[int | None, int | None]:
        buffer, here = self._buffer, len(self._buffer)
        root = sip.ROOT_END.search(buffer, max(start, self._root_searched))
        if root is None:
            self._root_searched = here - _LONGEST
            return (None, None) if limit is not None and here < limit else (self._next_start(start), here)
        self._root_searched = root.start()
        if limit is not None and here < limit:  # the length is too long, or more comes
            return self._next_start(root.end()), here
        if limit is None or buffer.index(b">", root.start()) >= limit:  # the length is missing or too short
            return root.end(), None
        if not buffer[root.end() : min(root.end() + 1, limit)].isalpha():
            return limit, None
        following = self._next_start(root.end())  # the length may be too long, and reach into the next message
        return (None, limit) if following is None else (min(following, limit), None)

    def _next_start(self, at: int) -> int | None:
        """Returns the position at which the next message begins, from there on."""
        found = _NEXT.search(self._buffer, max(at, self._searched))
        self._searched = len(self._buffer) - _LONGEST
        return None if found is None else found.start()


@dataclass(frozen=True, slots=True)
class _Held:
    text: bytes
    pieces: int
    until_s: float


class DatagramJoiner:
    """Joins datagrams to whole messages: some recorders cut a SIP text over several datagrams.

    A text that is not whole waits a second for datagrams of the same peer without a first line. Then, or where too many
    wait or it came in too many pieces, it is released as it is, and `sip.parse` reports what it lacks.
    """

    def __init__(self) -> None:
        self._held: dict[Peer, _Held] = {}
        """Unfinished texts by peer, in the order in which they came."""
        self._bytes = 0

    def receive(self, data: bytes, peer: Peer, now_s: float) -> list[tuple[bytes, Peer]]:
        """Returns the messages that are whole now, each with its peer. Keep-alive pings come to nothing."""
        out = self.handle_timer(now_s)
        held = new = _Held(b"", 0, now_s + PAUSE_S)
        if peer in self._held:
            held = self._release(peer)
            if _has_start(data):
                out.append((held.text, peer))
                held = new
        text = held.text + (data if held.text else data.lstrip(_PING))
        may_wait = len(text) <= sip.MAX_MESSAGE and held.pieces + 1 < MAX_PIECES
        if may_wait and _has_start(text) and not _is_whole(text):
            self._held[peer] = _Held(text, held.pieces + 1, held.until_s)
            self._bytes += len(text)
        elif text:
            out.append((text, peer))
        while len(self._held) > MAX_JOINED or self._bytes > MAX_JOINED_BYTES:
            oldest = next(iter(self._held))
            out.append((self._release(oldest).text, oldest))
        return out

    def get_timer(self) -> float | None:
        """Returns the second at which `handle_timer` is due; None: nothing waits."""
        return min((held.until_s for held in self._held.values()), default=None)

    def handle_timer(self, now_s: float) -> list[tuple[bytes, Peer]]:
        """Returns the texts that have waited long enough, as they are."""
        late = [peer for peer, held in self._held.items() if held.until_s <= now_s]
        return [(self._release(peer).text, peer) for peer in late]

    def _release(self, peer: Peer) -> _Held:
        held = self._held.pop(peer)
        self._bytes -= len(held.text)
        return held


def _has_start(text: bytes) -> bool:
    return sip.START.match(text.lstrip(_PING)) is not None


def _is_whole(text: bytes) -> bool:
    head = _head(text)
    if head is None:
        return False
    rest = text[head.body_at :]
    if sip.is_xml(rest):
        return len(rest) == head.stated or sip.ROOT_END.search(rest) is not None
    return head.stated is None or len(rest) >= head.stated
