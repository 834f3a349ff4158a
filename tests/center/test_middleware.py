"""Nothing of the centre answers without a session but what is named here."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from center import credentials
from center.access.permissions import Role
from center.access.route_permissions import RoutePermissions
from center.access.users import GrantRequest
from center.app import application
from center.middleware import MAX_BODY_BYTES, Guard
from tests.center.conftest import ORIGIN, PASSWORD, USERNAME, World
from tests.center.shared_api import api

pytestmark = pytest.mark.anyio

OPEN = {
    ("GET", "/api/health"),
    ("POST", "/api/login"),
    ("POST", "/api/setup"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/login/provider"),
    ("GET", "/login/provider/back"),
    ("GET", "/setup"),
    ("POST", "/setup"),
    ("GET", "/preferences"),
    ("POST", "/api/notify/reports/{channel}/{secret}"),
}
"""Written a second time on purpose: opening a route takes two decisions."""


@pytest.fixture
def whole(world: World) -> FastAPI:
    """API, console and NiceGUI's own routes."""
    return application(world.services)


def _routes(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every (method, path) that anything answers to, with each parameter filled in."""
    for route in routes:
        path = prefix + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
        if isinstance(route, WebSocketRoute):
            yield "WEBSOCKET", path
        elif isinstance(route, Route):
            yield from ((method, path) for method in (route.methods or {"GET"}))
        elif isinstance(route, Mount):
            inner = list(route.routes)
            yield "GET", f"{path}/x"
            yield from _routes(inner, path)
        else:
            # FastAPI keeps what was included as a group of its own; any other kind would be missed, and so fails here.
            yield from _routes(route.original_router.routes, prefix)  # type: ignore[attr-defined] # private to FastAPI


async def test_every_route_refuses_who_is_not_logged_in(world: World, whole: FastAPI) -> None:
    world.make_account()
    routes = set(_routes(list(whole.routes)))
    paths = {path for _, path in routes}
    for known in ("/api/observations", "/api/openapi.json", "/live", "/observations/x", "/cameras", "/", "/login"):
        assert known in paths, f"the walk over the routes misses {known}"
    assert any(path.startswith("/_nicegui_ws") for path in paths)
    assert any("/components/" in path for path in paths)
    more = {
        ("GET", path)
        for path in ("/docs", "/redoc", "/openapi.json", "/api/docs", "/_nicegui_ws/socket.io/", "/nowhere")
    }
    more |= {("POST", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"), ("PUT", "/api/health"), ("DELETE", "/login")}
    async with world.browser(whole) as browser:
        for method, path in sorted(routes | more):
            if method == "WEBSOCKET" or (method, path) in OPEN or (method == "HEAD" and ("GET", path) in OPEN):
                continue
            if path.startswith("/static"):
                continue
            answer = await browser.request(method, path)
            if method == "POST" and path.startswith("/api/notify/reports/"):  # has a secret of its own
                assert (answer.status_code, answer.json()["code"]) == (404, "report_refused")
                continue
            assert answer.status_code == 401, f"{method} {path} answered {answer.status_code}"


async def test_what_is_open_is_exactly_what_is_named(world: World, whole: FastAPI) -> None:
    world.make_account()
    async with world.browser(whole) as browser:
        for method, path in sorted(OPEN):
            answer = await browser.request(method, path)
            refused = (
                answer.status_code == 401 and answer.json()["code"] == "not_logged_in" if method == "GET" else False
            )
            assert not refused, f"{method} {path}"
        assert (await browser.get("/static/wayside.css")).status_code == 200


async def _knock(app: FastAPI, kind: str, path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """Send one request below the level at which a client would tidy it; gives the first thing that comes back."""
    sent: list[Any] = []
    scope = {
        "type": kind,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"EIO=4&transport=websocket",
        "headers": [(b"host", b"centre.test"), *headers],
        "client": ("192.0.2.7", 1),
        "server": ("centre.test", 80),
        "scheme": "http",
        "http_version": "1.1",
        "subprotocols": [],
        "asgi": {"version": "3.0"},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    first: dict[str, Any] = sent[0]
    return first


@pytest.mark.parametrize(
    "trick",
    ["/api/health/../observations", "/static/../api/observations", "//api/observations", "/static/../../store.py"],
)
async def test_a_path_in_disguise_opens_nothing(world: World, whole: FastAPI, trick: str) -> None:
    world.make_account()
    assert (await _knock(whole, "http", trick))["status"] in {401, 404}


@pytest.mark.parametrize("path", ["/_nicegui_ws/socket.io/", "/anything", "/api/health", "/login"])
async def test_a_websocket_without_a_session_is_closed_before_it_opens(world: World, whole: FastAPI, path: str) -> None:
    world.make_account()
    refusal = await _knock(whole, "websocket", path)
    assert refusal == {"type": "websocket.close", "code": 1008, "reason": "not_logged_in"}


async def test_a_websocket_of_another_site_is_refused_even_with_a_session(world: World, whole: FastAPI) -> None:
    world.make_account()
    ticket = world.services.auth.login(username=USERNAME, password=PASSWORD, source="-")
    cookie = (b"cookie", f"{credentials.SESSION}={ticket.token}".encode())
    refusal = await _knock(whole, "websocket", "/_nicegui_ws/socket.io/", cookie, (b"origin", b"http://evil.test"))
    assert refusal == {"type": "websocket.close", "code": 1008, "reason": "foreign_origin"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": f"{ORIGIN}.evil.test"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_sites_page_changes_nothing(
    world: World, user: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await user.post("/api/logout", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert (await user.get("/api/me")).status_code == 200


async def test_our_own_page_may(user: httpx.AsyncClient) -> None:
    assert (
        await user.post("/api/logout", headers={"origin": ORIGIN, "sec-fetch-site": "same-origin"})
    ).status_code == 204


async def test_a_page_sends_the_visitor_to_the_login_and_back(world: World, whole: FastAPI) -> None:
    world.make_account()
    async with world.browser(whole) as browser:
        answer = await browser.get("/observations?camera=cam-1&cls=car", headers={"accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?next=%2Fobservations%3Fcamera%3Dcam-1%26cls%3Dcar"
        account = {"username": USERNAME, "password": PASSWORD}
        done = await browser.post(answer.headers["location"], data=account)
        assert (done.status_code, done.headers["location"]) == (303, "/observations?camera=cam-1&cls=car")


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "evil"])
async def test_the_login_sends_nobody_elsewhere(world: World, whole: FastAPI, target: str) -> None:
    world.make_account()
    async with world.browser(whole) as browser:
        account = {"username": USERNAME, "password": PASSWORD}
        answer = await browser.post("/login", params={"next": target}, data=account)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        chosen = await browser.get("/preferences?theme=dark", headers={"referer": target})
        assert chosen.headers["location"] == "/"


async def test_a_page_that_is_not_for_somebody_says_so_in_his_language(world: World, whole: FastAPI) -> None:
    world.make_account()
    world.services.users.add("ana", PASSWORD, [GrantRequest(Role.AUDITOR)], actor=USERNAME)
    async with world.browser(whole) as browser:
        await browser.post("/login", data={"username": "ana", "password": PASSWORD})
        page = {"accept": "text/html"}
        assert (await browser.get("/")).headers["location"] == "/overview"
        denied = await browser.get("/live", headers=page | {"accept-language": "zh"})
        assert denied.status_code == 403
        assert "该账号没有权限 live.view" in denied.text
        absent = await browser.get("/nowhere", headers=page | {"accept-language": "en"})
        assert (absent.status_code, "Page not found" in absent.text) == (404, True)
        assert "<form" not in absent.text
        world.services.users.set_grants("ana", [GrantRequest(Role.ANALYST, None, "A 1")], actor=USERNAME)
        assert (await browser.get("/")).headers["location"] == "/cases/A%201", "where it has no other page"
        world.services.users.set_grants("ana", [], actor=USERNAME)
        assert (await browser.get("/", headers=page)).status_code == 403


async def test_before_the_set_up_the_login_leads_there_and_after_it_back(world: World, whole: FastAPI) -> None:
    world.services.auth.prepare_setup()
    async with world.browser(whole) as browser:
        assert (await browser.get("/login")).headers["location"] == "/setup"
        form = {"code": "wrong", "username": USERNAME, "password": PASSWORD}
        refused = await browser.post("/setup", data=form)
        assert refused.status_code == 403
        assert PASSWORD not in refused.text
        done = await browser.post("/setup", data=form | {"code": world.code_file.read_text(encoding="ascii")})
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert (await browser.get("/api/me")).json()["username"] == USERNAME
        assert (await browser.get("/setup")).headers["location"] == "/login"


async def test_what_was_typed_comes_back_escaped(world: World, whole: FastAPI) -> None:
    world.make_account()
    async with world.browser(whole) as browser:
        answer = await browser.post("/login", data={"username": '"><script>alert(1)</script>', "password": "x"})
    assert answer.status_code == 401
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_a_body_over_the_limit_is_refused(world: World, user: httpx.AsyncClient) -> None:
    answer = await user.post("/api/login", content=b" " * (MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def endless() -> Any:
        while True:
            yield b" " * 65536

    answer = await user.post("/api/login", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_security_headers_are_on_every_answer(world: World, whole: FastAPI) -> None:
    world.make_account()
    async with world.browser(whole) as browser:
        for path in ("/login", "/api/health", "/api/me", "/static/wayside.css", "/nowhere"):
            headers = (await browser.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert "strict-transport-security" not in headers
            assert "uvicorn" not in headers.get("server", "")


async def test_with_tls_the_cookie_is_secure_and_the_browser_remembers(world: World) -> None:
    world.make_account()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/api", api())
    app.add_middleware(
        Guard, services=replace(world.services, secure_cookie=True), permits=RoutePermissions.of(app.routes)
    )
    async with world.browser(app) as browser:
        answer = await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_forwarding_headers_are_not_believed(world: World) -> None:
    world.make_account()
    wrong = {"username": "guess", "password": PASSWORD}
    async with world.browser() as browser:
        codes = [
            (
                await browser.post(
                    "/api/login", json=wrong | {"username": f"guess{n}"}, headers={"x-forwarded-for": f"10.0.0.{n}"}
                )
            ).status_code
            for n in range(31)
        ]
    assert codes == [401] * 30 + [429]
