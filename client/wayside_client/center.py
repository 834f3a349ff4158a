"""Connection to one centre, sync and async: address, log-in, repetition, and errors instead of answers that refuse."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from wayside_client.errors import WaysideError, problem_of, unreachable, unreadable
from wayside_client.retries import Retries

Answer = TypeVar("Answer")
_MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError)
"""Faults of the generated readers over an answer of another shape."""


def _arguments(url: str, token: str | None, ca_file: Path | None, timeout_s: float) -> dict[str, Any]:
    """Returns what both kinds of HTTP client are made with."""
    return {
        "base_url": f"{url.rstrip('/')}/api",
        "headers": {} if token is None else {"Authorization": f"Bearer {token}"},
        "verify": True if ca_file is None else ssl.create_default_context(cafile=str(ca_file)),
        "timeout": timeout_s,
    }


def _login(username: str, password: str, one_time_code: str) -> dict[str, str]:
    return {"username": username, "password": password, "one_time_code": one_time_code}


def _nothing(_response: httpx.Response) -> None:
    """Reads no answer."""


def _read(parse: Callable[[httpx.Response], Answer], response: httpx.Response) -> Answer:
    """Reads an answer of 2xx.

    Raises:
        UnreadableAnswerError: it has another shape.
    """
    try:
        return parse(response)
    except _MALFORMED as fault:
        raise unreadable(response, fault) from fault


class Center:
    """One centre. Use it in a `with` statement, which closes its connections; threads may share it.

    Args:
        url: the address that people open, such as `https://wayside.county`.
        token: of the account's page in the console; None where `login` opens a session.
        ca_file: certificate of the authority that the centre's own is of, where the system does not know it.
        timeout_s: for the next bytes of an answer, not for the whole.
        retries: of requests that only read.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        ca_file: Path | None = None,
        timeout_s: float = 30.0,
        retries: Retries = Retries(),  # noqa: B008 - frozen
    ) -> None:
        self._http = httpx.Client(**_arguments(url, token, ca_file, timeout_s))
        self.retries = retries

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. A session stays open until it ends by itself or by `logout`."""
        self._http.close()

    def login(self, username: str, password: str, *, one_time_code: str = "") -> None:
        """Opens a session for a person: what follows is asked under it. A program shows a token instead.

        Raises:
            NotLoggedInError, TooManyRequestsError: it was refused.
        """
        self.ask(_nothing, method="post", url="/login", json=_login(username, password, one_time_code))

    def logout(self) -> None:
        """Ends the session."""
        self.ask(_nothing, method="post", url="/logout")

    def ask(self, parse: Callable[[httpx.Response], Answer], *, method: str, url: str, **parts: Any) -> Answer:
        """Sends one request, again where that helps, and reads the answer. The generated functions call it.

        Raises:
            WaysideError: each kind of it.
        """

        def once() -> Answer:
            with self.open(method=method, url=url, **parts) as response:
                response.read()
                return _read(parse, response)

        return self.repeat(method, once)

    def repeat(self, method: str, attempt: Callable[[], Answer]) -> Answer:
        """Makes `attempt`, which sends a request of `method`, again within the bounds of `retries`.

        Raises:
            WaysideError: of the last attempt.
        """
        number = 1
        while True:
            try:
                return attempt()
            except WaysideError as error:
                pause_s = self.retries.pause_s(method, number, error)
                if pause_s is None:
                    raise
            number += 1
            time.sleep(pause_s)  # as the centre asks, or longer each time

    @contextmanager
    def open(self, **request: Any) -> Iterator[httpx.Response]:
        """Sends one request once and gives its answer of 2xx, whose body is not read yet.

        Raises:
            UnreachableError, ProblemError: there is none, or its body broke off.
        """
        made = self._http.build_request(**request)
        try:
            response = self._http.send(made, stream=True)
            with closing(response):
                if not response.is_success:
                    response.read()
                    raise problem_of(response)
                yield response
        except httpx.RequestError as fault:
            raise unreachable(made, fault) from fault


class AsyncCenter:
    """One centre, for asyncio. As `Center`, with `async with`; a session's log-in is awaited."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        ca_file: Path | None = None,
        timeout_s: float = 30.0,
        retries: Retries = Retries(),  # noqa: B008 - frozen
    ) -> None:
        self._http = httpx.AsyncClient(**_arguments(url, token, ca_file, timeout_s))
        self.retries = retries

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections. A session stays open until it ends by itself or by `logout`."""
        await self._http.aclose()

    async def login(self, username: str, password: str, *, one_time_code: str = "") -> None:
        """Opens a session for a person: what follows is asked under it. A program shows a token instead.

        Raises:
            NotLoggedInError, TooManyRequestsError: it was refused.
        """
        await self.ask(_nothing, method="post", url="/login", json=_login(username, password, one_time_code))

    async def logout(self) -> None:
        """Ends the session."""
        await self.ask(_nothing, method="post", url="/logout")

    async def ask(self, parse: Callable[[httpx.Response], Answer], *, method: str, url: str, **parts: Any) -> Answer:
        """Sends one request, again where that helps, and reads the answer. The generated functions call it.

        Raises:
            WaysideError: each kind of it.
        """

        async def once() -> Answer:
            async with self.open(method=method, url=url, **parts) as response:
                await response.aread()
                return _read(parse, response)

        return await self.repeat(method, once)

    async def repeat(self, method: str, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """Makes `attempt`, which sends a request of `method`, again within the bounds of `retries`.

        Raises:
            WaysideError: of the last attempt.
        """
        number = 1
        while True:
            try:
                return await attempt()
            except WaysideError as error:
                pause_s = self.retries.pause_s(method, number, error)
                if pause_s is None:
                    raise
            number += 1
            await asyncio.sleep(pause_s)

    @asynccontextmanager
    async def open(self, **request: Any) -> AsyncIterator[httpx.Response]:
        """Sends one request once and gives its answer of 2xx, whose body is not read yet.

        Raises:
            UnreachableError, ProblemError: there is none, or its body broke off.
        """
        made = self._http.build_request(**request)
        try:
            response = await self._http.send(made, stream=True)
            async with aclosing(response):
                if not response.is_success:
                    await response.aread()
                    raise problem_of(response)
                yield response
        except httpx.RequestError as fault:
            raise unreachable(made, fault) from fault
