"""Connects devices to the platform: one UDP socket for one device or many, one TCP connection for each."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Coroutine
from typing import Final, Protocol

from provisioning.demo.simulators.gb28181.sip_text import Framer, SipTextError

_DATAGRAM_BYTES: Final = 65_536
_AT_ONCE: Final = 256
"""Datagrams read before other sockets have their turn."""
_BUFFER_BYTES: Final = 4 << 20
_SHORT_REST_S: Final = (0.2, 1.0)


class Owner(Protocol):
    """Owner of devices, which receives their messages."""

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None] | None:
        """Runs work beside the devices; None once they are ending."""

    def received(self, number: int | None, data: bytes) -> None:
        """Receives a message; `number` is None if the socket is shared."""

    def connected(self, number: int, local: tuple[str, int]) -> None:
        """Receives the local address of a new connection."""

    def lost(self, number: int) -> None:
        """Learns that a connection is lost."""

    def unreadable(self) -> None:
        """Learns that a connection held no SIP."""


class Wire(Protocol):
    """Transport of messages to the platform."""

    def open(self) -> None:
        """Begins to listen or to connect."""

    def send(self, data: bytes) -> bool:
        """Sends one message. Returns whether the kernel took it."""

    def cut(self) -> None:
        """Breaks the connection, which is made again."""

    def close(self) -> None:
        """Closes the transport for good."""


class UdpWire:
    """A UDP socket; `number` is its only device, None if several share it."""

    def __init__(self, server: tuple[str, int], host: str, number: int | None, owner: Owner) -> None:
        self._server = server
        self._host = host
        self._number = number
        self._owner = owner
        self._socket: socket.socket | None = None
        self.local = (host, 0)

    def open(self) -> None:
        """Binds the socket, and listens.

        Raises:
            OSError: the address is not this machine's, or there are too many open files.
        """
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if self._number is None:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        try:
            self._socket.bind((self._host, 0))
        except OSError:
            self._socket.close()
            raise
        address = self._socket.getsockname()
        self.local = (address[0], address[1])
        asyncio.get_running_loop().add_reader(self._socket, self._readable, self._socket)

    def send(self, data: bytes) -> bool:
        """Sends one datagram; it is lost if a buffer is full or no program listens on the port."""
        if self._socket is None:
            return False
        try:
            self._socket.sendto(data, self._server)
        except (BlockingIOError, ConnectionRefusedError):
            return False
        return True

    def move(self) -> tuple[str, int]:
        """Continues from another port. Returns the new address."""
        self.close()
        self.open()
        return self.local

    def cut(self) -> None:
        """Does nothing: there is no connection to break."""

    def close(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _readable(self, sock: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            if sock is not self._socket:
                return  # closed or moved by what it just delivered
            try:
                data = sock.recv(_DATAGRAM_BYTES)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._owner.received(self._number, data)


class TcpWire:
    """Connection of one device; made anew when it is lost."""

    def __init__(self, server: tuple[str, int], host: str, number: int, retry_s: float, owner: Owner) -> None:
        self._server = server
        self._host = host
        self._number = number
        self._retry_s = retry_s
        self._owner = owner
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._task = self._owner.spawn(self._run())

    def send(self, data: bytes) -> bool:
        """Writes a message into the connection; it is lost without one."""
        if self._writer is None or self._writer.is_closing():
            return False
        self._writer.write(data)
        return True

    def cut(self) -> None:
        """Breaks the connection at once."""
        if self._writer is not None:
            self._writer.transport.abort()

    def close(self) -> None:
        """Closes the connection for good."""
        if self._task is not None:
            self._task.cancel()
        if self._writer is not None:
            self._writer.close()

    async def _run(self) -> None:
        while True:
            rest_s = self._retry_s * random.uniform(0.75, 1.25)  # noqa: S311 - a pause, no secret
            try:
                reader, writer = await asyncio.open_connection(*self._server, local_addr=(self._host, 0))
            except OSError:
                await asyncio.sleep(rest_s)
                continue
            self._writer = writer
            address = writer.get_extra_info("sockname")
            self._owner.connected(self._number, (address[0], address[1]))
            try:
                await self._read(reader)
            except OSError:
                pass  # broken or closed: the same to a device
            except SipTextError:
                self._owner.unreadable()
            self._writer = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self._owner.lost(self._number)
            await asyncio.sleep(min(rest_s, random.uniform(*_SHORT_REST_S)))  # noqa: S311 - a pause, no secret

    async def _read(self, reader: asyncio.StreamReader) -> None:
        framer = Framer()
        while data := await reader.read(_DATAGRAM_BYTES):
            for message in framer.push(data):
                self._owner.received(self._number, message)
