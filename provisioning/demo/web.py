"""Requests JSON or bytes from a web server on loopback."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar
from typing import Any, Final
from urllib.parse import urlencode

from provisioning.errors import DemoError

_TIMEOUT_S: Final = 10.0


class WebError(DemoError):
    """A server did not answer, or not as requested.

    Attributes:
        status: of its HTTP answer; None without an answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class WebClient:
    """Client of one server. Keeps its cookies; `token` is sent as bearer token if given."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.url = url
        # A page of the same site sends its origin, and a server may refuse what comes from another.
        self._headers = {"Origin": url} | ({} if token is None else {"Authorization": f"Bearer {token}"})
        # No proxy of the environment: this is loopback.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, path: str, query: Sequence[tuple[str, str | int]] = ()) -> bytes:
        """Returns the body of an answer.

        Raises:
            WebError: no answer, or an error.
        """
        return self._ask(path + ("?" + urlencode(query) if query else ""), None)

    def get_json(self, path: str, query: Sequence[tuple[str, str | int]] = ()) -> Any:
        """Returns the body of an answer, read as JSON.

        Raises:
            WebError: no answer, an error, or no JSON.
        """
        return self._read(path, self.get(path, query))

    def post(self, path: str, body: Mapping[str, object] | str) -> bytes:
        """Sends JSON, or a text as CSV. Returns the body of the answer.

        Raises:
            WebError: no answer, or an error.
        """
        if isinstance(body, str):
            return self._ask(path, body.encode(), "text/csv")
        return self._ask(path, json.dumps(body).encode())

    def post_json(self, path: str, body: Mapping[str, object]) -> Any:
        """Sends JSON. Returns the body of the answer, read as JSON.

        Raises:
            WebError: no answer, an error, or no JSON.
        """
        return self._read(path, self.post(path, body))

    def put(self, path: str, body: Mapping[str, object] | Sequence[Mapping[str, object]]) -> bytes:
        """Sends JSON in the place of what is there. Returns the body of the answer.

        Raises:
            WebError: no answer, or an error.
        """
        return self._ask(path, json.dumps(body).encode(), "application/json", "PUT")

    def _read(self, path: str, body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError as error:
            raise WebError(f"{self.url}{path}: the answer is no JSON") from error

    def is_up(self, path: str) -> bool:
        """True if a GET succeeds now."""
        try:
            self.get(path)
        except WebError:
            return False
        return True

    def _ask(self, path: str, body: bytes | None, kind: str = "application/json", method: str | None = None) -> bytes:
        headers = self._headers | ({} if body is None else {"Content-Type": kind})
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310 - http, by street.py
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                detail = error.read(500).decode("utf-8", "replace")
            raise WebError(f"{self.url}{path}: HTTP {error.code} {detail}", status=error.code) from error
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            raise WebError(f"{self.url}{path}: no answer ({error})") from error
