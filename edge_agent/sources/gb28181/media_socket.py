"""Reads one session's media: from a UDP socket, a connection that is made to us, or one that we make."""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from edge_agent.clock import Clock
from edge_agent.errors import Overrun, SourceError, Unreachable
from edge_agent.gb28181.media.sdp import Transport
from provisioning.contracts.causes import gb28181

BUFFER_BYTES: Final = 4 * 1024 * 1024
"""A keyframe of 1080p arrives in one burst."""
_DATAGRAM_BYTES: Final = 65_536
_STREAM_BYTES: Final = 16 * 1024
"""Bytes read of a connection at once. With more, a still scene's pictures, of 200 bytes each, outnumber the events that
a receiver holds, and are lost (seen with 64 KiB)."""
_BURST: Final = 64
"""Datagrams that are read before their pictures are looked at."""
_WAIT_S: Final = 0.1
_SO_RXQ_OVFL: Final = 40
"""Linux's option to note at each datagram how many a full socket has dropped before it. Python has no name for it."""
_NOTE_BYTES: Final = 4
_SO_MEMINFO: Final = 55
"""Linux's option for nine counters of a socket, the last of which are its dropped datagrams."""
_MEMINFO: Final = struct.Struct("=9I")
_TRIES: Final = 3


def _goes_on() -> SourceError | None:
    return None


@dataclass(frozen=True, slots=True)
class Media:
    """Media of one session. Its opener closes the socket; connections accepted from it belong to the source."""

    transport: Transport
    sock: socket.socket | None
    """A bound UDP socket, or a TCP listener; None for `tcp_active`, where we connect."""
    remote: tuple[str, int] | None
    """Address to connect to (`tcp_active`); else the one host that media may come from, and port 0. None: any, as the
    device names another than it signals from."""
    ssrc: int | None
    """SSRC of the RTP to come; None: not known, the first packet shows it."""
    advertised: str
    """HOST:PORT that the device was told to send to, or that it told us to fetch from: for messages."""
    started_at_ms: int | None = None
    """Capture time of timestamp 0 of recordings, Unix milliseconds; None: live."""
    ended_at_ms: int | None = None
    """End of the recordings that were asked for, Unix milliseconds; None: live."""
    ended: Callable[[], SourceError | None] = _goes_on
    """Returns why the session is over; None while it lasts. To be asked now and then."""


_BETWEEN_S: Final = 1.0
"""GB/T 28181-2022, annex L: an active side tries at least three times, a second or more apart."""
_CONNECT_S: Final = 3.0


class MediaSocket:
    """Receives one session, as a context.

    It closes the connections that it accepts or makes; `Media.sock` stays open.
    """

    def __init__(self, camera_id: str, media: Media, clock: Clock) -> None:
        """Prepares the socket; `connect` makes the connection where that is ours to do."""
        self._camera_id = camera_id
        self._media = media
        self._clock = clock
        self._connection: socket.socket | None = None
        self.strangers = 0
        """Connections and datagrams from elsewhere that were turned away."""
        if media.sock is not None:
            media.sock.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    @property
    def buffer_bytes(self) -> int:
        """Bytes that the kernel really holds for us."""
        sock = self._connection or self._media.sock
        return 0 if sock is None else sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2

    def connect(self, stop: threading.Event) -> None:
        """Connects to the device, for `tcp_active`.

        Raises:
            Unreachable: it was tried three times.
        """
        if self._media.transport != "tcp_active":
            return
        failure: OSError | None = None
        for number in range(_TRIES):
            if number and self._clock.wait(stop, _BETWEEN_S):
                return
            try:
                self._connection = socket.create_connection(self._media.remote or ("", 0), _CONNECT_S)
            except OSError as error:
                failure = error
                continue
            self._connection.setblocking(False)
            return
        why = "no answer" if isinstance(failure, TimeoutError) else getattr(failure, "strerror", None)
        raise Unreachable(
            self._camera_id,
            gb28181.MEDIA_UNREACHABLE(place=self._media.advertised, why=why),
        )

    def read(self) -> Iterator[tuple[bytes, str] | None]:
        """Yields what has arrived, at most a burst: (bytes, from which host). None: the connection has ended.

        Waits a tenth of a second for the first.

        Raises:
            Overrun: datagrams of a recording were dropped after what was read last.
            SourceError: the socket cannot be read.
        """
        sock = self._connection or self._media.sock
        if sock is None:
            return
        if not _is_readable(sock):
            if self._media.transport == "udp" and _dropped(sock):
                self._note_overrun()
            return
        try:
            if self._media.transport == "udp":
                yield from self._datagrams(sock)
            elif self._connection is None:
                self._accept(sock)
            else:
                yield self._bytes(self._connection)
        except BlockingIOError:
            return
        except ConnectionError:
            yield None
        except OSError as error:
            raise SourceError(self._camera_id, gb28181.MEDIA_SOCKET(error=error.strerror)) from error

    def _datagrams(self, sock: socket.socket) -> Iterator[tuple[bytes, str]]:
        expected = self._expected_host
        for _ in range(_BURST):
            data, notes, _, (host, *_) = sock.recvmsg(_DATAGRAM_BYTES, socket.CMSG_SPACE(_NOTE_BYTES))
            if notes:
                self._note_overrun()
            if expected is not None and host != expected:
                self.strangers += 1
                continue
            yield data, host

    def _note_overrun(self) -> None:
        """Ends a recording where the full socket has dropped a part, to be asked for again; a live stream goes on."""
        if self._media.started_at_ms is not None:
            raise Overrun(self._camera_id, gb28181.MEDIA_OVERRUN())

    def _bytes(self, connection: socket.socket) -> tuple[bytes, str] | None:
        data = connection.recv(_STREAM_BYTES)
        return (data, "") if data else None

    def _accept(self, listener: socket.socket) -> None:
        """Accepts a connection of the invited device; any other is closed. One at a time."""
        connection, (host, *_) = listener.accept()
        if self._expected_host not in {None, host}:
            self.strangers += 1
            connection.close()
            return
        connection.setblocking(False)
        widen(connection)
        self._connection = connection

    @property
    def _expected_host(self) -> str | None:
        return None if self._media.remote is None else self._media.remote[0]


def _is_readable(sock: socket.socket) -> bool:
    """Waits a tenth of a second for data. By poll: select takes no descriptor above 1023."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(_WAIT_S * 1000))


def _dropped(sock: socket.socket) -> int:
    """Returns how many datagrams found the socket full."""
    return int(_MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1])


def widen(sock: socket.socket) -> None:
    """Lets the kernel hold more of what comes, and count the datagrams for which that is not enough."""
    if sock.type == socket.SOCK_DGRAM:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
