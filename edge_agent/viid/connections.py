"""HTTP connections that nobody can wear out: bounded in number, in headers and in the time that they may idle.

Devices keep a connection and push over it. Who comes beyond the limits waits in the backlog, or is shut out when it is
one address that has too many.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

_GOODBYE_S: Final = 1.0
_LINGER_S: Final = 10.0
"""For what a refused device still sends: cut off in the middle of a body, it would never read that it was refused."""
_MAX_HEADERS: Final = 64
_MAX_LINE_BYTES: Final = 8190
_BACKLOG: Final = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """What somebody may take who has shown no password yet."""

    connections: int = 1024
    per_address: int = 640
    """All devices of a site may come through one address."""
    idle_s: float = 120.0
    """For the headers of a request, and between requests: keepalives come every 10 to 90 s."""
    handshake_s: float = 10.0
    body_s: float = 20.0
    """For a body, and one more second for each `body_rate` that has come."""
    body_rate: int = 64 * 1024
    """Bytes a second, on average."""
    patience_s: float = 5.0
    """How long a request waits for memory before it is told to come again."""


Handler = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]
"""Request and the address it comes from."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.setblocking(False)
    return listener


class Connections:
    """Takes connections from a listener, in `run`."""

    def __init__(self, listener: socket.socket, tls: ssl.SSLContext | None, handler: Handler, limits: Limits) -> None:
        self._listener = listener
        self._tls = tls
        self._handler = handler
        self._limits = limits
        self._free = asyncio.Semaphore(limits.connections)
        self._here: Counter[str] = Counter()

    async def run(self) -> None:
        """Serve until cancelled; then nothing of it is left."""
        loop = asyncio.get_running_loop()
        server = web.Server(self._answer, access_log=None)
        visits: set[asyncio.Task[None]] = set()
        try:
            while True:
                await self._free.acquire()
                connection, address = await self._accept(loop)
                visit = loop.create_task(self._visit(server, connection, address))
                visits.add(visit)
                visit.add_done_callback(visits.discard)
        finally:
            self._listener.close()
            await server.shutdown(_GOODBYE_S)
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)

    async def _accept(self, loop: asyncio.AbstractEventLoop) -> tuple[socket.socket, str]:
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener)
            except OSError:
                # accept(2): errors of the network that wait on a new connection; they are that connection's own.
                await asyncio.sleep(0.1)
            else:
                # An IPv4 address as such, where a socket for both families shows it mapped.
                return connection, str(address[0]).removeprefix("::ffff:")

    async def _visit(self, server: web.Server, connection: socket.socket, address: str) -> None:
        self._here[address] += 1
        try:
            if self._here[address] > self._limits.per_address:
                connection.close()
                return
            loop = asyncio.get_running_loop()
            _, visitor = await loop.connect_accepted_socket(
                lambda: _Visitor(server, loop, address, self._limits),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=self._limits.handshake_s if self._tls else None,
                ssl_shutdown_timeout=_GOODBYE_S if self._tls else None,
            )
            await visitor.gone.wait()
        except OSError:
            return  # It left, or spoke no TLS: a port scan, a probe, a lost line.
        finally:
            self._here[address] -= 1
            if not self._here[address]:
                del self._here[address]
            self._free.release()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        visitor = request.protocol
        address = visitor.address if isinstance(visitor, _Visitor) else ""
        return await self._handler(request, address)


class _Visitor(web.RequestHandler):
    """One connection."""

    __slots__ = ("address", "gone")

    def __init__(
        self,
        server: web.Server,
        loop: asyncio.AbstractEventLoop,
        address: str,
        limits: Limits,
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as `web.AppRunner` allows: paths may hold vendors' tokens
            keepalive_timeout=limits.idle_s,
            lingering_time=_LINGER_S,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            max_headers=_MAX_HEADERS,
            auto_decompress=False,
        )
        self.address = address
        self.gone = asyncio.Event()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The end, whoever made it."""
        super().connection_lost(exc)
        self.gone.set()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """For what is no HTTP, nothing of it is said back or logged; a bug of ours is logged with its traceback."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            super().handle_error(request, status, exc, message)
        response = web.Response(status=status, headers={"Server": "wayside"})
        response.force_close()
        return response
