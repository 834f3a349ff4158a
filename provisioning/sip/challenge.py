"""Answers a device's challenge (401 or 407) with the device's password (RFC 2617, MD5)."""

from collections.abc import Callable
from typing import Final

from provisioning.net.digest import Account
from provisioning.net.digest_answer import answer
from provisioning.sip.message import Response

_ASKS: Final = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


def answered(
    challenge: Response, account: Account, method: str, uri: str, token: Callable[[int], str]
) -> tuple[str, str] | None:
    """Returns header and value for the repeated request; None where nothing is asked, or another digest than MD5."""
    if challenge.status not in _ASKS:
        return None
    asks, says = _ASKS[challenge.status]
    value = answer(challenge.headers.get(asks) or "", account, method, uri, token)
    return None if value is None else (says, value)
