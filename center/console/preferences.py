"""Keeps language and theme of one browser in two cookies without any secret, so that the login page has them too."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from center.console.language import DEFAULT, LANGUAGES, Language, negotiate

LANGUAGE_COOKIE: Final = "wayside_language"
THEME_COOKIE: Final = "wayside_theme"
YEAR_S: Final = 365 * 86_400

router = APIRouter(include_in_schema=False)


class Theme(StrEnum):
    """Light, dark, or as the system has it."""

    LIGHT = "light"
    DARK = "dark"
    AUTO = "auto"

    @property
    def dark(self) -> bool | None:
        """The theme as NiceGUI takes it."""
        return {Theme.LIGHT: False, Theme.DARK: True, Theme.AUTO: None}[self]


@dataclass(frozen=True, slots=True)
class Preferences:
    """Language and theme of one browser."""

    language: Language = LANGUAGES[DEFAULT]
    theme: Theme = Theme.AUTO


_current: ContextVar[Preferences] = ContextVar("preferences", default=Preferences())  # noqa: B039 - frozen


def current() -> Preferences:
    """Returns the preferences of the request that is being answered."""
    return _current.get()


def of(connection: HTTPConnection) -> Preferences:
    """Reads the preferences of one browser from its cookies."""
    chosen = LANGUAGES.get(connection.cookies.get(LANGUAGE_COOKIE, ""))
    theme = connection.cookies.get(THEME_COOKIE, "")
    return Preferences(
        language=chosen or negotiate(connection.headers.get("accept-language", "")),
        theme=Theme(theme) if theme in set(Theme) else Theme.AUTO,
    )


class PreferencesMiddleware:
    """Sets `current` for the length of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; other events pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _current.set(of(HTTPConnection(scope)))
        try:
            await self._app(scope, receive, send)
        finally:
            _current.reset(token)


def local_path(target: str) -> str:
    """Returns `target` if it is a path of this site, else the start page: a link must not lead to another site."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if inside and "\\" not in target else "/"


@router.get("/preferences")
def choose(
    request: Request,
    language: Annotated[str | None, Query(max_length=8)] = None,
    theme: Annotated[Theme | None, Query()] = None,
) -> RedirectResponse:
    """Stores the choice and goes back to the page where it was made."""
    answer = RedirectResponse(_came_from(request), status_code=303)
    if language in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, path="/", httponly=True, samesite="strict")
    if theme is not None:
        answer.set_cookie(THEME_COOKIE, theme.value, max_age=YEAR_S, path="/", httponly=True, samesite="strict")
    return answer


def _came_from(request: Request) -> str:
    """Returns the path of the page that linked here; the start page without a referrer, or for one of another site."""
    try:
        referer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if referer.netloc != request.headers.get("host"):
        return "/"
    return local_path(referer.path + (f"?{referer.query}" if referer.query else ""))
