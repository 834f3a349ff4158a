"""Makes one bounded HTTP exchange with a camera: a deadline for the whole of it, a limit of bytes, digest on demand.

Redirections are not followed. A camera's certificate is its own: `https` keeps bystanders out and proves nothing, as
with `rtsps`.
"""

import http.client
import io
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from edge_agent.clock import Clock
from edge_agent.credentials.digest import Account
from edge_agent.credentials.digest_answer import answer
from edge_agent.errors import OnvifError
from edge_agent.host_port import host_port

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ALGORITHMS: Final = frozenset({"MD5", "SHA-256"})
_MAX_CHALLENGES: Final = 4


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
    def place(self) -> str:
        """Host and port, for messages."""
        return host_port(self.host, self.port)


@dataclass(frozen=True, slots=True)
class HttpBounds:
    """Bounds of an exchange."""

    connect_s: float = 2.0
    answer_s: float = 4.0
    """Seconds for everything after the connection, which also bounds a camera that drips a byte now and then."""
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
    found, challenges = _exchange(address, method, body, headers, clock, bounds)
    if found.status == HTTPStatus.UNAUTHORIZED and account is not None:
        authorization = _authorization(challenges, account, method, address.path)
        if authorization is not None:
            signed = {**headers, "Authorization": authorization}
            found, _ = _exchange(address, method, body, signed, clock, bounds)
    if found.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        remedy = "set user and password of the camera" if account is None else "check user and password"
        raise OnvifError(f"{address.place}: refuses the call ({found.status}): {remedy}", "wrong_credentials")
    return found


def _authorization(challenges: list[str], account: Account, method: str, path: str) -> str | None:
    for challenge in challenges[:_MAX_CHALLENGES]:
        value = answer(challenge, account, method, path, _token, algorithms=_ALGORITHMS)
        if value is not None and value.isprintable():
            return value
    return None


def _token(length: int) -> str:
    return secrets.token_hex(length // 2)


def _exchange(
    address: HttpAddress, method: str, body: bytes, headers: Mapping[str, str], clock: Clock, bounds: HttpBounds
) -> tuple[HttpAnswer, list[str]]:
    connection = http.client.HTTPConnection(address.host, address.port)
    connection.auto_open = 0  # the bounded one alone
    try:
        with _connected(address, bounds) as connected:
            sent_s = clock.monotonic_s()
            connection.sock = _BoundedSocket(connected, clock, sent_s + bounds.answer_s)
            connection.request(method, address.path, body or None, {**headers, "Connection": "close"})
            with connection.getresponse() as response:
                received_s = clock.monotonic_s()
                content = response.read(bounds.max_bytes + 1)
                challenges = response.headers.get_all("WWW-Authenticate", [])
                content_type = response.headers.get("Content-Type", "")
    except TimeoutError as error:
        raise OnvifError(f"{address.place}: does not answer in time: check address and port", "no_answer") from error
    except (OSError, ValueError) as error:  # ValueError: no resolver is asked for a name such as `a..b`
        raise OnvifError(
            f"{address.place}: cannot be reached ({_reason(error)}): check address and port", "unreachable"
        ) from error
    except http.client.HTTPException as error:
        raise OnvifError(
            f"{address.place}: answers what is no HTTP ({type(error).__name__}): check the port", "garbage"
        ) from error
    if len(content) > bounds.max_bytes:
        raise OnvifError(f"{address.place}: answers more than {bounds.max_bytes} bytes: check the path", "garbage")
    return HttpAnswer(response.status, content_type, content, sent_s, received_s), challenges


def _connected(address: HttpAddress, bounds: HttpBounds) -> socket.socket:
    plain = socket.create_connection((address.host, address.port), bounds.connect_s)
    if not address.is_tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with plain:  # wrapped, it gives its descriptor away and closes nothing
        return context.wrap_socket(plain)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


class _BoundedSocket:
    """Has the methods of a socket that `http.client` calls, each until one common deadline."""

    def __init__(self, connected: socket.socket, clock: Clock, ends_s: float) -> None:
        self._connected = connected
        self._clock = clock
        self._ends_s = ends_s

    def sendall(self, data: bytes) -> None:
        self._limit()
        self._connected.sendall(data)

    def recv_into(self, buffer: "WriteableBuffer") -> int:
        self._limit()
        return self._connected.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_BoundedReader(self))

    def close(self) -> None:
        """Leaves the connection to its owner."""

    def _limit(self) -> None:
        left_s = self._ends_s - self._clock.monotonic_s()
        if left_s <= 0:
            raise TimeoutError("the whole answer took too long")
        self._connected.settimeout(left_s)


class _BoundedReader(io.RawIOBase):
    def __init__(self, bounded: _BoundedSocket) -> None:
        self._bounded = bounded

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        return self._bounded.recv_into(buffer)
