"""Which permission each route asks for: every route says so where it is made, and what says nothing cannot be reached.

`Permits.of` reads the whole application once, before it serves. A route without a permission keeps the centre from
starting; an address that no rule matches is answered as if nothing were there, whatever the router would do with it.
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
"""What may be asked without a session; besides, files under `STATIC_PREFIX`. An SMS gateway cannot log in: of its
reports `center.notify.report_endpoint` asks for a secret and an address."""
STATIC_PREFIX: Final = "/static/"
FOREIGN: Final = ("/_nicegui/", "/_nicegui_ws/")
"""Routes of NiceGUI's own, scripts and the line of a page that was opened: they ask for a session and no more, since
each page was asked for by its own permission."""
FAVICON: Final = "/favicon.ico"
_MARK: Final = "x-permission"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def needs(permission: Permission) -> dict[str, Any]:
    """Say what a route asks for: `@router.get(…, openapi_extra=needs(Permission.…))`. Stands in the schema too."""
    return {_MARK: permission.value}


@dataclass(frozen=True, slots=True)
class Rule:
    """One route. `permission` None: open to anybody."""

    method: str
    """`WEBSOCKET` for one, `*` for any."""
    path: str
    pattern: re.Pattern[str]
    permission: Permission | None

    def case_in(self, path: str) -> str | None:
        """The case that an address names, where the route has a place for one."""
        match = self.pattern.fullmatch(path)
        return None if match is None else match.groupdict().get("case_id")


class UndeclaredRouteError(Exception):
    """Routes that name no permission: a fault of their author, which nobody should be able to start with."""

    def __init__(self, routes: Iterable[tuple[str, str]]) -> None:
        named = ", ".join(f"{method} {path}" for method, path in routes)
        super().__init__(f"no permission is named by {named}: add openapi_extra=needs(Permission.…) to each")


class Permits:
    """The table that the guard reads."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)

    @classmethod
    def of(cls, routes: Iterable[BaseRoute]) -> "Permits":
        """Of a whole application.

        Raises:
            UndeclaredRouteError: a route names no permission.
        """
        rules = [_rule("*", f"{prefix}{{path:path}}", Permission.SIGNED_IN) for prefix in FOREIGN]
        rules.append(_rule("GET", FAVICON, Permission.SIGNED_IN))
        undeclared: list[tuple[str, str]] = []
        for method, path, said in _walk(routes, ""):
            if path == FAVICON or path.startswith(FOREIGN):
                continue
            if (method, path) in OPEN or path.startswith(STATIC_PREFIX):
                rules.append(_rule(method, path, None))
            elif said is None:
                undeclared.append((method, path))
            else:
                rules.append(_rule(method, path, Permission(said)))
        if undeclared:
            raise UndeclaredRouteError(undeclared)
        return cls(rules)

    def find(self, method: str, path: str) -> Rule | None:
        """The rule for a request, None if there is nothing at this address. HEAD counts as GET.

        No address has a control character. The routers differ over a line feed: a route takes it, a mount does not.
        """
        if _CONTROL.search(path):
            return None
        method = "GET" if method == "HEAD" else method
        for rule in self.rules:
            if rule.method in {method, "*"} and rule.pattern.fullmatch(path) is not None:
                return rule
        return None


def _rule(method: str, path: str, permission: Permission | None) -> Rule:
    return Rule(method, path, compile_path(path)[0], permission)


def _walk(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, str, str | None]]:
    """Every route as (method, path, permission), in the order in which they are tried."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, WebSocketRoute):
            yield "WEBSOCKET", path, None
        elif isinstance(route, Route):
            said = route.openapi_extra if isinstance(route, APIRoute) else None
            for method in sorted(route.methods or {"GET"}):
                if method != "HEAD":
                    yield method, path, (said or {}).get(_MARK)
        elif isinstance(route, Mount):
            inner = list(route.routes)
            yield from _walk(inner, path)
            if not inner:
                # A folder of files, or a whole application in which nobody can look: one rule for all of it.
                yield "GET" if path + "/" == STATIC_PREFIX else "*", f"{path}/{{path:path}}", None
        else:
            # FastAPI keeps what was included as a group of its own; any other kind fails here.
            included: Any = route
            yield from _walk(included.original_router.routes, prefix + included.include_context.prefix)
