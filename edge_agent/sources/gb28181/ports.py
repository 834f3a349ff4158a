"""Gives out ports for media, and holds those of ended sessions until nothing can come to them late.

An open socket holds its port. What comes late would be taken for the next session's media: it is thrown away, and shows
that the device goes on sending.
"""

import errno
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.sources.gb28181.media_socket import widen
from provisioning.contracts.causes import gb28181
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.wire.messages import CodedCause

_BACKLOG: Final = 1
"""Backlog of a TCP listener: one device connects."""
_DATAGRAM: Final = 64 * 1024
_MANY: Final = 1024
"""Datagrams that one check takes from a port."""


class NoPortError(OSError):
    """Every port of the range is in use, by this agent or another program."""

    def __init__(self, reason: CodedCause) -> None:
        super().__init__(english(reason))
        self.reason = reason


class MediaPorts:
    """Gives out the even ports of a range, one after another. Thread-safe.

    A port that was let go comes again after all the others, when late packets have run dry.
    """

    def __init__(self, first: int, last: int, host: str = "") -> None:
        """`first` to `last`, both included; `host`: the address to bind to, empty for all of IPv4."""
        self._host = host
        self._ports: Sequence[int] = range(first + first % 2, last + 1, 2)
        self._next = 0
        self._lock = threading.Lock()

    def udp(self) -> socket.socket:
        """Opens a bound UDP socket.

        Raises:
            NoPortError: there is none.
        """
        return self._bound(socket.SOCK_DGRAM)

    def tcp(self) -> socket.socket:
        """Opens a TCP listener.

        Raises:
            NoPortError: there is none.
        """
        return self._bound(socket.SOCK_STREAM)

    def _bound(self, kind: socket.SocketKind) -> socket.socket:
        with self._lock:
            for _ in self._ports:
                port = self._ports[self._next]
                self._next = (self._next + 1) % len(self._ports)
                sock = socket.socket(socket.AF_INET, kind)
                try:
                    if kind is socket.SOCK_DGRAM:  # now: a device sends before its camera's process has begun to read
                        widen(sock)
                    if kind is socket.SOCK_STREAM:  # a port whose last connection is in TIME_WAIT is free
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    sock.bind((self._host, port))
                    if kind is socket.SOCK_STREAM:
                        sock.listen(_BACKLOG)
                except OSError as error:
                    sock.close()
                    if error.errno != errno.EADDRINUSE:
                        raise NoPortError(gb28181.MEDIA_PORT_UNUSABLE(port=port, error=error.strerror)) from error
                    continue
                return sock
        raise NoPortError(gb28181.NO_MEDIA_PORT(count=len(self._ports)))


@dataclass(slots=True)
class _Held:
    sock: socket.socket
    quiet_from_s: float | None


class HeldPorts:
    """Holds sockets by the number of their session. Not thread-safe."""

    def __init__(self) -> None:
        self._held: dict[int, _Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, session: int, sock: socket.socket, quiet_from_s: float | None) -> None:
        """Takes over the socket of an ended session. A listener is closed at once: a later connection is refused.

        `quiet_from_s` (monotonic): what comes after that is late; None: not known yet.
        """
        if sock.type == socket.SOCK_DGRAM:
            sock.setblocking(False)  # its receiver may have set a timeout, and a check must not wait
            self._held[session] = _Held(sock, quiet_from_s)
        else:
            sock.close()

    def quiet_from(self, session: int, at_s: float) -> None:
        """Notes the moment at which the device has heard the BYE."""
        held = self._held.get(session)
        if held is not None:
            held.quiet_from_s = at_s

    def let_go(self, session: int) -> None:
        """Closes the session's socket: its port is free."""
        held = self._held.pop(session, None)
        if held is not None:
            held.sock.close()

    def close(self) -> None:
        """Closes every held socket."""
        for session in list(self._held):
            self.let_go(session)

    def late(self, now_s: float) -> list[int]:
        """Returns the sessions to whose port something came that should not."""
        came = [session for session, held in self._held.items() if _drained(held.sock)]
        times = {session: self._held[session].quiet_from_s for session in came}
        return [session for session, quiet_s in times.items() if quiet_s is not None and now_s >= quiet_s]


def _drained(sock: socket.socket) -> bool:
    """Empties a socket; returns True if anything lay in it."""
    for taken in range(_MANY):
        try:
            sock.recv(_DATAGRAM, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return taken > 0
    return True
