"""Identifies the user of a connection by its API token or its session's cookie, which is set and deleted here."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from center.access.permissions import Identity
from center.access.sessions import Ticket
from center.errors import NotLoggedInError
from center.services import Services

SESSION: Final = "wayside_session"
"""Name of the session's cookie."""
_BEARER: Final = "bearer "


def identify(services: Services, connection: HTTPConnection) -> Identity:
    """Finds the user of a connection in the database. Blocks.

    Raises:
        NotLoggedInError: neither is sent, or it is unknown, has ended or was revoked.
    """
    shown = connection.headers.get("authorization")
    if shown is None:
        return services.auth.identify(connection.cookies.get(SESSION))
    if not shown.lower().startswith(_BEARER):
        raise NotLoggedInError
    return services.tokens.identify(shown[len(_BEARER) :].strip())


def set_cookie(response: Response, ticket: Ticket, *, now_ms: int, secure: bool) -> None:
    """Sets the session cookie: out of reach of scripts, never sent on a request that another site started."""
    response.set_cookie(
        SESSION,
        ticket.token,
        max_age=max(0, (ticket.identity.expires_at_ms - now_ms) // 1000),
        path="/",
        httponly=True,
        secure=secure,
        samesite="strict",
    )


def delete_cookie(response: Response, *, secure: bool) -> None:
    """Deletes the session cookie."""
    response.delete_cookie(SESSION, path="/", httponly=True, secure=secure, samesite="strict")
