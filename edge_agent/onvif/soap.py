"""Writes SOAP 1.2 requests and reads bounded answers, as ONVIF uses them (ONVIF Core 5). Bytes only.

Names are compared without their namespaces: firmware does not agree on them.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from edge_agent.errors import OnvifError
from provisioning.net.digest import Account

MAX_BYTES: Final = 256 * 1024
_MAX_TEXT: Final = 120
_ENVELOPE: Final = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_BASE64: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
_DECLARED: Final = re.compile(r"<!(?!--|\[CDATA\[)")


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """Login within a SOAP header (WS-Security UsernameToken), which old cameras want in place of HTTP digest."""

    account: Account
    nonce: bytes
    """Random, new each time."""
    created: str
    """Time by the camera's own clock, `2026-11-29T04:00:00Z`: a camera refuses one that is far from it."""

    def header(self) -> str:
        """Writes the element `Security`; the password is in it as a digest."""
        digest = hashlib.sha1(  # noqa: S324 - the profile has no other
            self.nonce + self.created.encode() + self.account.password.encode()
        ).digest()
        nonce, proof = (base64.b64encode(each).decode() for each in (self.nonce, digest))
        return (
            f'<w:Security s:mustUnderstand="1" xmlns:w="{_SECURITY}" xmlns:u="{_UTILITY}"><w:UsernameToken>'
            f"<w:Username>{escape(self.account.username)}</w:Username>"
            f'<w:Password Type="{_DIGEST}">{proof}</w:Password>'
            f'<w:Nonce EncodingType="{_BASE64}">{nonce}</w:Nonce>'
            f"<u:Created>{self.created}</u:Created></w:UsernameToken></w:Security>"
        )


def envelope(body: str, token: UsernameToken | None = None, *, action: str = "", to: str = "") -> bytes:
    """Writes a request. `body`: the request's element, with its namespace.

    `action` and `to` (WS-Addressing): for services that want both, as those of events do.
    """
    addressed = f'<a:Action xmlns:a="{_ADDRESSING}">{escape(action)}</a:Action>' if action else ""
    if action and to:
        addressed += f'<a:To xmlns:a="{_ADDRESSING}">{escape(to)}</a:To>'
    content = addressed + ("" if token is None else token.header())
    header = f"<s:Header>{content}</s:Header>" if content else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE}">{header}'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def read(answer: bytes, response: str) -> ET.Element:
    """Reads an answer; returns its element of this name, `GetSystemDateAndTimeResponse` for instance.

    Raises:
        OnvifError: it is none (`garbage`), or a fault: `wrong_credentials` where it says so, else `fault`.
    """
    if len(answer) > MAX_BYTES:
        raise OnvifError(f"answers more than {MAX_BYTES} bytes", "garbage")
    try:
        text = answer.decode("utf-8-sig")  # as a string its declared encoding counts for nothing
    except UnicodeDecodeError as error:
        raise OnvifError("answers what is not UTF-8", "garbage") from error
    if _DECLARED.search(text):
        raise OnvifError("answers with a document type, which no camera needs", "garbage")
    try:
        root = ET.fromstring(text.strip())  # noqa: S314 - nothing is declared, so nothing expands; and it is not long
    except (ET.ParseError, ValueError) as error:
        raise OnvifError("answers what is no XML: check address, port and path", "garbage") from error
    body = find(root, "Body") if _local(root.tag) == "Envelope" else None
    if body is None:
        raise OnvifError("answers what is no SOAP envelope: check address, port and path", "garbage")
    fault = find(body, "Fault")
    if fault is not None:
        raise _fault(fault)
    found = find(body, response)
    if found is None:
        raise OnvifError(f"answers without {response}", "garbage")
    return found


def find(element: ET.Element, *path: str) -> ET.Element | None:
    """Returns the first descendant on a path of local names; None where there is none."""
    for name in path:
        child = next((each for each in element if _local(each.tag) == name), None)
        if child is None:
            return None
        element = child
    return element


def find_text(element: ET.Element, *path: str) -> str:
    """Returns the text of the descendant on a path, without blanks around it; empty where there is none."""
    found = find(element, *path)
    return "" if found is None else (found.text or "").strip()


def _fault(fault: ET.Element) -> OnvifError:
    codes = " ".join((each.text or "").strip() for each in fault.iter() if _local(each.tag) == "Value")
    reason = find_text(fault, "Reason", "Text") or find_text(fault, "faultstring") or codes
    is_login = "NotAuthorized" in codes or "FailedAuthentication" in codes or "Sender not authorized" in reason
    shown = " ".join("".join(each if each.isprintable() else " " for each in reason[: 4 * _MAX_TEXT]).split())
    return OnvifError(
        f"refuses the call: {shown[:_MAX_TEXT] or 'no reason given'}", "wrong_credentials" if is_login else "fault"
    )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
