"""Serves the situation wall: a page without controls, and its figures as a fragment that a script fetches.

A plain page, not one of NiceGUI: it has no websocket and the centre keeps nothing of it, so that a screen may show it
for days, and once its log-in has ended there is nothing left to show.
"""

import hashlib
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from jinja2 import Environment
from starlette.responses import HTMLResponse

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.clock import local
from center.console import preferences
from center.console.language import Language
from center.console.wall.figures import wall_pages
from center.errors import marked
from center.services import Served

PATH: Final = "/wall"
TITLE: Final = marked("Situation wall")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_STATIC: Final = files("center.console") / "static"
_VERSION: Final = hashlib.sha256(
    b"".join((_STATIC / name).read_bytes() for name in ("wayside.css", "wall.css", "wall.js"))
).hexdigest()[:12]
_TEMPLATES: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_FRAME, _PAGES = (
    _TEMPLATES.from_string((files("center.console") / "templates" / name).read_text(encoding="utf-8"))
    for name in ("wall.html", "wall_pages.html")
)

router = APIRouter(include_in_schema=False)


@router.get(PATH, openapi_extra=needs(Permission.WALL_VIEW))
def show(services: Served) -> HTMLResponse:
    """Serves the page; its script asks for the figures."""
    config, chosen = services.wall.config, preferences.current()
    text = _FRAME.render(
        _=chosen.language,
        language=chosen.language,
        theme=chosen.theme.value,
        title=TITLE,
        version=_VERSION,
        edition=_edition(chosen.language),
        turn_ms=round(config.turn_s * 1000),
        refresh_ms=round(config.refresh_s * 1000),
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY})


@router.get(f"{PATH}/pages", openapi_extra=needs(Permission.WALL_VIEW))
async def show_pages(services: Served) -> HTMLResponse:
    """Serves the pages with the figures of now."""
    view, _ = await services.wall.view(), preferences.current().language
    text = _PAGES.render(_=_, pages=wall_pages(view, _), at=local(view.at_ms)[5:19], edition=_edition(_))
    return HTMLResponse(text)


def _edition(language: Language) -> str:
    """Changes with the software and the language: an open wall then loads itself again."""
    return f"{_VERSION}-{language.code}"
