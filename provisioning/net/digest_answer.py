"""Answers a digest challenge (RFC 2617, RFC 7616) with a password, the client's side: for SIP and for HTTP."""

import re
from collections.abc import Callable
from typing import Final

from provisioning.net.digest import Account, Claim, response

_PARAMETER: Final = re.compile(r'(?<![A-Za-z])([A-Za-z]{1,32}+)\s*+=\s*+(?:"([^"]*)"|([^\s,"]*))')


def answer(
    challenge: str,
    account: Account,
    method: str,
    uri: str,
    token: Callable[[int], str],
    *,
    algorithms: frozenset[str] = frozenset({"MD5"}),
) -> str | None:
    """Returns the value of `Authorization` for the repeated request; None where no digest that is known is asked for.

    `token` draws a client nonce of so many characters.
    """
    scheme, _, rest = challenge.strip().partition(" ")
    asked = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
    algorithm = asked.get("algorithm", "MD5").upper()
    if scheme.lower() != "digest" or "nonce" not in asked or algorithm not in algorithms:
        return None
    has_qop = "auth" in [each.strip().lower() for each in asked.get("qop", "").split(",")]
    claim = Claim(
        username=account.username,
        realm=asked.get("realm", ""),
        nonce=asked["nonce"],
        uri=uri,
        response="",
        algorithm=algorithm,
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
    value = ", ".join([*(f'{name}="{each}"' for name, each in parameters.items()), f"algorithm={algorithm}"])
    return f"Digest {value}" + (f", qop=auth, nc={claim.count}" if has_qop else "")
