"""Draws the frame of every page: navigation, banners of faults, language and theme, and the user."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

from jinja2 import Environment
from nicegui import Client, ui
from starlette.requests import Request

from center import credentials
from center.access.permissions import Permission
from center.clock import ZONE, ZONE_TEXT
from center.console import preferences
from center.console.fresh import ask_before_each_event
from center.console.language import LANGUAGES, Language
from center.console.preferences import Theme
from center.console.widgets.markup import labelled, words
from center.errors import CenterError, NotLoggedInError, StoreUnavailableError, marked
from center.search.caller import CALLER, Caller, account_name
from center.services import identity_of, services_of

CONTENT: Final = "content"
SESSION_CHECK_S: Final = 10.0
HEALTH_CHECK_S: Final = 5.0
_KEYS: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    (files("center.console") / "templates" / "keys.html").read_text(encoding="utf-8")
)
_NEXT_THEME: Final = {
    Theme.AUTO: (Theme.DARK, "contrast", marked("Theme: system")),
    Theme.DARK: (Theme.LIGHT, "dark_mode", marked("Theme: dark")),
    Theme.LIGHT: (Theme.AUTO, "light_mode", marked("Theme: light")),
}
_SHOW_WHERE: Final = (
    "const at = document.querySelector('.ws-nav [aria-current]'); "
    "if (at) at.parentElement.scrollLeft = at.offsetLeft - at.parentElement.clientWidth / 2"
)
"""Script that scrolls the navigation to the current page: on a narrow screen it is one line. `scrollIntoView` would
have the Tab key begin there."""
_LOG_OUT: Final = (
    "import('/static/my_orders/log_out.js').then((page) => page.logOut()).catch(() => location.assign('/login'))"
)


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """Page of the console, a row of the table in `center.console.pages`."""

    path: str
    permission: Permission
    draw: Callable[..., Any]
    title: str = ""
    """Name in the navigation; empty for a page that others link to."""
    key: str = ""
    """Key that opens the page after `g`; empty for none."""


@contextmanager
def frame(request: Request, *, title: str, active: str, keys: Sequence[tuple[str, str]] = ()) -> Iterator[Language]:
    """Draws the frame; the content of the `with` block is the page. Gives the language to draw it in.

    `keys` are the page's own, each with what it does.
    """
    _answer_to(request)
    chosen = preferences.current()
    _ = chosen.language
    ui.page_title(f"{_(title)} · Wayside")
    access = identity_of(request).access
    links = [(page.path, _(page.title), page.key) for page in navigation_of(request) if access.permits(page.permission)]
    links += [(case_path(number), number, "") for number in access.own_cases()]
    with ui.header(elevated=False).classes("ws-header"):
        words("a", _("Skip to content")).classes("ws-skip").props(f'href="#{CONTENT}"')
        with ui.element("a").props('href="/" aria-label="Wayside"').classes("ws-brand"):
            ui.element("img").props('src="/static/wayside.svg" alt="" width="24" height="24"')
            words("span", "Wayside")
        _tools(request, chosen)
    with labelled("nav", _("Pages")).classes("ws-nav"):
        for path, name, key in links:
            link = ui.link(name, path)
            if path == active:
                link.props('aria-current="page"')
            if key:
                link.props(f'data-key="{key}"')
    _watermark(request)
    banners = ui.element("div").classes("ws-banners").props('aria-live="polite"')
    with ui.element("div").classes("ws-main").props(f'id="{CONTENT}" tabindex="-1"'):
        yield _
    ui.run_javascript(_SHOW_WHERE)
    _shortcuts(links, keys, _)
    _watch(request, banners, _)


def navigation_of(request: Request) -> tuple[ConsolePage, ...]:
    """Returns the pages of the navigation, which `center.console.pages` puts into each request."""
    return cast("tuple[ConsolePage, ...]", request.state.navigation)


def opens(request: Request, path: str) -> bool:
    """True if the user may open a page of the navigation: a link to any other leads to a refusal."""
    permission = next(page.permission for page in navigation_of(request) if page.path == path)
    return identity_of(request).access.permits(permission)


def case_path(number: str, seek: str = "") -> str:
    """Returns the address of a case's page; `seek` is a machine to add, `ROWKEY~INDEX`."""
    path = f"/cases/{quote(number, safe='')}"
    return f"{path}?{urlencode({'seek': seek})}" if seek else path


def new_case_path(seek: str = "") -> str:
    """Returns the address of the form of a new case; `seek` is a machine to add, `ROWKEY~INDEX`."""
    return f"/new-case?{urlencode({'seek': seek})}" if seek else "/new-case"


def problem(error: CenterError, _: Language, *, tone: str = "bad") -> None:
    """Draws an error with its remedy, in place of the missing content."""
    what, advice = _.error(error)
    with ui.element("div").classes(f"ws-alert ws-alert-{tone}").props('role="alert"'):
        words("strong", what)
        words("span", advice)


