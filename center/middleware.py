"""Guards every route, API, page, asset and websocket alike: only addresses with a rule are let through.

Closed by default: a path without a rule in `center.access.route_permissions` is not there; one with a rule asks for a
session or a token whose account has the permission.
"""

import asyncio
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from center.access import client_address
from center.access.errors import ForbiddenError
from center.access.permissions import Identity
from center.access.refusals import RefusalLog
from center.access.route_permissions import RoutePermissions
from center.api.errors import problem
from center.console.signin import denied
from center.credentials import identify
from center.errors import CenterError, ForeignOriginError, NothingHereError, NotLoggedInError, TooLargeError
from center.search.caller import CALLER, Caller, CallerLeftError, account_name
from center.services import Services

MAX_BODY_BYTES: Final = 1024 * 1024
FOR_ACCOUNT: Final = "wayside-account"
"""Header with the account that a request is meant for: one that was kept while a session ended is not sent in the next
account's name."""
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SCRIPT: Final = re.compile(rb"<script(?=[\s>])")
_PLAIN_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def _console_policy(nonce: str, connect: tuple[str, ...]) -> str:
    # NiceGUI compiles Vue templates in the browser and runs its own messages with eval: 'unsafe-eval' cannot go, nor
    # inline styles. Inline scripts can: only those that carry this page's nonce run.
    sources = ("'self'", *connect)
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src {' '.join(sources)}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


class Guard:
    """ASGI middleware: session, origin, body size, response headers."""

    def __init__(self, app: ASGIApp, services: Services, permits: RoutePermissions) -> None:
        self._app = app
        self._services = services
        self._permits = permits
        self._refusals = RefusalLog(services.audit, services.now_ms)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, websocket or the lifespan."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            await self._admit(scope)
        except CenterError as error:
            await self._refuse(error, scope, receive, send)
            return
        identity: Identity | None = scope["state"].get("identity")
        account = "" if identity is None else account_name(identity.user_id)
        if scope["type"] == "websocket":
            with _calling(Caller(account)):
                await self._app(scope, receive, send)
        else:
            await self._answer(account, scope, receive, send)

    async def _answer(self, account: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Has an admitted HTTP request answered, unless its user leaves or its body is too large."""
        body = _Body(receive)
        answer = _Answer(send, secure=self._services.secure_cookie, state=scope["state"])

        async def left() -> None:
            while (await body.receive())["type"] != "http.disconnect":
                pass
            if answer.has_begun:  # what still runs is not for this answer
                await asyncio.Event().wait()

        async def unless_cut_off(message: Message) -> None:
            if not body.is_too_large or answer.has_begun:
                await answer.send(message)

        try:
            with _calling(Caller(account, left)):
                await self._app(scope, body.receive, unless_cut_off)
        except CallerLeftError:
            return
        except ClientDisconnect:
            if not body.is_too_large:
                raise
        if body.is_too_large and not answer.has_begun:
            await self._refuse(TooLargeError(limit=MAX_BODY_BYTES), scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        """Admits a connection, or raises the reason for which it is refused.

        Raises:
            ForeignOriginError, TooLargeError, NotLoggedInError, NothingHereError, ForbiddenError,
                StoreUnavailableError: it stays out.
        """
        client = scope.get("client")
        source = client_address.source(client[0] if client else None, scope["headers"], self._services.trusted_proxies)
        # NiceGUI would build its addresses from this header, which any client can write.
        scope["headers"] = [pair for pair in scope["headers"] if not pair[0].startswith(b"x-forwarded-")]
        connection = HTTPConnection(scope)
        state = scope.setdefault("state", {})
        state["services"] = self._services
        state["source"] = source
        state["permits"] = self._permits
        method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
        if method not in _SAFE_METHODS:
            _check_origin(connection.headers)
        length = connection.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise TooLargeError(limit=MAX_BODY_BYTES)
        rule = self._permits.find_rule(method, scope["path"])
        if rule is not None and rule.permission is None:
            return
        identity = await asyncio.to_thread(identify, self._services, connection)
        if connection.headers.get(FOR_ACCOUNT, identity.username) != identity.username:
            raise NotLoggedInError
        if rule is None or rule.permission is None:
            raise NothingHereError
        inside, beside = rule.case_in(scope["path"]), connection.query_params.get("case_id")
        case_id = inside or beside
        if not identity.access.permits(rule.permission, case_id=case_id):
            about = {"method": method, "path": rule.path, "source": source}
            await asyncio.to_thread(self._refusals.note, identity, rule.permission, **about)
            raise ForbiddenError(permission=rule.permission)
        state["identity"] = identity
        sight = identity.access.scope(rule.permission, case_id=case_id)
        if inside is None and beside is not None:
            # A grant for one case reaches no further than that case does.
            reached = await asyncio.to_thread(self._services.cases.book.within, beside, sight)
            sight = identity.access.scope(rule.permission) | reached
        state["sight"] = sight

    async def _refuse(self, error: CenterError, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Closed before it was accepted: the server answers the handshake with 403.
            await send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        response: Response
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if isinstance(error, NotLoggedInError) and wants_page and scope["method"] in {"GET", "HEAD"}:
            response = RedirectResponse(f"/login?next={quote(_local_target(scope), safe='')}", status_code=303)
        elif isinstance(error, ForbiddenError | NothingHereError) and wants_page:
            response = denied.page(HTTPConnection(scope), error)
        else:
            response = problem(error)
        await response(scope, receive, _Answer(send, secure=self._services.secure_cookie, state=scope["state"]).send)


@contextmanager
def _calling(caller: Caller) -> Iterator[None]:
    """Makes `caller` the one of the archive's queries while `with` lasts, and in tasks that it starts."""
    before = CALLER.set(caller)
    try:
        yield
    finally:
        CALLER.reset(before)


def _check_origin(headers: Headers) -> None:
    """Refuses a request from another site. Programs send no origin and carry no other site's cookies: they pass."""
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "none")
    if origin is None and site in {"none", "same-origin"}:
        return
    if origin is None or urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise ForeignOriginError


