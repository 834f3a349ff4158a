"""Lists the console's pages, and puts them into the centre's application."""

import hashlib
import inspect
import os
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from nicegui import Client, ui
from nicegui.language import Language as QuasarLanguage
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from center.access.errors import ForbiddenError
from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import STATUS
from center.console import frame, preferences
from center.console.accounts import account, audit, self_check, user, users
from center.console.alarms import list as alarms
from center.console.alarms import new_rule, rule, rules
from center.console.cases import case, form, thefts
from center.console.cases import list as cases
from center.console.fleet import agents, camera, cameras, live, observation
from center.console.frame import ConsolePage
from center.console.orders import list as orders
from center.console.orders import month, new, order, phone, terms
from center.console.search import filter_panel
from center.console.search import page as search
from center.console.signin import denied, login, provider, setup
from center.console.system import (
    assessment,
    low_quality,
    overview,
    pipeline,
    settings,
    sms_months,
    tasks,
    upload,
)
from center.console.wall import page as wall
from center.console.widgets.several import SeveralSelect
from center.errors import CenterError, marked
from center.search.client import TIMEOUT_S
from center.services import identity_of

YEAR_S: Final = 365 * 86_400
OPENING_S: Final = TIMEOUT_S + 5
"""Seconds that a page may take to read the data of its address: the archive's answer, and a little."""
RECONNECT_S = 30.0
"""Seconds that a page waits for its browser, which may be a laptop that slept for a moment."""
SCRIPTS: Final = ("keys.js", "watermark.js")
"""Scripts of every page, in `static`."""
PAGES: Final = (
    ConsolePage("/overview", Permission.CAMERA_VIEW, overview.overview, marked("Overview"), "o"),
    ConsolePage("/live", Permission.LIVE_VIEW, live.live, marked("Live"), "l"),
    ConsolePage("/alarms", Permission.ALARM_VIEW, alarms.alarms, marked("Alarms"), "a"),
    ConsolePage("/observations", Permission.OBSERVATION_SEARCH, search.search, marked("Search"), "b"),
    ConsolePage("/observations/{row_key}", Permission.OBSERVATION_VIEW, observation.observation),
    ConsolePage("/cameras", Permission.CAMERA_VIEW, cameras.cameras, marked("Cameras"), "c"),
    ConsolePage("/cameras/{agent_id}/{camera_id}", Permission.CAMERA_VIEW, camera.camera),
    ConsolePage("/cases", Permission.CASE_VIEW, cases.cases, marked("Cases"), "k"),
    ConsolePage("/new-case", Permission.CASE_EDIT, form.new_case),
    ConsolePage("/thefts", Permission.CASE_VIEW, thefts.thefts),
    ConsolePage("/cases/{case_id}", Permission.CASE_VIEW, case.case),
    ConsolePage("/cases/{case_id}/observations/{row_key}", Permission.OBSERVATION_VIEW, observation.case_observation),
    ConsolePage("/cases/{case_id}/change", Permission.CASE_EDIT, form.change_case),
    ConsolePage("/pipeline", Permission.HEALTH_VIEW, pipeline.pipeline, marked("Pipeline"), "p"),
    ConsolePage("/tasks", Permission.CAMERA_VIEW, tasks.parse_tasks, marked("Parse tasks"), "t"),
    ConsolePage(upload.PATH, Permission.TASK_UPLOAD, upload.upload),
    ConsolePage("/agents", Permission.AGENT_VIEW, agents.agents, marked("Agents"), "g"),
    ConsolePage("/assessment", Permission.ASSESSMENT_VIEW, assessment.assessment, marked("Assessment"), "s"),
    ConsolePage(orders.PATH, Permission.ORDER_VIEW, orders.orders, orders.TITLE, "n"),
    ConsolePage("/orders/new", Permission.ORDER_EDIT, new.new),
    ConsolePage("/orders/terms", Permission.ORDER_VIEW, terms.terms),
    ConsolePage("/orders/months", Permission.ORDER_VIEW, month.months),
    ConsolePage("/orders/{order_id}", Permission.ORDER_VIEW, order.order),
    ConsolePage(filter_panel.LOW_QUALITY_PATH, Permission.OBSERVATION_SEARCH, low_quality.show),
    ConsolePage("/rules", Permission.ALARM_EDIT, rules.rules, marked("Rules"), "r"),
    ConsolePage("/rules/new", Permission.ALARM_EDIT, new_rule.new),
    ConsolePage("/rules/{rule_id}", Permission.ALARM_EDIT, rule.rule),
    ConsolePage("/users", Permission.USER_VIEW, users.users, marked("Users"), "u"),
    ConsolePage("/users/{username}", Permission.USER_VIEW, user.user),
    ConsolePage("/audit", Permission.AUDIT_VIEW, audit.audit, marked("Audit log"), "d"),
    ConsolePage("/self-check", Permission.AUDIT_VIEW, self_check.show, self_check.TITLE, "x"),
    ConsolePage(sms_months.PATH, Permission.NOTIFICATION_EDIT, sms_months.show, sms_months.TITLE, "m"),
    ConsolePage("/settings", Permission.HEALTH_VIEW, settings.settings, marked("Settings"), "e"),
    ConsolePage("/account", Permission.OWN_ACCOUNT, account.account),
)
"""All pages; those with a title in the order of the navigation. Of two that match an address the first is opened."""
WALL: Final = ConsolePage(wall.PATH, Permission.WALL_VIEW, wall.show, wall.TITLE, "w")
"""A plain page, which its own router serves."""
MY_ORDERS: Final = ConsolePage(phone.PATH, phone.NEEDS, phone.choose, phone.TITLE, "z")
"""Another plain page, for the telephone."""
NAVIGATION: Final = (*(page for page in PAGES if page.title), MY_ORDERS, WALL)


