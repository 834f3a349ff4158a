"""Implements digest access authentication (RFC 2617, MD5, qop=auth), the server's side, and locks guessers out.

A nonce is signed and dated instead of remembered: a client that has shown no password yet costs no memory, so there is
nothing that a flood could fill and no cap that devices behind one address could push each other out of. Remembered is
how far each nonce has been used, and only once its first use was right.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

NONCE_LIFE_S: Final = 300
MAX_USED: Final = 4096
"""Nonces that are remembered as used. Enough for 4096 devices that register within five minutes, each with its own."""
_PARAMETER: Final = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)')
_NONCE: Final = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{1,12})-([0-9a-f]{32})")
_COUNT: Final = re.compile(r"[0-9A-Fa-f]{1,8}")
REFUSED_LOGIN: Final = "its user name or password is not the configured one"
LOCKED: Final = "too many wrong passwords: none is looked at for a minute"
TRIES: Final = 5
LOCKED_S: Final = 60.0
"""Five tries a minute guess nothing, and a technician who has corrected a password waits one minute."""
_MAX_LOCKOUTS: Final = 4096


@dataclass(frozen=True, slots=True)
class Claim:
    """An `Authorization: Digest` header. Anything may stand in it."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    qop: str
    count: str
    cnonce: str


@dataclass(frozen=True, slots=True)
class Account:
    """User name and password of a device."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Account({self.username!r})"


def parse(header: str) -> Claim | None:
    """Parses the header; None when it is no digest or states something twice.

    Tolerated: any order, values without quotes, spaces, letters of either size in names.
    """
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    rest = rest.strip().rstrip(",")
    at = 0
    while at < len(rest):
        parameter = _PARAMETER.match(rest, at)
        if parameter is None or parameter[1].lower() in found:
            return None
        quoted, plain = parameter[2], parameter[3]
        found[parameter[1].lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = parameter.end()
    if not found.keys() >= {"username", "nonce", "uri", "response"}:
        return None
    return Claim(
        username=found["username"],
        realm=found.get("realm", ""),
        nonce=found["nonce"],
        uri=found["uri"],
        response=found["response"].lower(),
        algorithm=found.get("algorithm", ""),
        qop=found.get("qop", "").lower(),
        count=found.get("nc", ""),
        cnonce=found.get("cnonce", ""),
    )


def response(account: Account, claim: Claim, method: str) -> str:
    """Returns the response of a peer that knows the password, by the claim's algorithm: SHA-256, else MD5."""
    hashed = _sha256 if claim.algorithm.upper() == "SHA-256" else _md5
    first = hashed(f"{account.username}:{claim.realm}:{account.password}")
    second = hashed(f"{method}:{claim.uri}")
    if claim.qop == "auth":
        return hashed(f"{first}:{claim.nonce}:{claim.count}:{claim.cnonce}:{claim.qop}:{second}")
    return hashed(f"{first}:{claim.nonce}:{second}")


