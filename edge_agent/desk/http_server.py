"""Runs the desk's HTTPS server: one request a connection. The handler reads an `UploadBody` as it comes."""

import asyncio
import logging
import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias

from aiohttp import web

from edge_agent.desk.errors import DeskError, Refused
from edge_agent.desk.protocol import Problem
from edge_agent.host_port import host_port
from provisioning.contracts.wire import codec
from provisioning.net.http_acceptor import Acceptor, Bounds, listen

_log = logging.getLogger(__name__)

Answer: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_READ_BYTES: Final = 256 * 1024
_BACKLOG: Final = 64
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """Limits of one client, and of all."""

    handshake_s: float = 10.0
    """Seconds for the TLS handshake, then for the headers."""
    connections: int = 32
    per_address: int = 16
    silence_s: float = 30.0
    """Seconds for the next bytes of a recording that is being waited for."""
    goodbye_s: float = 2.0
    """Seconds for a TLS goodbye, for the rest of a refused request, and for requests under way when the server ends."""
    upload_s: float = 24 * 3600.0
    upload_bytes: int = 256 * 1024**3


class HttpsServer:
    """Binds at once, serves in `run`.

    Raises:
        DeskError: `cannot_listen`: the address is taken, or none of this machine's.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, answer: Answer, limits: DeskLimits) -> None:
        try:
            self._listener = listen(host, port, _BACKLOG)
        except OSError as error:
            raise DeskError(
                "cannot_listen",
                f"[desk] {host_port(host, port)}: nothing can listen here ({_short(error)}): end what uses it, or"
                " change host or port",
            ) from error
        self._unwelcome = 0
        bounds = Bounds(
            connections=limits.connections,
            per_address=limits.per_address,
            handshake_s=limits.handshake_s,
            idle_s=limits.handshake_s,
            goodbye_s=limits.goodbye_s,
            linger_s=limits.goodbye_s,
            read_bytes=_READ_BYTES,
        )
        self._acceptor = Acceptor(
            self._listener, tls, lambda request, _: answer(request), bounds,
            refusal=_refusal, unwelcome=self._is_unwelcome,
        )  # fmt: skip

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    async def run(self) -> None:
        """Serves until cancelled; then every connection has ended."""
        await self._acceptor.run()

    def _is_unwelcome(self, remote: str, cause: str) -> None:
        self._unwelcome += 1
        if str(self._unwelcome).rstrip("0") == "1":  # the 1st, 10th, 100th …: a scanner comes all day
            _log.info("desk: unwelcome remote=%s count=%d: %s", remote, self._unwelcome, cause)


def problem(status: int, error: str, detail: str) -> web.Response:
    """Writes a refusal as JSON."""
    return closing_json(status, codec.encode(Problem(error=error, detail=detail[:1000])))


def closing_json(status: int, body: bytes) -> web.Response:
    """Writes a response after which the connection ends."""
    response = web.Response(status=status, body=body, content_type="application/json", headers={"Server": "wayside"})
    response.force_close()
    return response


def _refusal(status: int) -> web.Response:
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(status, "malformed", "this is no HTTP/1.1 request")
    return problem(status, "failed", "the agent has failed; its log says where")


def _short(error: OSError) -> str:
    """Words an error without the address: `socket.create_server` names it twice."""
    return os.strerror(error.errno) if error.errno else str(error)


class UploadBody:
    """Reads one request's body as it comes, bounded in silence, time and size.

    Its methods raise Refused: `slow`, `too_large`, `malformed`, or `gone`.
    """

    def __init__(self, request: web.BaseRequest, limits: DeskLimits) -> None:
        if (request.content_length or 0) > limits.upload_bytes:
            raise _too_large(limits)
        self._request = request
        self._limits = limits
        self._ends_s = asyncio.get_running_loop().time() + limits.upload_s
        self._taken = 0
        self.is_over = False
        """True once the last of the body has been taken."""

    def invite(self) -> None:
        """Sends `100 Continue` to a client that waits for it: a refusal comes before the recording does."""
        if self._request.headers.get("Expect", "").lower() == "100-continue" and self._request.transport is not None:
            self._request.transport.write(_CONTINUE)

    async def read_some(self) -> bytes:
        """Returns what has come; waits for the first of it. Empty at the end."""
        now_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now_s + self._limits.silence_s, self._ends_s)):
                data = await self._request.content.readany()
        except TimeoutError as error:
            raise Refused(
                "slow", f"nothing came for {self._limits.silence_s:g} s, or it took over {self._limits.upload_s:g} s"
            ) from error
        except web.RequestPayloadError as error:
            raise Refused("malformed", "the request's transfer coding is broken") from error
        except ConnectionError as error:
            raise Refused("gone", "the connection ended before the recording did") from error
        self._taken += len(data)
        if self._taken > self._limits.upload_bytes:
            raise _too_large(self._limits)
        self.is_over = not data
        return data


def _too_large(limits: DeskLimits) -> Refused:
    return Refused("too_large", f"an upload has at most {limits.upload_bytes >> 30} GiB: cut the recording in two")
