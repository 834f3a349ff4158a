"""Connects one link with its socket and the clock: connects, pumps, and connects again when the connection ends."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from center.background import Periodic
from center.cascade.nodes import UpwardCatalog
from center.cascade.superior_link import LinkEvent, SuperiorLink
from center.cascade.upward_registration import RegistrationFault
from center.clock import NowMs
from provisioning.net.next_timer import NextTimer
from provisioning.sip.moment import Now

CONNECT_S: Final = 10.0
GOODBYE_S: Final = 2.0
LEAST_PAUSE_S: Final = 0.1
_UNREAD_BYTES: Final = 8 * 1024 * 1024
"""Bytes written to a connection and not read by the superior, past which it is cut."""


def token(digits: int) -> str:
    """Draws random hex digits."""
    return secrets.token_hex((digits + 1) // 2)[:digits]


class SuperiorShell:
    """Runs one link in the event loop of its `loop`: a turn is a connection's life."""

    def __init__(self, link: SuperiorLink, on_event: Callable[[LinkEvent], None], now_ms: NowMs) -> None:
        self.link = link
        self._on_event = on_event
        self._now_ms = now_ms
        self._datagrams: asyncio.DatagramTransport | None = None
        self._stream: asyncio.Transport | None = None
        self._ended = asyncio.Event()
        self._has_catalog = asyncio.Event()
        self._idle = asyncio.Event()
        self._timer = NextTimer(self._handle_timer, time.monotonic)
        name = f"the connection to superior {link.settings.id}"
        self.loop = Periodic(name, LEAST_PAUSE_S, self._keep_connection, sleep=self._pause)

    async def leave(self) -> None:
        """Ends the registration, and waits for the superior's answer, but not for long."""
        if self._datagrams is not None or self._stream is not None:
            self.step(lambda link, now: link.close(now))
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._idle.wait()
        self._close()

    def step(self, work: Callable[[SuperiorLink, Now], None]) -> None:
        """Does something with the link, and sends what follows."""
        work(self.link, self._now())
        self._pump()

    def publish(self, catalog: UpwardCatalog) -> None:
        """Gives the link a catalogue; with the first it begins: an empty one would erase the superior's."""
        self.step(lambda link, now: link.publish(catalog, now))
        self._has_catalog.set()

    # --- what the socket says

    def received(self, data: bytes) -> None:
        """Takes a datagram, or bytes."""
        self.link.receive(data, self._now())
        self._pump()

    def ended(self) -> None:
        """Takes that the connection has ended."""
        self._ended.set()

    # --- inside

    async def _keep_connection(self) -> None:
        """Connects, from the first catalogue on, and returns when the connection has ended."""
        await self._has_catalog.wait()
        self._ended.clear()
        fault = RegistrationFault.CONNECTION_LOST
        try:
            async with asyncio.timeout(CONNECT_S):
                is_self = await self._connect()
            if is_self:
                fault = RegistrationFault.LOOP
            else:
                await self._ended.wait()
        except (OSError, TimeoutError):
            fault = RegistrationFault.UNREACHABLE
        self._close()
        self.step(lambda link, now: link.disconnected(fault, now))

    async def _pause(self, least_s: float) -> None:
        """Waits until the registration is to be tried again."""
        retry_s = self.link.registration.get_timer()
        await asyncio.sleep(least_s if retry_s is None else max(least_s, retry_s - time.monotonic()))

    async def _connect(self) -> bool:
        """Connects and registers; returns True, and does not register, where the address is our own."""
        loop, settings = asyncio.get_running_loop(), self.link.settings
        local = ("0.0.0.0", settings.local_port) if settings.local_port else None  # noqa: S104 - connected to one peer
        address = settings.host, settings.port
        if settings.transport == "udp":
            self._datagrams, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), remote_addr=address, local_addr=local, family=socket.AF_INET
            )
            transport: asyncio.BaseTransport = self._datagrams
        else:
            self._stream, _ = await loop.create_connection(
                lambda: _Stream(self), *address, local_addr=local, family=socket.AF_INET
            )
            transport = self._stream
        own = transport.get_extra_info("sockname")
        if own == transport.get_extra_info("peername"):
            return True
        self.step(lambda link, now: link.connected(own, now))
        return False

    def _close(self) -> None:
        self._timer.cancel()
        if self._datagrams is not None:
            self._datagrams.close()
        if self._stream is not None:
            self._stream.close()
        self._datagrams = self._stream = None

    def _now(self) -> Now:
        return Now(time.monotonic(), self._now_ms())

    def _pump(self) -> None:
        """Sends everything, passes on the events, then sets the timer."""
        for data in self.link.data_to_send():
            self._send(data)
        for event in self.link.events():
            self._on_event(event)
        if self.link.hangs_up():
            self._ended.set()
        if self.link.is_idle:
            self._idle.set()
        else:
            self._idle.clear()
        self._timer.set(self.link.get_timer())

    def _send(self, data: bytes) -> None:
        if self._datagrams is not None:
            self._datagrams.sendto(data)
        elif self._stream is not None and not self._stream.is_closing():
            self._stream.write(data)
            if self._stream.get_write_buffer_size() > _UNREAD_BYTES:
                self._stream.abort()

    def _handle_timer(self) -> None:
        self.link.handle_timer(self._now())
        self._pump()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, shell: SuperiorShell) -> None:
        self._shell = shell

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:  # noqa: ARG002 - connected
        self._shell.received(data)

    def error_received(self, exc: Exception) -> None:
        """Does nothing: a host that is away for a moment is asked again by SIP's own timers."""


class _Stream(asyncio.Protocol):
    def __init__(self, shell: SuperiorShell) -> None:
        self._shell = shell

    def data_received(self, data: bytes) -> None:
        self._shell.received(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever ended it, it has ended
        self._shell.ended()
