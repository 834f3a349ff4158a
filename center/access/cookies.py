"""Sets and deletes the session cookie."""

from typing import Final

from starlette.responses import Response

from center.access.sessions import Ticket

SESSION: Final = "wayside_session"


def grant(response: Response, ticket: Ticket, *, now_ms: int, secure: bool) -> None:
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


def revoke(response: Response, *, secure: bool) -> None:
    """Deletes the session cookie."""
    response.delete_cookie(SESSION, path="/", httponly=True, secure=secure, samesite="strict")
