"""Writes and reads WS-Discovery messages as ONVIF uses them (ONVIF Core 7.3). Bytes only.

Any host on the camera network may answer anything: an answer is bounded in size, has no document type, and gives short
printable text alone. Its claims are shown to a technician, and nothing is done by them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

MULTICAST: Final = ("239.255.255.250", 3702)
MAX_ANSWER_BYTES: Final = 32 * 1024
MAX_TEXT: Final = 64
_MAX_SCOPES: Final = 64
_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY: Final = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_DECLARED: Final = re.compile(r"<!(?!--|\[CDATA\[)")
_SCOPE: Final = re.compile(r"onvif://www\.onvif\.org/(name|hardware|location)/(.+)", re.IGNORECASE)


class GarbageError(ValueError):
    """The datagram does not answer the question. The text repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class ProbeMatch:
    """Description of a device by itself; empty fields are missing."""

    name: str = ""
    hardware: str = ""
    location: str = ""
    hosts: tuple[str, ...] = ()
    """Hosts in the addresses of its device service."""


def probe(message_id: str) -> bytes:
    """Writes the question for network video transmitters. `message_id`: `urn:uuid:…`, new each time."""
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}"\
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>\
<a:MessageID>{message_id}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\
<a:Action>{_DISCOVERY}/Probe</a:Action></s:Header>\
<s:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>""".encode()


def parse(datagram: bytes, *asked: str) -> ProbeMatch:
    """Reads an answer to a question with one of these ids.

    Raises:
        GarbageError: it is none, or an unsupported one.
    """
    if len(datagram) > MAX_ANSWER_BYTES:
        raise GarbageError(f"more than {MAX_ANSWER_BYTES} bytes")
    try:
        text = datagram.decode("utf-8")  # as a string its declared encoding counts for nothing
    except UnicodeDecodeError as error:
        raise GarbageError("not UTF-8") from error
    if _DECLARED.search(text):
        raise GarbageError("it declares a document type")
    root = _tree(text)
    if root.tag != f"{{{_SOAP}}}Envelope":
        raise GarbageError("no SOAP 1.2 envelope")
    relates = root.findtext(f"{{{_SOAP}}}Header/{{{_ADDRESSING}}}RelatesTo", "")
    if relates.strip() not in asked:
        raise GarbageError("an answer to another question")
    match = root.find(f"{{{_SOAP}}}Body/{{{_DISCOVERY}}}ProbeMatches/{{{_DISCOVERY}}}ProbeMatch")
    if match is None:
        raise GarbageError("no ProbeMatch")
    scopes = _scopes((match.findtext(f"{{{_DISCOVERY}}}Scopes") or "").split()[:_MAX_SCOPES])
    addresses = (match.findtext(f"{{{_DISCOVERY}}}XAddrs") or "").split()[:8]
    hosts = tuple(dict.fromkeys(host for each in addresses if (host := _host(each))))
    return ProbeMatch(scopes.get("name", ""), scopes.get("hardware", ""), scopes.get("location", ""), hosts)


def plain(text: str) -> str:
    """Makes foreign text fit for a table: printable, on one line, not long."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * MAX_TEXT]).split())[:MAX_TEXT]


def _tree(text: str) -> ET.Element:
    try:
        return ET.fromstring(text)  # noqa: S314 - nothing is declared, so nothing expands; and it is not long
    except (ET.ParseError, ValueError) as error:
        raise GarbageError("no XML") from error


def _scopes(scopes: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for scope in scopes:
        if (match := _SCOPE.fullmatch(scope)) is not None:
            found.setdefault(match[1].lower(), plain(unquote(match[2], errors="replace")))
    return found


def _host(address: str) -> str:
    try:
        return plain(urlsplit(address).hostname or "")
    except ValueError:
        return ""
