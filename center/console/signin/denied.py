"""Draws the page that a browser sees in place of one that it may not open."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from center.api.errors import STATUS
from center.console import preferences
from center.console.signin import entry
from center.errors import CenterError


def page(connection: HTTPConnection, error: CenterError) -> Response:
    """Renders the reason in the language of the browser."""
    return entry.page("denied", status=STATUS[type(error)], error=error, chosen=preferences.of(connection))
