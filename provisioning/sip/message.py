"""Parses and writes SIP messages (RFC 3261, 7), as GB/T 28181 devices write them.

Read leniently: bare line feeds, folded headers, any case, a wrong Content-Length around an XML body. Written strictly.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from provisioning.sip import addresses
from provisioning.sip.errors import SipError
from provisioning.sip.headers import Headers
from provisioning.sip.peer import Peer

__all__ = ["Message", "Request", "Response", "SipError", "answer", "encode", "parse"]

MAX_MESSAGE: Final = 64 * 1024
MAX_LINE: Final = 8 * 1024
MAX_HEADERS: Final = 128
MAX_INDENT: Final = 64
"""Blanks before the first mark of an XML body, by which it is recognized."""
HEAD_END: Final = re.compile(rb"\n\r?\n")
ROOT_END: Final = re.compile(rb"(?:</(?:Notify|Response|Query|Control)\s*>\s*)+", re.IGNORECASE)
"""The end of the XML of a MANSCDP body."""
START: Final = re.compile(
    rb"SIP/2\.0[ \t]+(?P<status>[1-6][0-9]{2})(?:[ \t]+(?P<reason>[^\r\n]*))?"
    rb"|(?P<method>[A-Za-z]{1,32})[ \t]+(?P<uri>[!-~\x80-\xff]{1,1024})[ \t]+SIP/2\.0[ \t]*",
    re.IGNORECASE,
)
"""A status line or a request line."""
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_NAME: Final = re.compile(rb"([!-9;-~]{1,128})[ \t]*:")
_MUST: Final = ("Via", "From", "To", "Call-ID", "CSeq")
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_DESCRIPTION: Final = b"v=0"
"""The beginning of every SDP (RFC 4566, 5.1)."""
_REASONS: Final = {
    100: "Trying",
    200: "OK",
    202: "Accepted",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    423: "Interval Too Brief",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    500: "Server Internal Error",
    503: "Service Unavailable",
    513: "Message Too Large",
}


@dataclass(frozen=True, slots=True)
class Request:
    """`REGISTER sip:34020000002000000001@3402000000 SIP/2.0` and what follows."""

    method: str
    uri: str
    headers: Headers
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """`SIP/2.0 200 OK` and what follows."""

    status: int
    reason: str
    headers: Headers
    body: bytes = field(default=b"", repr=False)


Message = Request | Response


def parse(data: bytes) -> Message:
    """Parses one whole message: a datagram, or what a framer cut out of a stream.

    Bytes of headers that are no UTF-8 stand as lone surrogates. The end of `data` ends the body, unless Content-Length
    ends it earlier; one that would cut an XML body short was counted wrongly, and is not believed.

    Raises:
        SipError: it is no SIP message, lacks a header that every one has, or is too large.
    """
    if len(data) > MAX_MESSAGE:
        raise SipError(f"a SIP message of {len(data)} bytes: at most {MAX_MESSAGE} are read")
    data = data.lstrip(b"\r\n")
    end = HEAD_END.search(data)
    if end is None:
        raise SipError("no empty line ends the headers of a SIP message")
    head = _FOLD.sub(b" ", data[: end.start()])
    first, *lines = (line.rstrip(b"\r") for line in head.split(b"\n", MAX_HEADERS + 1))
    start = START.fullmatch(first)
    if start is None:
        raise SipError("not SIP/2.0: the first line is no request and no status line")
    headers = _headers(lines)
    body = _body(data[end.end() :], stated_length(headers.get("Content-Length")))
    message: Message
    if start["status"] is not None:
        message = Response(int(start["status"]), _text(start["reason"] or b""), headers, body)
    else:
        message = Request(_text(start["method"]), _text(start["uri"]), headers, body)
    addresses.cseq(message)
    return message


def encode(message: Message) -> bytes:
    """Writes a message with its Content-Length. A line break inside its first line is refused (ValueError)."""
    if isinstance(message, Request):
        first = f"{message.method} {message.uri} SIP/2.0"
    else:
        first = f"SIP/2.0 {message.status} {message.reason}"
    if "\r" in first or "\n" in first:
        raise ValueError("the first line of a SIP message holds a line break")
    fields = [f"{name}: {value}" for name, value in message.headers if name.lower() != "content-length"]
    lines = [first, *fields, f"Content-Length: {len(message.body)}", "", ""]
    return "\r\n".join(lines).encode(errors="surrogateescape") + message.body


def answer(
    request: Request,
    status: int,
    peer: Peer,
    *,
    to_tag: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """Builds the response to a request: Via, From, To, Call-ID and CSeq as they came (RFC 3261, 8.2.6.2).

    The topmost Via gets the address that the request came from. `to_tag` is for a To that has no tag.
    """
    own = request.headers
    first, *others = own.all("Via") or ("",)
    vias = [("Via", addresses.received(first, peer)), *(("Via", via) for via in others)]
    to = own.get("To") or ""
    if to_tag and not addresses.tag(to):
        to = f"{to};tag={to_tag}"
    copied = [("From", own.get("From") or ""), ("To", to)]
    copied += [(name, own.get(name) or "") for name in ("Call-ID", "CSeq")]
    return Response(status, _REASONS.get(status, ""), Headers((*vias, *copied, *headers)), body)


def stated_length(text: str | None) -> int | None:
    """Returns a Content-Length; None where it is missing or no number."""
    return int(text) if text is not None and _LENGTH.fullmatch(text) else None


def is_xml(body: bytes | bytearray) -> bool:
    """True if a body begins like XML. The Content-Type is not used: it may be missing or spelt in many ways."""
    return body[:MAX_INDENT].lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"<")


def _body(rest: bytes, stated: int | None) -> bytes:
    if stated == 0 and rest.startswith(_DESCRIPTION):
        return rest
    kept = rest if stated is None else rest[:stated]
    return rest if is_xml(rest) and ROOT_END.search(kept) is None else kept


def _headers(lines: list[bytes]) -> Headers:
    if len(lines) > MAX_HEADERS:
        raise SipError(f"a SIP message has over {MAX_HEADERS} headers")
    long = next((number for number, line in enumerate(lines, 1) if len(line) > MAX_LINE), None)
    if long is not None:
        raise SipError(f"header {long} of a SIP message is over {MAX_LINE} bytes")
    headers = Headers(tuple(_field(line, number) for number, line in enumerate(lines, 1)))
    missing = next((name for name in _MUST if not headers.get(name)), None)
    if missing is not None:
        raise SipError(f"a SIP message lacks {missing}")
    return headers


def _field(line: bytes, number: int) -> tuple[str, str]:
    name = _NAME.match(line)
    if name is None:
        raise SipError(f"header {number} of a SIP message has no name")
    return name[1].decode(), _text(line[name.end() :])


def _text(raw: bytes) -> str:
    """Decodes a header. A carriage return without a line feed becomes a space: some would take it for a new line."""
    return raw.replace(b"\r", b" ").decode(errors="surrogateescape")
