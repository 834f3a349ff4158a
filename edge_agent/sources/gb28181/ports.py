"""Gives out ports for media: the even ones of a range, one after another. An open socket holds its port."""

import errno
import socket
import threading
from collections.abc import Sequence
from typing import Final

_BACKLOG: Final = 1
"""Backlog of a TCP listener: one device connects."""


class NoPortError(OSError):
    """Every port of the range is in use, by this agent or another program."""


class MediaPorts:
    """Thread-safe. A port that was let go comes again after all the others, when late packets have run dry."""

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
                    if kind is socket.SOCK_STREAM:  # a port whose last connection is in TIME_WAIT is free
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    sock.bind((self._host, port))
                    if kind is socket.SOCK_STREAM:
                        sock.listen(_BACKLOG)
                except OSError as error:
                    sock.close()
                    if error.errno != errno.EADDRINUSE:
                        raise NoPortError(f"media port {port} cannot be opened ({error.strerror})") from error
                    continue
                return sock
        raise NoPortError(
            f"no media port is free: {len(self._ports)} even ports are in use; widen gb28181.media_ports, two numbers a"
            " camera and as many again for sessions that are just over"
        )
