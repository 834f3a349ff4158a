"""Makes one bounded HTTP exchange with a camera: a deadline for the whole of it, a limit of bytes, digest on demand.

Redirections are not followed. A camera's certificate is its own: `https` keeps bystanders out and proves nothing, as
with `rtsps`.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import hdrs
from yarl import URL

from edge_agent import camera_http
from edge_agent.clock import Clock
from edge_agent.errors import OnvifError
from edge_agent.host_port import host_port
from provisioning.net.digest import Account


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """Address of a camera's web service."""

    host: str
    port: int
    path: str
    is_tls: bool = False

    @classmethod
    def of(cls, url: str) -> Self:
        """Splits `http://host[:port]/path`. Raises ValueError for what is none, or holds a user."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError("an address of a camera's service looks like http://host:80/path")
        is_tls = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not path.isascii() or not path.isprintable() or " " in path:
            raise ValueError("a path consists of printable ASCII characters")
        return cls(parts.hostname, parts.port or (443 if is_tls else 80), path, is_tls)

    @property
    def url(self) -> URL:
        """The address as the client takes it: the path goes out as it is."""
        scheme = "https" if self.is_tls else "http"
        return URL(f"{scheme}://{host_port(self.host, self.port)}{self.path}", encoded=True)

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return host_port(self.host, self.port)


@dataclass(frozen=True, slots=True)
class HttpBounds:
    """Bounds of an exchange."""

    request_s: float = 6.0
    """Seconds for a request and its whole answer, which also bounds a camera that drips a byte now and then."""
    connect_s: float = 2.0
    max_bytes: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Answer of a camera."""

    status: int
    content_type: str
    body: bytes
    sent_s: float
    """Monotonic second at which the answered request began to be sent."""
    received_s: float
    """Monotonic second at which the answer's head was there."""


def exchange(
    address: HttpAddress,
    method: str,
    body: bytes,
    headers: Mapping[str, str],
    clock: Clock,
    *,
    account: Account | None = None,
    bounds: HttpBounds = HttpBounds(),
) -> HttpAnswer:
    """Sends a request, once more with digest if the camera challenges it and there is an account.

    Raises:
        OnvifError: no answer within the bounds (`unreachable`, `no_answer`, `garbage`), or 401 or 403
            (`wrong_credentials`).
    """
    failure: OnvifError
    try:
        found = asyncio.run(_exchange(address, method, body, headers, clock, account, bounds))
    except TimeoutError:
        failure = OnvifError(f"{address.place}: does not answer in time: check address and port", "no_answer")
    except camera_http.TooLongError:
        failure = OnvifError(f"{address.place}: answers more than {bounds.max_bytes} bytes: check the path", "garbage")
    except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError) as error:
        failure = OnvifError(
            f"{address.place}: answers what is no HTTP ({type(error).__name__}): check the port", "garbage"
        )
    except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: a name such as `a..b`
        failure = OnvifError(
            f"{address.place}: cannot be reached ({_reason(error)}): check address and port", "unreachable"
        )
    else:
        if found.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            remedy = "set user and password of the camera" if account is None else "check user and password"
            raise OnvifError(f"{address.place}: refuses the call ({found.status}): {remedy}", "wrong_credentials")
        return found
    raise failure  # outside the handlers: the client's errors hold the address


async def _exchange(
    address: HttpAddress,
    method: str,
    body: bytes,
    headers: Mapping[str, str],
    clock: Clock,
    account: Account | None,
    bounds: HttpBounds,
) -> HttpAnswer:
    sent = _Sent(clock)
    timeout = aiohttp.ClientTimeout(total=bounds.request_s, sock_connect=bounds.connect_s)
    async with camera_http.session(_tls(), timeout, traces=[sent.trace()]) as session:
        login = None
        while True:
            signed = {**headers} if login is None else {**headers, hdrs.AUTHORIZATION: login}
            async with session.request(
                method, address.url, data=body or None, headers=signed, allow_redirects=False
            ) as answer:
                received_s = clock.monotonic_s()
                content = await camera_http.body(answer, bounds.max_bytes)
                found = HttpAnswer(answer.status, answer.content_type, content, sent.at_s, received_s)
                challenges = answer.headers.getall(hdrs.WWW_AUTHENTICATE, [])
            if found.status != HTTPStatus.UNAUTHORIZED or account is None or login is not None:
                return found
            login = camera_http.login(challenges, account, method, address.path)
            if login is None:
                return found


class _Sent:
    """Notes when a connection was there, after which its request is sent."""

    def __init__(self, clock: Clock) -> None:
        self.at_s = clock.monotonic_s()
        self._clock = clock

    def trace(self) -> aiohttp.TraceConfig:
        trace = aiohttp.TraceConfig()

        async def connected(*_event: object) -> None:
            self.at_s = self._clock.monotonic_s()

        trace.on_connection_create_end.append(connected)
        return trace


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or type(cause).__name__