def empty(what: str, advice: str) -> None:
    """Draws why there is no content, and how there will be."""
    with ui.element("div").classes("ws-empty"):
        words("strong", what)
        words("span", advice)


def _shortcuts(links: list[tuple[str, str, str]], own: Sequence[tuple[str, str]], _: Language) -> None:
    """Draws the list of keys that `?` shows (`static/keys.js`).

    The browser stores whether single keys count: they disturb users who dictate, or who lean on the keyboard.
    """
    shown = [("?", _("Show or hide keyboard shortcuts"))]
    shown += [(f"g {key}", name) for _path, name, key in links if key]
    shown += [(key, _(what)) for key, what in own]
    shown += [("/", _("Focus the first field")), ("Esc", _("Close"))]
    # As text: as elements of NiceGUI they were a fifth of what a page costs the centre.
    ui.add_body_html(_KEYS.render(_=_, keys=shown))


def _watermark(request: Request) -> None:
    """Names the user, and the time of the page, for the mark over its pictures (`static/watermark.js`)."""
    services = services_of(request)
    if services.picture_watermark:
        user, zone_ms = escape(identity_of(request).username), round(ZONE.utcoffset(None).total_seconds() * 1000)
        about = f'data-user="{user}" data-at-ms="{services.now_ms()}" data-zone-ms="{zone_ms}" data-zone="{ZONE_TEXT}"'
        ui.add_body_html(f'<div id="watermark" class="ws-watermark" aria-hidden="true" {about}></div>')


def _tools(request: Request, chosen: preferences.Preferences) -> None:
    _ = chosen.language
    with ui.element("div").classes("ws-tools"):
        dashboard = services_of(request).ray_dashboard_url
        if dashboard and identity_of(request).access.permits(Permission.HEALTH_VIEW):
            ui.link(_("Ray dashboard"), dashboard, new_tab=True).props('rel="noopener noreferrer"')
        for language in LANGUAGES.values():
            if language is not _:
                ui.link(language.own_name, f"/preferences?language={language.code}").props(
                    f'lang="{language.tag}" hreflang="{language.tag}"'
                )
        theme, icon, name = _NEXT_THEME[chosen.theme]
        with labelled("a", _(name)).props(f'href="/preferences?theme={theme.value}"') as switch:
            ui.icon(icon).props("size=18px")
            switch.props["title"] = _(name)
        words("button", "?", title=_("Keyboard shortcuts")).classes("ws-help").props(
            f'type="button" id="keys-open" aria-label="{_("Keyboard shortcuts")}" aria-haspopup="dialog"'
        )
        ui.link(identity_of(request).username, "/account").classes("ws-user").props["title"] = _("My account")
        ui.button(_("Log out"), color=None, on_click=lambda: ui.run_javascript(_LOG_OUT)).props("flat no-caps")


def _answer_to(request: Request) -> None:
    """Has the archive answer to this page: to its account, and no longer than a browser has it open."""
    client = ui.context.client
    gone = asyncio.Event()
    client.on_delete(gone.set)
    CALLER.set(Caller(account_name(identity_of(request).user_id), gone.wait))
    # Without its browser's word a page would wait for it to come back, and the archive would search for it until then.
    ui.on("page_left", lambda: asyncio.get_running_loop().call_soon(_drop, client))


def _watch(request: Request, banners: ui.element, _: Language) -> None:
    """Updates the banners, and closes the page when its session ends: a websocket would outlive it."""
    services = services_of(request)
    client = ui.context.client
    shown: list[tuple[str, str]] = []

    async def health() -> None:
        nonlocal shown
        await services.health.report()
        starting = services.pipeline.starting()
        faults = [fault for name, fault in services.health.faults.items() if name not in starting]
        texts = [_.error(fault) for fault in faults]
        if texts == shown:
            return
        shown = texts
        banners.clear()
        with banners:
            for fault in faults:
                problem(fault, _, tone="warn")

    async def is_as_it_was() -> bool:
        try:
            now = await asyncio.to_thread(services.auth.identify, request.cookies.get(credentials.SESSION))
        except NotLoggedInError:
            ui.navigate.to("/login")
        except StoreUnavailableError:
            # The banner says it; whether the session is still good shows when the database is back.
            await health()
            return False
        else:
            if now.access == identity_of(request).access:
                return True
            # A role was taken or given, or a camera changed its district: ask the guard again.
            ui.navigate.reload()
        asyncio.get_running_loop().call_later(1.0, _drop, client)
        return False

    async def session() -> None:
        await is_as_it_was()

    ask_before_each_event(client, is_as_it_was)
    ui.timer(HEALTH_CHECK_S, health)
    ui.timer(SESSION_CHECK_S, session, immediate=False)


def _drop(client: Client) -> None:
    if client.is_deleted:
        return
    for waiting in client._delete_tasks.values():  # noqa: SLF001 - of a browser that left: it would delete once more
        waiting.cancel()
    client.delete()