class _Page(ui.page):
    """A page in the language and theme of the request, not of the process.

    Its function reads the data of its address before it draws anything, and raises where it cannot: data out of sight
    is thus answered with the same status and text as absent data.
    """

    def __init__(self, path: str, permission: Permission) -> None:
        super().__init__(path, response_timeout=OPENING_S, openapi_extra=needs(permission))

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Registers the page's function."""
        return super().__call__(_opened(func))

    def resolve_language(self) -> QuasarLanguage | None:
        """Returns the language of this request."""
        return cast("QuasarLanguage", preferences.current().language.tag)

    def resolve_dark(self) -> bool | None:
        """Returns the theme of this request; None: as the system has it."""
        return preferences.current().theme.dark


class _Static(StaticFiles):
    """Static files: browsers keep those whose address has a version, and ask each time whether others have changed."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Adds the Cache-Control header."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        versioned = scope["query_string"].startswith(b"v=")
        answer.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if versioned else "no-cache"
        return answer


def _opened(func: Callable[..., Any]) -> Callable[..., Any]:
    """Answers for a page that raises: not found as the guard would; any other error in the frame, with its remedy."""

    def answer(request: Request, error: CenterError) -> Response | None:
        if STATUS[type(error)] == HTTPStatus.NOT_FOUND:
            return denied.page(request, error)
        with frame.frame(request, title=marked("Temporarily unavailable"), active="") as _:
            frame.problem(error, _)
        return None

    @wraps(func)
    def page(*args: Any, **named: Any) -> Any:
        named["request"].state.navigation = NAVIGATION
        try:
            return func(*args, **named)
        except CenterError as error:
            return answer(named["request"], error)

    @wraps(func)
    async def reading_page(*args: Any, **named: Any) -> Any:
        named["request"].state.navigation = NAVIGATION
        try:
            return await func(*args, **named)
        except CenterError as error:
            return answer(named["request"], error)

    return reading_page if inspect.iscoroutinefunction(func) else page


def open_pages() -> int:
    """Counts the pages that a browser has open now, each with a websocket of its own."""
    return sum(client.has_socket_connection for client in list(Client.instances.values()))


def _version(file: Traversable) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def mount(app: FastAPI) -> None:
    """Mounts static files, plain pages and NiceGUI pages. One application a process: NiceGUI has global state."""
    static = files("center.console") / "static"
    app.mount("/static", _Static(directory=str(static)), name="static")
    for plain in (login, provider, setup, preferences, wall, phone):
        app.include_router(plain.router)

    @app.get("/", include_in_schema=False, openapi_extra=needs(Permission.SIGNED_IN), response_model=None)
    async def start(request: Request) -> Response:
        access = identity_of(request).access
        open_pages = [page.path for page in NAVIGATION if access.permits(page.permission)]
        first = next(iter([*open_pages, *map(frame.case_path, access.own_cases())]), None)
        if first is None:
            return denied.page(request, ForbiddenError(permission=NAVIGATION[0].permission))
        return RedirectResponse(first, status_code=303)

    sheet, *scripts = (f"/static/{name}?v={_version(static / name)}" for name in ("wayside.css", *SCRIPTS))
    Client.shared_head_html = f'<link rel="stylesheet" href="{sheet}">' + "".join(
        f'<script src="{script}" defer></script>' for script in scripts
    )
    for lists in (ui.select, SeveralSelect):
        # Quasar gives a list the focus again once it has faded, also where somebody types in the next field by then.
        lists.default_props("transition-duration=0")
    for page in PAGES:
        _Page(page.path, page.permission)(page.draw)
    app.add_middleware(preferences.PreferencesMiddleware)
    ui.run_with(
        app,
        title="Wayside",
        favicon=str(static / "wayside.svg"),
        reconnect_timeout=RECONNECT_S,
        tailwind=False,
        gzip_middleware_factory=None,
        show_welcome_message=False,
    )
