"""Finds the permission of a request: every route declares one, and an undeclared route cannot be reached.

`RoutePermissions.of` reads the whole application once, before it serves. A route without a permission keeps the centre
from starting; an address that no rule matches is answered with 404, whatever the router would do with it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute, compile_path

from center.access.permissions import Permission

OPEN: Final = frozenset(
    {
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
)
"""Routes that need no session; besides, files under `STATIC_PREFIX`. An SMS gateway cannot log in:
`center.notify.report_endpoint` asks for a secret and an address with each of its reports."""
STATIC_PREFIX: Final = "/static/"
FOREIGN: Final = ("/_nicegui/", "/_nicegui_ws/")
"""NiceGUI's own routes, for scripts and for the websocket of an open page. They need a session and no permission, since
each page was checked for its own permission."""
FAVICON: Final = "/favicon.ico"
_MARK: Final = "x-permission"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def needs(permission: Permission) -> dict[str, Any]:
    """Declares a route's permission: `@router.get(…, openapi_extra=needs(Permission.…))`. Stands in the schema too."""
    return {_MARK: permission.value}


@dataclass(frozen=True, slots=True)
class RouteRule:
    """A route and its permission; `permission` None: open to all."""

    method: str
    """HTTP method; `WEBSOCKET` for a websocket, `*` for any."""
    path: str
    pattern: re.Pattern[str]
    permission: Permission | None

    def case_in(self, path: str) -> str | None:
        """Returns the case that an address names, where the route has a place for one."""
        match = self.pattern.fullmatch(path)
        return None if match is None else match.groupdict().get("case_id")


class UndeclaredRouteError(Exception):
    """Raised for routes that name no permission: a fault of their author, with which no centre may start."""

    def __init__(self, routes: Iterable[tuple[str, str]]) -> None:
        named = ", ".join(f"{method} {path}" for method, path in routes)
        super().__init__(f"no permission is named by {named}: add openapi_extra=needs(Permission.…) to each")


class RoutePermissions:
    """The rules of all routes, which the guard reads."""

    def __init__(self, rules: Iterable[RouteRule]) -> None:
        self.rules = tuple(rules)

    @classmethod
    def of(cls, routes: Iterable[BaseRoute]) -> "RoutePermissions":
        """Collects the rules of a whole application.

        Raises:
            UndeclaredRouteError: a route names no permission.
        """
        rules = [_rule("*", f"{prefix}{{path:path}}", Permission.SIGNED_IN) for prefix in FOREIGN]
        rules.append(_rule("GET", FAVICON, Permission.SIGNED_IN))
        undeclared: list[tuple[str, str]] = []
        for method, path, permission in _walk(routes, ""):
            if path == FAVICON or path.startswith(FOREIGN):
                continue
            if (method, path) in OPEN or path.startswith(STATIC_PREFIX):
                rules.append(_rule(method, path, None))
            elif permission is None:
                undeclared.append((method, path))
            else:
                rules.append(_rule(method, path, Permission(permission)))
        if undeclared:
            raise UndeclaredRouteError(undeclared)
        return cls(rules)

    def find_rule(self, method: str, path: str) -> RouteRule | None:
        """Finds the rule for a request, None if there is nothing at this address. HEAD counts as GET.

        No address has a control character. The routers differ over a line feed: a route takes it, a mount does not.
        """
        if _CONTROL.search(path):
            return None
        method = "GET" if method == "HEAD" else method
        for rule in self.rules:
            if rule.method in {method, "*"} and rule.pattern.fullmatch(path) is not None:
                return rule
        return None


def _rule(method: str, path: str, permission: Permission | None) -> RouteRule:
    return RouteRule(method, path, compile_path(path)[0], permission)


def _walk(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, str, str | None]]:
    """Lists every route as (method, path, permission), in the order in which they are tried."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, WebSocketRoute):
            yield "WEBSOCKET", path, None
        elif isinstance(route, Route):
            extra = route.openapi_extra if isinstance(route, APIRoute) else None
            for method in sorted(route.methods or {"GET"}):
                if method != "HEAD":
                    yield method, path, (extra or {}).get(_MARK)
        elif isinstance(route, Mount):
            inner = list(route.routes)
            yield from _walk(inner, path)
            if not inner:
                # A mounted folder of files, or a whole application of unknown routes: one rule for all of it.
                yield "GET" if path + "/" == STATIC_PREFIX else "*", f"{path}/{{path:path}}", None
        else:
            # FastAPI keeps an included router as a group of its own; any other kind fails here.
            included: Any = route
            yield from _walk(included.original_router.routes, prefix + included.include_context.prefix)
