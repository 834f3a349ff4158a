"""By what somebody is known on a connection: the token that is shown, or else the session's cookie."""

from typing import Final

from starlette.requests import HTTPConnection

from center.access import cookies
from center.access.permissions import Identity
from center.errors import NotLoggedInError
from center.services import Services

_BEARER: Final = "bearer "


def identify(services: Services, connection: HTTPConnection) -> Identity:
    """Who it is now, as the database has it. It blocks.

    Raises:
        NotLoggedInError: neither is shown, or what is shown is unknown, has ended, or was taken back.
    """
    shown = connection.headers.get("authorization")
    if shown is None:
        return services.auth.identify(connection.cookies.get(cookies.SESSION))
    if not shown.lower().startswith(_BEARER):
        raise NotLoggedInError
    return services.tokens.identify(shown[len(_BEARER) :].strip())
