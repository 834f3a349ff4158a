"""Accepts HTTP connections within bounds of number, headers and idle time, which no client can exhaust.

Connections beyond the limit wait in the backlog; one address has only a share of them. Bodies are left to `answer`,
which reads them as they come.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias, cast

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of a client before it is identified."""

    connections: int
    per_address: int
    """Connections of one address; further ones are closed."""
    handshake_s: float
    """Limit of the TLS handshake."""
    idle_s: float
    """Limit for the headers of a request, and between requests."""
    goodbye_s: float = 1.0
    """Limit for a TLS goodbye, and for pending requests when the acceptor ends."""
    linger_s: float = 1.0
    """Time for the rest of a refused client's body: cut off in the middle, it would not read the refusal."""
    headers: int = 32
    line_bytes: int = 4096
    read_bytes: int = 64 * 1024
    """Bytes of a body that wait in memory."""


Answer: TypeAlias = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]
"""Function from a request and its client's address, an IPv4 one in its own form, to a response."""


def bare(status: int) -> web.Response:
    """Makes an empty response, after which the connection ends."""
    response = web.Response(status=status, headers={"Server": "wayside"})
    response.force_close()
    return response


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """Opens a listening socket.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=backlog)
    listener.setblocking(False)
    return listener


class Acceptor:
    """Accepts connections from a listener, in `run`, and closes it.

    `refusal`: makes the response, by status, to requests that are no HTTP, and for a bug of ours, which is logged with
    its traceback. `unwelcome` is called with address and cause for a client that speaks no HTTP, no TLS, or shows an
    untrusted certificate.
    """

    def __init__(
        self,
        listener: socket.socket,
        tls: ssl.SSLContext | None,
        answer: Answer,
        bounds: Bounds,
        *,
        refusal: Callable[[int], web.Response] = bare,
        unwelcome: Callable[[str, str], None] = lambda _remote, _cause: None,
    ) -> None:
        self._listener = listener
        self._tls = tls
        self._answer = answer
        self._bounds = bounds
        self._refusal = refusal
        self._unwelcome = unwelcome
        self._free = asyncio.Semaphore(bounds.connections)
        self._here: Counter[str] = Counter()

    async def run(self) -> None:
        """Serves until cancelled; then closes everything."""
        loop = asyncio.get_running_loop()
        server = web.Server(self._answered, access_log=None)
        visits: set[asyncio.Task[None]] = set()
        try:
            while True:
                await self._free.acquire()
                connection, remote = await self._accept(loop)
                visit = loop.create_task(self._visit(server, connection, remote))
                visits.add(visit)
                visit.add_done_callback(visits.discard)
        finally:
            self._listener.close()
            await server.shutdown(self._bounds.goodbye_s)
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
                # A socket for both families shows an IPv4 address mapped.
                return connection, str(address[0]).removeprefix("::ffff:")

    async def _visit(self, server: web.Server, connection: socket.socket, remote: str) -> None:
        self._here[remote] += 1
        try:
            if self._here[remote] > self._bounds.per_address:
                connection.close()
                return
            loop = asyncio.get_running_loop()
            transport, visitor = await loop.connect_accepted_socket(
                lambda: _Visitor(server, loop, remote, self._bounds, self._refused),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=self._bounds.handshake_s if self._tls else None,
                ssl_shutdown_timeout=self._bounds.goodbye_s if self._tls else None,
            )
            try:
                await visitor.gone.wait()
                async with visitor.answering:
                    pass  # A client that has left still counts while its request is worked on.
            finally:
                transport.abort()  # of one that was told goodbye and does not answer, when all of it ends
        except ssl.SSLError as error:
            self._unwelcome(remote, f"TLS: {_reason(error)}")
        except OSError:
            return  # It left, or said nothing until it was shown the door: a port scan, a probe, a lost line.
        finally:
            self._here[remote] -= 1
            if not self._here[remote]:
                del self._here[remote]
            self._free.release()

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        visitor = cast("_Visitor", request.protocol)
        async with visitor.answering:
            return await self._answer(request, visitor.remote)

    def _refused(self, remote: str, status: int) -> web.Response:
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._unwelcome(remote, "this is no HTTP/1.1")
        return self._refusal(status)


class _Visitor(web.RequestHandler):
    """Connection of one client."""

    __slots__ = ("_refused", "answering", "gone", "remote")

    def __init__(
        self,
        server: web.Server,
        loop: asyncio.AbstractEventLoop,
        remote: str,
        bounds: Bounds,
        refused: Callable[[str, int], web.Response],
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as `web.AppRunner` allows: paths may hold vendors' tokens
            keepalive_timeout=bounds.idle_s,
            lingering_time=bounds.linger_s,
            max_line_size=bounds.line_bytes,
            max_field_size=bounds.line_bytes,
            max_headers=bounds.headers,
            read_bufsize=bounds.read_bytes,
            auto_decompress=False,
        )
        self.remote = remote
        self.gone = asyncio.Event()
        self.answering = asyncio.Lock()
        self._refused = refused

    def connection_lost(self, exc: BaseException | None) -> None:
        """Notes the end of the connection, by either side."""
        super().connection_lost(exc)
        self.gone.set()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answers a request that is no HTTP, or that met a bug of ours."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            super().handle_error(request, status, exc, message)
        return self._refused(self.remote, status)


def _reason(error: ssl.SSLError) -> str:
    """Describes a TLS error, without the place in OpenSSL's source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the client's certificate is not trusted ({error.verify_message})"
    return (error.reason or type(error).__name__).replace("_", " ").lower()
