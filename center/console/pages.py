"""Puts the console's pages into the centre's application."""

from importlib.resources import files
from typing import cast

from fastapi import FastAPI
from nicegui import Client, ui
from nicegui.language import Language as QuasarLanguage
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from center.console import alarms, cameras, live, login, observation, observations, preferences, setup

RECONNECT_S = 30.0
"""How long a page waits for its browser, which may be a laptop that slept for a moment."""


class _Page(ui.page):
    """A page in the language and theme of the request, not of the process."""

    def resolve_language(self) -> QuasarLanguage | None:
        """Of this request."""
        return cast("QuasarLanguage", preferences.current().language.tag)

    def resolve_dark(self) -> bool | None:
        """Of this request."""
        return preferences.current().theme.dark


def mount(app: FastAPI) -> None:
    """Add static files, the plain pages and the NiceGUI pages. One application a process: NiceGUI has global state."""
    static = files("center.console") / "static"
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    for plain in (login, setup, preferences):
        app.include_router(plain.router)

    @app.get("/", include_in_schema=False)
    async def start() -> RedirectResponse:
        return RedirectResponse("/live", status_code=303)

    Client.shared_head_html = '<link rel="stylesheet" href="/static/wayside.css">'
    _Page("/live")(live.live)
    _Page("/observations")(observations.observations)
    _Page("/observations/{row_key}")(observation.observation)
    _Page("/cameras")(cameras.cameras)
    _Page("/alarms")(alarms.alarms)
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
