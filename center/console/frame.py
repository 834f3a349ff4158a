"""What every page has around it: where one is, where one can go, whether the centre is well, and who is logged in."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from nicegui import Client, ui
from starlette.requests import Request

from center import cookies
from center.access import Permission
from center.console import preferences
from center.console.language import LANGUAGES, Language
from center.console.markup import labelled, words
from center.console.preferences import Theme
from center.errors import CenterError, NotLoggedInError, StoreUnavailableError, marked
from center.services import identity_of, services_of

PAGES: Final = (
    ("/live", marked("Live"), Permission.LIVE_VIEW),
    ("/observations", marked("Observations"), Permission.OBSERVATION_SEARCH),
    ("/cameras", marked("Cameras"), Permission.CAMERA_VIEW),
    ("/cases", marked("Cases"), Permission.CASE_VIEW),
    ("/alarms", marked("Alarms"), Permission.ALARM_VIEW),
)
SESSION_CHECK_S: Final = 10.0
HEALTH_CHECK_S: Final = 5.0
_NEXT_THEME: Final = {
    Theme.AUTO: (Theme.DARK, "contrast", marked("Theme: as the system")),
    Theme.DARK: (Theme.LIGHT, "dark_mode", marked("Theme: dark")),
    Theme.LIGHT: (Theme.AUTO, "light_mode", marked("Theme: light")),
}
_LOG_OUT: Final = "fetch('/api/logout', {method: 'POST'}).finally(() => location.assign('/login'))"


@contextmanager
def frame(request: Request, *, title: str, active: str) -> Iterator[Language]:
    """Draw the frame; what is drawn inside `with` is the page. Gives the language to draw it in."""
    chosen = preferences.current()
    _ = chosen.language
    ui.page_title(f"{_(title)} · Wayside")
    with ui.header(elevated=False).classes("ws-header"):
        with ui.element("a").props('href="/"').classes("ws-brand"):
            ui.element("img").props('src="/static/wayside.svg" alt="" width="24" height="24"')
            words("span", "Wayside")
        with labelled("nav", _("Pages")).classes("ws-nav"):
            for path, name, permission in PAGES:
                if not identity_of(request).access.permits(permission):
                    continue
                link = ui.link(_(name), path)
                if path == active:
                    link.props('aria-current="page"')
        _tools(request, chosen)
    banners = ui.element("div").classes("ws-banners").props('aria-live="polite"')
    with ui.element("div").classes("ws-main"):
        yield _
    _watch(request, banners, _)


def problem(error: CenterError, _: Language, *, tone: str = "bad") -> None:
    """Say what happened and what to do, in place of what could not be shown."""
    what, advice = _.error(error)
    with ui.element("div").classes(f"ws-alert ws-alert-{tone}").props('role="alert"'):
        words("strong", what)
        words("span", advice)


def empty(what: str, advice: str) -> None:
    """Say why there is nothing to see, and how there will be."""
    with ui.element("div").classes("ws-empty"):
        words("strong", what)
        words("span", advice)


def _tools(request: Request, chosen: preferences.Preferences) -> None:
    _ = chosen.language
    with ui.element("div").classes("ws-tools"):
        if dashboard := services_of(request).ray_dashboard_url:
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
        ui.label(identity_of(request).username).classes("ws-user")
        ui.button(_("Log out"), color=None, on_click=lambda: ui.run_javascript(_LOG_OUT)).props("flat no-caps")


def _watch(request: Request, banners: ui.element, _: Language) -> None:
    """Keep the banners true, and close the page when its session ends: a websocket would outlive it."""
    services = services_of(request)
    client = ui.context.client
    shown: list[tuple[str, str]] = []

    async def health() -> None:
        nonlocal shown
        await services.health.report()
        faults = list(services.health.faults.values())
        texts = [_.error(fault) for fault in faults]
        if texts == shown:
            return
        shown = texts
        banners.clear()
        with banners:
            for fault in faults:
                problem(fault, _, tone="warn")

    async def session() -> None:
        try:
            now = await asyncio.to_thread(services.auth.identify, request.cookies.get(cookies.SESSION))
            if now.access != identity_of(request).access:
                # A role was taken or given, or a camera changed its district: ask the guard again.
                ui.navigate.reload()
                asyncio.get_running_loop().call_later(1.0, _drop, client)
        except NotLoggedInError:
            ui.navigate.to("/login")
            asyncio.get_running_loop().call_later(1.0, _drop, client)
        except StoreUnavailableError:
            # The banner says it; whether the session is still good shows when the database is back.
            await health()

    ui.timer(HEALTH_CHECK_S, health)
    ui.timer(SESSION_CHECK_S, session, immediate=False)


def _drop(client: Client) -> None:
    if not client.is_deleted:
        client.delete()
