"""Parses From, To, Contact, Via, CSeq and Expires, as devices write them. Nothing here raises but `cseq`.

Display names come in GBK as often as in UTF-8; the second byte of a GBK character may be a backslash, which then
escapes nothing.
"""

import re
from typing import Final, Protocol

from provisioning.sip.errors import SipError
from provisioning.sip.headers import Headers
from provisioning.sip.peer import Peer

MAX_EXPIRES_S: Final = 2**32 - 1
_NAME_UTF8: Final = re.compile(rb'\s*"(?>\\.|[^"\\])*+"', re.DOTALL)
_NAME_GBK: Final = re.compile(rb'\s*"(?>[\x81-\xfe][\x40-\xfe]|\\.|[^"\\])*+"', re.DOTALL)
_SIP: Final = re.compile(r"sips?:", re.IGNORECASE)
_PARAMETER: Final = re.compile(r'\s*;\s*([^\s=;,"]+)(?:\s*=\s*(?:"((?>\\.|[^"\\])*+)"|([^\s;,"]*)))?')
_CSEQ: Final = re.compile(r"([0-9]{1,10})\s+([!-~]{1,32})")
_SECONDS: Final = re.compile(r"[0-9]{1,20}")


class Headed(Protocol):
    """A request or a response: it has headers."""

    @property
    def headers(self) -> Headers: ...


def uri(value: str) -> str:
    """Returns the sip or sips URI of From, To, Contact or a request line; empty where there is none.

    Between `<` and `>` with its parameters; a bare one without, since they belong to the header.
    """
    found = _parts(value)[0].strip()
    return found if _SIP.match(found) else ""


def user(value: str) -> str:
    """Returns the URI's user part, without a password: the id of a device, channel or platform. Empty without one."""
    scheme, at, _ = uri(value).partition("@")
    return scheme.partition(":")[2].partition(":")[0].strip() if at else ""


def tag(value: str) -> str:
    """Returns the tag of From or To; empty without one."""
    return parameter(value, "tag") or ""


def parameter(value: str, name: str) -> str | None:
    """Returns a parameter of the header's first entry: None where it is absent, empty where it has no value."""
    rest, at, wanted = _parts(value)[1], 0, name.lower()
    while (found := _PARAMETER.match(rest, at)) is not None:
        if found[1].lower() == wanted:
            return (found[3] or "") if found[2] is None else re.sub(r"\\(.)", r"\1", found[2])
        at = found.end()
    return None


def cseq(message: Headed) -> tuple[int, str]:
    """Returns number and method of CSeq.

    Raises:
        SipError: there is none that can be read. A message out of `sip.parse` has one.
    """
    found = _CSEQ.fullmatch(message.headers.get("CSeq") or "")
    if found is None:
        raise SipError("a SIP message has no CSeq of a number and a method")
    return int(found[1]), found[2]


def branch(message: Headed) -> str:
    """Returns the branch of the topmost Via; empty without one."""
    return parameter(message.headers.get("Via") or "", "branch") or ""


def expires(message: Headed) -> int | None:
    """Returns the seconds of the Expires header, else of the first Contact; None where neither states a number."""
    texts = (message.headers.get("Expires"), parameter(message.headers.get("Contact") or "", "expires"))
    found = (int(text) for text in texts if text is not None and _SECONDS.fullmatch(text))
    return next((min(seconds, MAX_EXPIRES_S) for seconds in found), None)


def received(via: str, peer: Peer) -> str:
    """Returns a request's Via with the address that it really came from (RFC 3261, 18.2.1; RFC 3581, 4).

    Both are filled in unasked: answers go to the source, whatever else the device believes about its address.
    """
    first, comma, others = via.partition(",")
    kept = [part for part in first.split(";") if part.partition("=")[0].strip().lower() not in {"received", "rport"}]
    return ";".join([*kept, f"received={peer.host}", f"rport={peer.port}"]) + comma + others


def _parts(value: str) -> tuple[str, str]:
    """Splits a value into the URI and the header's own parameters, from their first semicolon on."""
    rest = _after_name(value)
    before, bracket, after = rest.partition("<")
    if bracket:
        found, _, parameters = after.partition(">")
        return found, parameters
    found, semicolon, parameters = before.partition(";")
    return found.partition(",")[0], semicolon + parameters


def _after_name(value: str) -> str:
    """Removes a display name in quotes, in which any character may stand."""
    if not value.lstrip().startswith('"'):
        return value
    raw = value.encode(errors="surrogateescape")
    pattern = _NAME_GBK if any("\udc80" <= character <= "\udcff" for character in value) else _NAME_UTF8
    name = pattern.match(raw)
    return value if name is None else raw[name.end() :].decode(errors="surrogateescape")