def _local_target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


class _Body:
    """Counts the body of a request without a length; beyond the limit the application sees a disconnect."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0

    @property
    def is_too_large(self) -> bool:
        """True once the body is larger than `MAX_BODY_BYTES`."""
        return self._bytes > MAX_BODY_BYTES

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            if self.is_too_large:
                return {"type": "http.disconnect"}
        return message


class _Answer:
    """Adds the security headers, and the nonce to the scripts of a NiceGUI page."""

    def __init__(self, send: Send, *, secure: bool, state: Mapping[str, Any]) -> None:
        """`state`: of the request. `connect` in it are origins that the page's scripts may reach besides its own."""
        self._send = send
        self._state = state
        self._secure = secure
        self._nonce = secrets.token_urlsafe(16)
        self._page_start: Message | None = None
        self._page = bytearray()
        self.has_begun = False

    async def send(self, message: Message) -> None:
        self.has_begun = True
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            is_page = headers.get("x-nicegui-content") == "page"
            if is_page:
                headers["Content-Security-Policy"] = _console_policy(self._nonce, self._state.get("connect", ()))
            else:
                # A plain page with a script of its own brings its policy.
                headers.setdefault("Content-Security-Policy", _PLAIN_POLICY)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Frame-Options"] = "DENY"
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
            if self._secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
            # Pictures too: one that is erased must not live on in a browser's cache.
            headers.setdefault("Cache-Control", "no-store")
            if is_page:
                self._page_start = message
                return
        elif self._page_start is not None:
            self._page += message.get("body", b"")
            if message.get("more_body", False):
                return
            # All data of a page is JSON with `<` escaped: the only script elements are NiceGUI's own.
            page = _SCRIPT.sub(b'<script nonce="%s"' % self._nonce.encode(), bytes(self._page))
            MutableHeaders(scope=self._page_start)["Content-Length"] = str(len(page))
            await self._send(self._page_start)
            await self._send({"type": "http.response.body", "body": page, "more_body": False})
            self._page_start = None
            return
        await self._send(message)
