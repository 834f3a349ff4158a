"""Identifies the user of a connection by the API token, or else by the session's cookie."""

from typing import Final

from starlette.requests import HTTPConnection

from center.access import cookies
from center.access.permissions import Identity
from center.errors import NotLoggedInError
from center.services import Services

_BEARER: Final = "bearer "


def identify(services: Services, connection: HTTPConnection) -> Identity:
    """Finds the user of a connection in the database. Blocks.

    Raises:
        NotLoggedInError: neither is sent, or it is unknown, has ended or was revoked.
    """
    shown = connection.headers.get("authorization")
    if shown is None:
        return services.auth.identify(connection.cookies.get(cookies.SESSION))
    if not shown.lower().startswith(_BEARER):
        raise NotLoggedInError
    return services.tokens.identify(shown[len(_BEARER) :].strip())
