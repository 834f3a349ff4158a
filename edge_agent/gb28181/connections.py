"""SIP over UDP and TCP on one port: sockets and asyncio's callbacks, and nothing that understands what passes."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Final, Protocol

from edge_agent.gb28181.sip.peer import Peer

_BACKLOG: Final = 1024
_RECEIVE_BYTES: Final = 4 * 1024 * 1024
"""Ten thousand devices that register at one moment; Linux gives net.core.rmem_max at most."""
_UNREAD_BYTES: Final = 1024 * 1024
"""Written to a connection and not taken by its device: then it is cut."""
_LEAST_CONNECTIONS: Final = 1024
_EACH: Final = 2
"""Connections a device: the old one may not have ended when the new one comes."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How many TCP connections there may be. Who comes beyond is shut out at once."""

    connections: int
    per_address: int

    @classmethod
    def of(cls, devices: int) -> "Caps":
        """For so many configured devices, which may all come through one address."""
        connections = max(_LEAST_CONNECTIONS, _EACH * devices)
        return cls(connections, max(_LEAST_CONNECTIONS // 2, _EACH * devices))


class Heard(Protocol):
    """Who understands it."""

    def datagram(self, data: bytes, peer: Peer) -> None:
        """One came."""

    def made(self, peer: Peer) -> None:
        """A connection."""

    def stream(self, data: bytes, peer: Peer) -> None:
        """Bytes of it."""

    def lost(self, peer: Peer) -> None:
        """It ended."""


def open_sockets(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """UDP, and a TCP listener, on one port.

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
    """Our own address on the way to a host; nothing is sent. Empty where there is no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect((host, 9))
        return str(probe.getsockname()[0])
    return ""


class Connections:
    """Serves both sockets while `run` runs."""

    def __init__(self, heard: Heard, caps: Caps) -> None:
        self._heard = heard
        self._caps = caps
        self._udp: asyncio.DatagramTransport | None = None
        self._streams: dict[Peer, asyncio.Transport] = {}
        self._here: Counter[str] = Counter()
        self._numbers = count(1)
        self.shut_out = 0
        """Connections beyond the caps."""

    async def open(self, udp: socket.socket, listener: socket.socket) -> asyncio.Server:
        """Begin; the server is the caller's to close, with `close`."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._heard.datagram), sock=udp)
        return await loop.create_server(lambda: _Stream(self), sock=listener)

    def close(self) -> None:
        """End everything."""
        if self._udp is not None:
            self._udp.abort()
        for stream in list(self._streams.values()):
            stream.abort()

    def send(self, data: bytes, peer: Peer) -> None:
        """To there, if there still is such a connection."""
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
        """What was sent before still goes out."""
        stream = self._streams.get(peer)
        if stream is not None:
            stream.close()

    # --- for its protocols

    def arrived(self, stream: asyncio.Transport) -> Peer | None:
        """A connection; None where it is one too many, and closed."""
        host, port = stream.get_extra_info("peername")[:2]
        if len(self._streams) >= self._caps.connections or self._here[host] >= self._caps.per_address:
            self.shut_out += 1
            stream.abort()
            return None
        peer = Peer("tcp", str(host), int(port), next(self._numbers))
        self._streams[peer] = stream
        self._here[host] += 1
        self._heard.made(peer)
        return peer

    def left(self, peer: Peer) -> None:
        """It is over."""
        del self._streams[peer]
        self._here[peer.host] -= 1
        if not self._here[peer.host]:
            del self._here[peer.host]
        self._heard.lost(peer)

    def said(self, data: bytes, peer: Peer) -> None:
        """Bytes of a connection."""
        self._heard.stream(data, peer)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, Peer], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._heard(data, Peer("udp", addr[0], addr[1]))


class _Stream(asyncio.Protocol):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._peer: Peer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._peer = self._connections.arrived(transport)

    def data_received(self, data: bytes) -> None:
        if self._peer is not None:
            self._connections.said(data, self._peer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever ended it, it has ended
        if self._peer is not None:
            self._connections.left(self._peer)
