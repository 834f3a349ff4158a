"""HTTPS server of the enrolment service: one request a connection, all of it bounded in size, time and number.

The client certificate, if there is one, identifies the agent.
"""

import asyncio
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web

from provisioning.contracts.fleet.enrolment import MAX_REQUEST_BYTES, Problem
from provisioning.contracts.wire import codec
from provisioning.errors import EnrolmentRefused, HomeError
from provisioning.net.http_acceptor import Acceptor, Bounds, listen

_BACKLOG: Final = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a client's size, time and number."""

    timeout_s: float = 10.0
    """Limit for the TLS handshake, then for the headers, then for the body."""
    connections: int = 64
    per_address: int = 32
    """Boxes of one site may share an address."""
    body_bytes: int = MAX_REQUEST_BYTES


class HttpsRequest:
    """One request. `certificate`: the client's, DER, its chain verified, its end and revocation not."""

    def __init__(self, request: web.BaseRequest, remote: str, limits: Limits) -> None:
        self._request = request
        self._limits = limits
        self.method = request.method
        self.path = request.path
        self.remote = remote
        tls = request.get_extra_info("ssl_object")
        self.certificate: bytes | None = None if tls is None else tls.getpeercert(binary_form=True)

    async def body(self) -> bytes:
        """Reads the whole body.

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
class HttpsAnswer:
    """Response of the service: JSON, or a piece of an archive."""

    status: int
    body: bytes
    is_json: bool = True


class Handler(Protocol):
    """Service behind the server."""

    async def answer(self, request: HttpsRequest) -> HttpsAnswer:
        """Answers any request, valid or not."""

    def unwelcome(self, remote: str, cause: str) -> None:
        """Records a client that spoke no TLS, no HTTP, or showed an untrusted certificate."""


class HttpsServer:
    """Binds at once, serves in `run`.

    Raises:
        HomeError: the address is taken, or none of this machine's.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, handler: Handler, limits: Limits) -> None:
        try:
            self._listener = listen(host, port, _BACKLOG)
        except OSError as error:
            raise HomeError(
                f"{host}:{port}: nothing can listen here ({error.strerror or error}): end what uses it, or change"
                " listen or enrolment_port in home.toml"
            ) from error
        self._handler = handler
        self._limits = limits
        bounds = Bounds(
            connections=limits.connections,
            per_address=limits.per_address,
            handshake_s=limits.timeout_s,
            idle_s=limits.timeout_s,
        )
        self._acceptor = Acceptor(
            self._listener, tls, self._answer, bounds, refusal=_refusal, unwelcome=handler.unwelcome
        )

    async def run(self) -> None:
        """Serves until cancelled; then closes everything."""
        await self._acceptor.run()

    def close(self) -> None:
        self._listener.close()

    async def _answer(self, request: web.BaseRequest, remote: str) -> web.StreamResponse:
        return _response(await self._handler.answer(HttpsRequest(request, remote, self._limits)))


def problem(status: int, error: str, detail: str) -> HttpsAnswer:
    """Makes the response of a refusal."""
    return HttpsAnswer(status, codec.encode(Problem(error=error, detail=detail[:1000])))


def _refusal(status: int) -> web.Response:
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _response(problem(status, "malformed", "this is no HTTP/1.1 request"))
    return _response(problem(status, "broken", "the service has failed; its log says where"))


def _response(answer: HttpsAnswer) -> web.Response:
    response = web.Response(
        status=answer.status,
        body=answer.body,
        content_type="application/json" if answer.is_json else "application/octet-stream",
        headers={"Server": "wayside"},
    )
    response.force_close()
    return response
