"""A small HTTPS server that nobody can wear out: one request a connection, all of it bounded in size, time and number.

Connections beyond the limit wait in the backlog; one address has a share of them only. Who asks is told by the client
certificate, if there is one.
"""

import asyncio
import socket
import ssl
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol, cast

from aiohttp import web

from provisioning.contracts import codec
from provisioning.contracts.enrolment import MAX_REQUEST_BYTES, Problem
from provisioning.errors import EnrolmentRefused, HomeError

_GOODBYE_S: Final = 1.0
"""For a TLS goodbye, for what a refused client still sends, and for requests under way when the server ends."""
_MAX_HEADERS: Final = 32
_MAX_LINE_BYTES: Final = 4096
_BACKLOG: Final = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take."""

    timeout_s: float = 10.0
    """For the TLS handshake, then for the headers, then for the body."""
    connections: int = 64
    per_address: int = 32
    """Boxes of one site may share an address."""
    body_bytes: int = MAX_REQUEST_BYTES


class Request:
    """One request. `certificate` is the client's, DER, its chain verified; its end and revocation are not looked at."""

    def __init__(self, request: web.BaseRequest, remote: str, limits: Limits) -> None:
        self._request = request
        self._limits = limits
        self.method = request.method
        self.path = request.path
        self.remote = remote
        tls = request.get_extra_info("ssl_object")
        self.certificate: bytes | None = None if tls is None else tls.getpeercert(binary_form=True)

    async def body(self) -> bytes:
        """Read it.

        Raises:
            EnrolmentRefused: too large, too slow, or its transfer coding is broken.
        """
        limit, body = self._limits.body_bytes, bytearray()
        too_large = EnrolmentRefused("too_large", f"a request has at most {limit} bytes")
        if (self._request.content_length or 0) > limit:
            raise too_large
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                async for chunk in self._request.content.iter_any():
                    body += chunk
                    if len(body) > limit:
                        raise too_large
        except TimeoutError as error:
            raise EnrolmentRefused("slow", f"the request took over {self._limits.timeout_s:g} s to arrive") from error
        except web.RequestPayloadError as error:
            raise EnrolmentRefused("malformed", "the request's transfer coding is broken") from error
        return bytes(body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: JSON, or a piece of an archive."""

    status: int
    body: bytes
    is_json: bool = True


class Handler(Protocol):
    """Who is behind the server."""

    async def answer(self, request: Request) -> Answer:
        """Answer a request, whatever it is."""

    def unwelcome(self, remote: str, cause: str) -> None:
        """Somebody came who spoke no TLS, no HTTP, or showed a certificate that is not trusted."""


class HttpsServer:
    """Binds at once, serves in `run`.

    Raises:
        HomeError: the address is taken, or none of this machine's.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, handler: Handler, limits: Limits) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise HomeError(
                f"{host}:{port}: nothing can listen here ({error.strerror or error}): end what uses it, or change"
                " listen or enrolment_port in home.toml"
            ) from error
        self._listener.setblocking(False)
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
                visit = loop.create_task(self._visit(server, connection, _plain(address)))
                visits.add(visit)
                visit.add_done_callback(visits.discard)
        finally:
            self.close()
            await server.shutdown(_GOODBYE_S)
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)

    def close(self) -> None:
        """Give the address back."""
        self._listener.close()

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
            self._handler.unwelcome(remote, f"TLS: {_reason(error)}")
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
            lambda: _Visitor(server, loop, self._handler, remote, self._limits),
            connection,
            ssl=self._tls,
            ssl_handshake_timeout=self._limits.timeout_s,
            ssl_shutdown_timeout=_GOODBYE_S,
        )
        return protocol

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        visitor = cast("_Visitor", request.protocol)
        async with visitor.answering:
            answer = await self._handler.answer(Request(request, visitor.remote, self._limits))
        return _response(answer)


class _Visitor(web.RequestHandler):
    """One connection."""

    __slots__ = ("_handler", "answering", "gone", "remote")

    def __init__(
        self, server: web.Server, loop: asyncio.AbstractEventLoop, handler: Handler, remote: str, limits: Limits
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as `web.AppRunner` allows; our own lines say more
            keepalive_timeout=limits.timeout_s,  # the time for the headers: no connection is kept for a second request
            lingering_time=_GOODBYE_S,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            max_headers=_MAX_HEADERS,
            auto_decompress=False,
        )
        self._handler = handler
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
            self._handler.unwelcome(self.remote, "this is no HTTP/1.1")
            return _response(problem(status, "malformed", "this is no HTTP/1.1 request"))
        super().handle_error(request, status, exc, message)
        return _response(problem(status, "broken", "the service has failed; its log says where"))


def problem(status: int, error: str, detail: str) -> Answer:
    """A refusal, as it travels."""
    return Answer(status, codec.encode(Problem(error=error, detail=detail[:1000])))


def _response(answer: Answer) -> web.Response:
    response = web.Response(
        status=answer.status,
        body=answer.body,
        content_type="application/json" if answer.is_json else "application/octet-stream",
        headers={"Server": "wayside"},
    )
    response.force_close()
    return response


def _plain(address: str) -> str:
    """An IPv4 address as such, where a socket for both families shows it mapped."""
    return address.removeprefix("::ffff:")


def _reason(error: ssl.SSLError) -> str:
    """Without the place in OpenSSL's source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the client's certificate is not trusted ({error.verify_message})"
    return (error.reason or type(error).__name__).replace("_", " ").lower()