class Digest:
    """Gives out nonces and checks the claims that come back with them."""

    def __init__(
        self,
        key: bytes,
        realm: str,
        is_same_uri: Callable[[str, str], bool],
        *,
        offers_qop: bool = True,
        max_used: int = MAX_USED,
    ) -> None:
        """`key`: random, for this start of the server.

        `is_same_uri` takes the `uri=` of a claim and the address of its request, which differ more often than not.
        """
        self._key = key
        self._realm = realm
        self._is_same_uri = is_same_uri
        self._qop = ' qop="auth",' if offers_qop else ""
        self._max_used = max_used
        self._given = 0
        self._used: dict[str, int] = {}
        self._too_old_ms = -1

    def challenge(self, source: str, now_s: float, *, stale: bool = False) -> str:
        """Returns a `WWW-Authenticate` value for a client at this address. Without `algorithm` some never answer."""
        self._given += 1
        dated = f"{int(now_s * 1000):x}-{self._given:x}"
        nonce = f"{dated}-{self._sign(dated, source)}"
        tail = ", stale=true" if stale else ""
        return f'Digest realm="{self._realm}",{self._qop} nonce="{nonce}", opaque="", algorithm=MD5{tail}'

    def is_live(self, claim: Claim, source: str, now_s: float) -> bool:
        """True if the claim's nonce is ours, young, given to this address, and not used so far.

        The last matters more often than attacks: some devices repeat one header for ever.
        """
        issued_ms = self._issued_ms(claim.nonce, source)
        if issued_ms is None or not self._too_old_ms < issued_ms <= now_s * 1000 < issued_ms + NONCE_LIFE_S * 1000:
            return False
        count = _count(claim)
        return count is None or count > self._used.get(claim.nonce, 0)

    def check(self, claim: Claim, account: Account, method: str, uri: str, now_s: float) -> bool:
        """True if a live claim was made for this request with the right password; its nonce then counts as used.

        `qop` may be missing although it was offered, or be "null": then its nonce is good for one request.
        """
        count = _count(claim)
        is_ours = (
            claim.algorithm.upper() in {"", "MD5"}
            and claim.qop in {"auth", "null", ""}
            and claim.realm == self._realm
            and self._is_same_uri(claim.uri, uri)
        )
        is_right = _same(claim.response, response(account, claim, method))
        if count is None or not (is_ours and is_right and _same(claim.username, account.username)):
            return False
        self._note_use(claim.nonce, count, now_s)
        return True

    def _note_use(self, nonce: str, count: int, now_s: float) -> None:
        self._used.pop(nonce, None)
        self._used[nonce] = count
        last_ms = now_s * 1000 - NONCE_LIFE_S * 1000
        for old in list(takewhile(lambda used: _issued_ms(used) <= last_ms, self._used)):
            del self._used[old]
        if len(self._used) > self._max_used:
            self._forget()

    def _forget(self) -> None:
        """Forgets the older half, whose nonces are declared too old: what was forgotten must not be good again."""
        by_age = sorted(self._used, key=_issued_ms)
        self._too_old_ms = _issued_ms(by_age[-self._max_used // 2 - 1])
        self._used = {n: count for n, count in self._used.items() if _issued_ms(n) > self._too_old_ms}

    def _issued_ms(self, nonce: str, source: str) -> int | None:
        found = _NONCE.fullmatch(nonce)
        if found is None or not _same(found[3], self._sign(f"{found[1]}-{found[2]}", source)):
            return None
        return _issued_ms(nonce)

    def _sign(self, dated: str, source: str) -> str:
        return hmac.new(self._key, f"{dated} {source}".encode(), hashlib.sha256).hexdigest()[:32]


def _issued_ms(nonce: str) -> int:
    """Returns the moment at which a nonce of ours was issued, milliseconds."""
    return int(nonce.partition("-")[0], 16)


def _count(claim: Claim) -> int | None:
    """Returns how often the nonce has been used by now; None when the claim should state it and does not."""
    if claim.qop != "auth":
        return 1
    return int(claim.count, 16) if _COUNT.fullmatch(claim.count) else None


def _same(one: str, other: str) -> bool:
    """Compares in a time that does not depend on how much of it is right."""
    return hmac.compare_digest(one.encode(errors="surrogateescape"), other.encode(errors="surrogateescape"))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


@dataclass(slots=True)
class _Tries:
    failed: int = 0
    last_s: float = 0.0


class Lockouts:
    """Counts wrong passwords by device and address: a guesser elsewhere does not lock the device itself out."""

    def __init__(self) -> None:
        self._tries: dict[tuple[str, str], _Tries] = {}

    def is_locked(self, device_id: str, source: str, now_s: float) -> bool:
        """True while not even the right password is checked."""
        tries = self._tries.get((device_id, source))
        if tries is None:
            return False
        if now_s - tries.last_s >= LOCKED_S:
            del self._tries[device_id, source]
            return False
        return tries.failed >= TRIES

    def failed(self, device_id: str, source: str, now_s: float) -> None:
        """Counts a wrong password."""
        tries = self._tries.pop((device_id, source), _Tries())
        tries.failed += 1
        tries.last_s = now_s
        self._tries[device_id, source] = tries
        if len(self._tries) > _MAX_LOCKOUTS:
            del self._tries[next(iter(self._tries))]

    def succeeded(self, device_id: str, source: str) -> None:
        """Forgets the failures: the right password came."""
        self._tries.pop((device_id, source), None)
