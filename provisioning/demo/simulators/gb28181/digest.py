"""Client side of digest authentication (RFC 2617), with the faults of devices."""

import hashlib
import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from provisioning.demo.simulators.gb28181.faults import DeviceFault

_PAIR: Final = re.compile(r"([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|([^,\s]+))")


class Challenge(NamedTuple):
    """Content of a WWW-Authenticate header."""

    realm: str
    nonce: str
    qop: bool
    """True if qop=auth is offered."""
    opaque: str | None
    algorithm: str | None


def challenge(header: str) -> Challenge | None:
    """Reads WWW-Authenticate; None if it is no digest."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest":
        return None
    said = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
    offered = {word.strip() for word in said.get("qop", "").split(",")}
    return Challenge(
        said.get("realm", ""), said.get("nonce", ""), "auth" in offered, said.get("opaque"), said.get("algorithm")
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Digest:
    """Answers one challenge repeatedly, counting as `nc`."""

    __slots__ = ("_cnonce", "_count", "asked")

    def __init__(self, asked: Challenge, token: Callable[[int], str]) -> None:
        self.asked = asked
        self._cnonce = token(8)
        self._count = 0

    def header(
        self, username: str, password: str, method: str, uri: str, faults: AbstractSet[DeviceFault] = frozenset()
    ) -> str:
        """Returns the value of Authorization for one request."""
        asked = self.asked
        first = _md5(f"{username}:{asked.realm}:{password}")
        second = _md5(f"{method}:{uri}")
        pairs = [("username", username), ("realm", asked.realm), ("nonce", asked.nonce), ("uri", uri)]
        if asked.qop and not faults & {DeviceFault.QOP_NOT_ECHOED, DeviceFault.QOP_NULL}:
            self._count += 1
            count = f"{self._count:08x}"
            response = _md5(f"{first}:{asked.nonce}:{count}:{self._cnonce}:auth:{second}")
            bare = [("qop", "auth"), ("nc", count)]
            pairs.append(("cnonce", self._cnonce))
        else:
            response = _md5(f"{first}:{asked.nonce}:{second}")
            bare = []
            if DeviceFault.QOP_NULL in faults:
                pairs.append(("qop", "null"))
        if DeviceFault.UPPER_CASE_DIGEST in faults:
            response = response.upper()
        pairs.append(("response", response))
        if asked.opaque is not None:
            pairs.append(("opaque", asked.opaque))
        bare.append(("algorithm", asked.algorithm or "MD5"))
        mark = "" if DeviceFault.UNQUOTED_DIGEST in faults else '"'
        written = [f"{name}={mark}{value}{mark}" for name, value in pairs] + [f"{name}={value}" for name, value in bare]
        return "Digest " + ", ".join(written)
