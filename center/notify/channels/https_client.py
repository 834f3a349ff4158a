"""Sends requests to an address that was resolved and checked first: a name cannot change in between. Bounded."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx

from center.notify.channels import target
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict

MAX_ANSWER_BYTES: Final = 64 * 1024
"""The rest of a longer answer is not read."""
_AWAY: Final = frozenset({502, 503, 504})
"""Statuses by which what stands before a service says that the service itself is away."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status and at most `MAX_ANSWER_BYTES` + 1 of the body: the last one shows that it was longer."""

    status: int
    content: bytes
    challenge: str = ""
    """Header `WWW-Authenticate`; empty if there is none."""


class HttpLine:
    """Sends requests to one URL. Follows no redirect, uses no proxy of the environment and checks each address."""

    def __init__(
        self,
        url: str,
        *,
        allow_loopback: bool,
        timeout_s: float,
        ca_file: Path | None = None,
        tls_name: str | None = None,
    ) -> None:
        """Reads the certificates.

        Raises:
            OSError: `ca_file` cannot be read or holds no certificate.
        """
        parts = urlsplit(url)
        self._parts = parts
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._allow_loopback = allow_loopback
        self._timeout_s = timeout_s
        self._tls_name = tls_name or self._host
        self._tls = ssl.create_default_context(cafile=ca_file)
        # A resolver that hangs holds this thread, and none of those in which the centre asks its database.
        self._resolving = ThreadPoolExecutor(1, "resolver")
        self._kept: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keeps connections for the requests of one loop while `with` lasts; without it each request has its own.

        A kept connection leads to an address that was checked when it was opened.
        """
        async with self._client() as client:
            self._kept = client
            try:
                yield
            finally:
                self._kept = None

    async def post(self, path: str, content: bytes, headers: dict[str, str]) -> HttpAnswer | AttemptOutcome:
        """POSTs to the URL's path with `path` behind it; returns the answer, or the outcome if there is none."""
        return await self.request("POST", path, content, headers)

    async def probe(self) -> str:
        """Asks the URL with HEAD. Any answer proves that the service is there, except that it is not."""
        answer = await self.request("HEAD", "", b"", {})
        if isinstance(answer, AttemptOutcome):
            return answer.code
        return f"http_{answer.status}" if answer.status in _AWAY else ""

    async def request(
        self, method: str, path: str, content: bytes, headers: dict[str, str]
    ) -> HttpAnswer | AttemptOutcome:
        """Sends one request to the URL's path with `path` behind it, as `post` does."""
        attempt = _Attempt()
        try:
            async with asyncio.timeout(self._timeout_s):
                addresses = await self._addresses()
                if not addresses:
                    return attempt.failed("forbidden_address")
                async with nullcontext(self._kept) if self._kept is not None else self._client() as client:
                    for address in addresses[:-1]:
                        try:
                            return await self._exchange(client, attempt, address, method, path, content, headers)
                        except httpx.ConnectError:
                            continue  # the name's next address
                    return await self._exchange(client, attempt, addresses[-1], method, path, content, headers)
        except socket.gaierror:
            return attempt.failed("name_unknown")
        except (TimeoutError, httpx.TimeoutException):
            return attempt.failed("timeout")
        except (httpx.HTTPError, OSError) as error:
            return attempt.failed("tls_failed" if _is_tls(error) else "hung_up" if attempt.begun else "unreachable")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=self._timeout_s)

    async def _exchange(
        self,
        client: httpx.AsyncClient,
        attempt: "_Attempt",
        address: str,
        method: str,
        path: str,
        content: bytes,
        headers: dict[str, str],
    ) -> HttpAnswer:
        host = f"[{address}]" if ":" in address else address
        whole_path = (self._parts.path.rstrip("/") + path if path else self._parts.path) or "/"
        sent = {**headers, "Host": self._parts.netloc, "Accept-Encoding": "identity"}
        async with client.stream(
            method,
            urlunsplit((self._parts.scheme, f"{host}:{self._port}", whole_path, "", "")),
            content=content,
            headers=[(name.encode(), value.encode()) for name, value in sent.items()],
            extensions={"sni_hostname": self._tls_name, "trace": attempt.trace},
            follow_redirects=False,
        ) as answer:
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    break
            challenge = answer.headers.get("WWW-Authenticate", "")
            return HttpAnswer(answer.status_code, bytes(body[: MAX_ANSWER_BYTES + 1]), challenge)

    async def _addresses(self) -> tuple[str, ...]:
        """Resolves the host to the addresses that may be connected to; none if all are forbidden.

        Raises:
            socket.gaierror: the name is not known.
        """
        look_up = partial(socket.getaddrinfo, self._host, self._port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._resolving, look_up)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        own = [each for each in addresses if _is_own(each)]
        return target.allowed(addresses, own, allow_loopback=self._allow_loopback)


class _Attempt:
    """Notes if a byte of the request was sent: before that, the receiving side cannot have it."""

    def __init__(self) -> None:
        self.begun = False

    async def trace(self, event: str, _facts: object) -> None:
        """Notes the begin of the request; httpcore calls this at each step."""
        self.begun = self.begun or event == "http11.send_request_headers.started"

    def failed(self, code: str) -> AttemptOutcome:
        """Returns the outcome of an attempt that got no answer."""
        return AttemptOutcome(AttemptVerdict.UNKNOWN if self.begun else AttemptVerdict.NOT_TAKEN, code)


def _is_own(address: str) -> bool:
    """True if `address` is this machine's: packets to it would leave from it. Sends nothing to find out."""
    family = socket.AF_INET6 if ip_address(address.partition("%")[0]).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return False  # no way there: connecting will say so
        return bool(probe.getsockname()[0].partition("%")[0] == address.partition("%")[0])


def _is_tls(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
