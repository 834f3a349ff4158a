"""Answers a device's challenge (401 or 407) with the device's password (RFC 2617, MD5)."""

import re
from collections.abc import Callable
from typing import Final

from edge_agent.credentials.digest import Account, Claim, response
from edge_agent.gb28181.sip.message import Response

_ASKS: Final = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
_PARAMETER: Final = re.compile(r'(?<![A-Za-z])([A-Za-z]{1,32}+)\s*+=\s*+(?:"([^"]*)"|([^\s,"]*))')


def answered(
    challenge: Response, account: Account, method: str, uri: str, token: Callable[[int], str]
) -> tuple[str, str] | None:
    """Returns header and value for the repeated request; None where nothing is asked, or another digest than MD5."""
    if challenge.status not in _ASKS:
        return None
    asks, says = _ASKS[challenge.status]
    scheme, _, rest = (challenge.headers.get(asks) or "").partition(" ")
    asked = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
    if scheme.lower() != "digest" or "nonce" not in asked or asked.get("algorithm", "MD5").upper() != "MD5":
        return None
    has_qop = "auth" in [each.strip().lower() for each in asked.get("qop", "").split(",")]
    claim = Claim(
        username=account.username,
        realm=asked.get("realm", ""),
        nonce=asked["nonce"],
        uri=uri,
        response="",
        algorithm="MD5",
        qop="auth" if has_qop else "",
        count="00000001" if has_qop else "",
        cnonce=token(16) if has_qop else "",
    )
    parameters = {
        "username": claim.username,
        "realm": claim.realm,
        "nonce": claim.nonce,
        "uri": uri,
        "response": response(account, claim, method),
    }
    if has_qop:
        parameters["cnonce"] = claim.cnonce
    if "opaque" in asked:
        parameters["opaque"] = asked["opaque"]
    value = ", ".join([*(f'{name}="{each}"' for name, each in parameters.items()), "algorithm=MD5"])
    return says, f"Digest {value}" + (f", qop=auth, nc={claim.count}" if has_qop else "")
