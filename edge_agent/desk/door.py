"""A small HTTPS server that nobody can wear out: one request a connection, its headers and number bounded.

Connections beyond the limit wait in the backlog; one address has a share of them only. Bodies are the handler's: it
reads them as they come.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias, cast

from aiohttp import web

from edge_agent.desk.errors import DeskError
from edge_agent.desk.messages import Problem
from provisioning.contracts import codec

_log = logging.getLogger(__name__)

Answer: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_MAX_HEADERS: Final = 32
_MAX_LINE_BYTES: Final = 4096
_READ_BYTES: Final = 256 * 1024
_BACKLOG: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take."""

    handshake_s: float = 10.0
    """For the TLS handshake, then for the headers."""
    connections: int = 32
    per_address: int = 16
    silence_s: float = 30.0
    """For the next bytes of a recording that is being waited for."""
    goodbye_s: float = 2.0
    """For a TLS goodbye, for what a refused client still sends, and for requests under way when the server ends."""
    upload_s: float = 24 * 3600.0
    upload_bytes: int = 256 * 1024**3


class Door:
    """Binds at once, serves in `run`.

    Raises:
        DeskError: `cannot_listen`: the address is taken, or none of this machine's.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, answer: Answer, limits: Limits) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise DeskError(
                "cannot_listen",
                f"[desk] {host}:{port}: nothing can listen here ({_short(error)}): end what uses it, or"
                " change host or port",
            ) from error
        self._listener.setblocking(False)
        self._tls = tls
        self._answer = answer
        self._limits = limits
        self._free = asyncio.Semaphore(limits.connections)
        self._here: Counter[str] = Counter()
        self._unwelcome = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    async def run(self) -> None:
        """Serve until cancelled; then nothing of it is left."""
        loop = asyncio.get_running_loop()
        server = web.Server(self._answered, access_log=None)
        visits: set[asyncio.Task[None]] = set()
        try:
            while True:
                await self._free.acquire()
                connection, address = await self._accept(loop)
                visit = loop.create_task(self._visit(server, connection, _plain(address)))
                visits.add(visit)
                visit.add_done_callback(visits.discard)
        finally:
            self._listener.close()
            await server.shutdown(self._limits.goodbye_s)
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)

    def unwelcome(self, remote: str, cause: str) -> None:
        """Somebody came who spoke no TLS or no HTTP."""
        self._unwelcome += 1
        if str(self._unwelcome).rstrip("0") == "1":  # the 1st, 10th, 100th …: a scanner comes all day
            _log.info("desk: unwelcome remote=%s count=%d: %s", remote, self._unwelcome, cause)

    async def _accept(self, loop: asyncio.AbstractEventLoop) -> tuple[socket.socket, str]:
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener)
            except OSError:
                # accept(2): errors of the network that wait on a new connection; they are that connection's own.
                await asyncio.sleep(0.1)
            else:
                return connection, address[0]

    async def _visit(self, server: web.Server, connection: socket.socket, remote: str) -> None:
        self._here[remote] += 1
        try:
            if self._here[remote] > self._limits.per_address:
                connection.close()
                return
            visitor = await self._welcome(server, connection, remote)
            await visitor.gone.wait()
            async with visitor.answering:
                pass  # A client that has left still counts while its request is worked on.
        except ssl.SSLError as error:
            self.unwelcome(remote, f"TLS: {(error.reason or type(error).__name__).replace('_', ' ').lower()}")
        except OSError:
            return  # It left, or said nothing until it was shown the door: a port scan, a probe, a lost line.
        finally:
            self._here[remote] -= 1
            if not self._here[remote]:
                del self._here[remote]
            self._free.release()

    async def _welcome(self, server: web.Server, connection: socket.socket, remote: str) -> "_Visitor":
        loop = asyncio.get_running_loop()
        _, protocol = await loop.connect_accepted_socket(
            lambda: _Visitor(server, loop, self, remote, self._limits),
            connection,
            ssl=self._tls,
            ssl_handshake_timeout=self._limits.handshake_s,
            ssl_shutdown_timeout=self._limits.goodbye_s,
        )
        return protocol

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        visitor = cast("_Visitor", request.protocol)
        async with visitor.answering:
            return await self._answer(request)


class _Visitor(web.RequestHandler):
    """One connection."""

    __slots__ = ("_door", "answering", "gone", "remote")

    def __init__(
        self, server: web.Server, loop: asyncio.AbstractEventLoop, door: Door, remote: str, limits: Limits
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as `web.AppRunner` allows; our own lines say more
            keepalive_timeout=limits.handshake_s,  # the time for the headers: no connection serves a second request
            lingering_time=limits.goodbye_s,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            max_headers=_MAX_HEADERS,
            read_bufsize=_READ_BYTES,
            auto_decompress=False,
        )
        self._door = door
        self.remote = remote
        self.gone = asyncio.Event()
        self.answering = asyncio.Lock()

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
        """JSON here too: for what is no HTTP, and for a bug of ours, which is logged with its traceback."""
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._door.unwelcome(self.remote, "this is no HTTP/1.1")
            return problem(status, "malformed", "this is no HTTP/1.1 request")
        super().handle_error(request, status, exc, message)
        return problem(status, "failed", "the agent has failed; its log says where")


def problem(status: int, error: str, detail: str) -> web.Response:
    """A refusal, as it travels."""
    return closing_json(status, codec.encode(Problem(error=error, detail=detail[:1000])))


def closing_json(status: int, body: bytes) -> web.Response:
    """An answer after which the connection ends."""
    response = web.Response(status=status, body=body, content_type="application/json", headers={"Server": "wayside"})
    response.force_close()
    return response


def _short(error: OSError) -> str:
    """`socket.create_server` says the address twice."""
    return os.strerror(error.errno) if error.errno else str(error)


def _plain(address: str) -> str:
    """An IPv4 address as such, where a socket for both families shows it mapped."""
    return address.removeprefix("::ffff:")
