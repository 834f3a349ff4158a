"""Carries SIP over UDP and TCP on one port: sockets and asyncio callbacks, without any knowledge of SIP."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol

from provisioning.sip.peer import Peer

_BACKLOG: Final = 1024
_RECEIVE_BYTES: Final = 4 * 1024 * 1024
"""Room for ten thousand devices that register at one moment; Linux gives net.core.rmem_max at most."""
_UNREAD_BYTES: Final = 1024 * 1024
"""Bytes written to a connection and not read by its device, past which the connection is cut."""
_LEAST_CONNECTIONS: Final = 1024
_EACH: Final = 2
"""Connections a device: the old one may not have ended when the new one comes."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of TCP connections, in all and from one address. A connection beyond them is closed at once."""

    connections: int
    per_address: int

    @classmethod
    def of(cls, devices: int) -> "ConnectionLimits":
        """Returns the limits for so many configured devices, which may all come through one address."""
        connections = max(_LEAST_CONNECTIONS, _EACH * devices)
        return cls(connections, max(_LEAST_CONNECTIONS // 2, _EACH * devices))


class ConnectionListener(Protocol):
    """Receives what the sockets bring."""

    def datagram(self, data: bytes, peer: Peer) -> None:
        """Takes one UDP datagram."""

    def made(self, peer: Peer) -> None:
        """Takes a new TCP connection."""

    def stream(self, data: bytes, peer: Peer) -> None:
        """Takes bytes of a TCP connection."""

    def lost(self, peer: Peer) -> None:
        """Takes the end of a TCP connection."""


def open_sockets(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Opens a UDP socket and a TCP listener on one port.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    listener = socket.create_server((host, port), backlog=_BACKLOG)
    try:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
            udp.bind((host, port))
        except OSError:
            udp.close()
            raise
    except OSError:
        listener.close()
        raise
    for each in (udp, listener):
        each.setblocking(False)
    return udp, listener


def address_towards(host: str) -> str:
    """Returns our own address on the way to a host; nothing is sent. Empty where there is no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect((host, 9))
        return str(probe.getsockname()[0])
    return ""


class Connections:
    """Serves the UDP socket and the TCP connections from `open` to `close`."""

    def __init__(self, listener: ConnectionListener, limits: ConnectionLimits) -> None:
        self._listener = listener
        self._limits = limits
        self._udp: asyncio.DatagramTransport | None = None
        self._streams: dict[Peer, asyncio.Transport] = {}
        self._here: Counter[str] = Counter()
        self._numbers = count(1)
        self.shut_out = 0
        """Connections closed because they were beyond the limits."""

    async def open(self, udp: socket.socket, listener: socket.socket) -> asyncio.Server:
        """Begins to serve both sockets; the caller closes the server, and then calls `close`."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._listener.datagram), sock=udp)
        return await loop.create_server(lambda: _Stream(self), sock=listener)

    def close(self) -> None:
        """Ends the UDP transport and every connection."""
        if self._udp is not None:
            self._udp.abort()
        for stream in list(self._streams.values()):
            stream.abort()

    def send(self, data: bytes, peer: Peer) -> None:
        """Sends to a peer; a connection that has ended drops the data."""
        if peer.transport == "udp":
            if self._udp is not None:
                self._udp.sendto(data, (peer.host, peer.port))
            return
        stream = self._streams.get(peer)
        if stream is None or stream.is_closing():
            return
        stream.write(data)
        if stream.get_write_buffer_size() > _UNREAD_BYTES:
            stream.abort()

    def hang_up(self, peer: Peer) -> None:
        """Closes a connection once what was sent before has gone out."""
        stream = self._streams.get(peer)
        if stream is not None:
            stream.close()

    # --- for its protocols

    def arrived(self, stream: asyncio.Transport) -> Peer | None:
        """Registers a connection; returns None where it is beyond the limits, and closed."""
        host, port = stream.get_extra_info("peername")[:2]
        if len(self._streams) >= self._limits.connections or self._here[host] >= self._limits.per_address:
            self.shut_out += 1
            stream.abort()
            return None
        peer = Peer("tcp", str(host), int(port), next(self._numbers))
        self._streams[peer] = stream
        self._here[host] += 1
        self._listener.made(peer)
        return peer

    def left(self, peer: Peer) -> None:
        """Removes a connection that has ended."""
        del self._streams[peer]
        self._here[peer.host] -= 1
        if not self._here[peer.host]:
            del self._here[peer.host]
        self._listener.lost(peer)

    def received(self, data: bytes, peer: Peer) -> None:
        """Passes on bytes of a connection."""
        self._listener.stream(data, peer)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Peer], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received(data, Peer("udp", addr[0], addr[1]))


class _Stream(asyncio.Protocol):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._peer: Peer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._peer = self._connections.arrived(transport)

    def data_received(self, data: bytes) -> None:
        if self._peer is not None:
            self._connections.received(data, self._peer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever ended it, it has ended
        if self._peer is not None:
            self._connections.left(self._peer)
