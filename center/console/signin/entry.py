"""Renders the pages before a session and in place of one that is denied.

Plain HTML forms: no script, no websocket, nothing of NiceGUI to reach.
"""

from importlib.resources import files
from typing import Final

from jinja2 import Environment
from starlette.responses import HTMLResponse

from center.console import preferences
from center.console.language import LANGUAGES
from center.errors import CenterError

_TEMPLATES: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_ENTRY: Final = _TEMPLATES.from_string(
    (files("center.console") / "templates" / "entry.html").read_text(encoding="utf-8")
)


def page(
    name: str,
    *,
    status: int = 200,
    error: CenterError | None = None,
    chosen: preferences.Preferences | None = None,
    **values: str,
) -> HTMLResponse:
    """Renders `name`: `login`, `setup`, `arrived` or `denied`; with the error of the last try and what was typed."""
    chosen = chosen or preferences.current()
    _ = chosen.language
    text = _ENTRY.render(
        _=_,
        form=name,
        language=_,
        languages=tuple(LANGUAGES.values()),
        theme=chosen.theme.value,
        error=None if error is None else _.error(error),
        values=values,
    )
    return HTMLResponse(text, status_code=status)
