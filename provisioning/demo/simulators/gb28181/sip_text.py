"""Reads and writes SIP texts of a device (RFC 3261 section 7)."""

import re
from typing import Final, NamedTuple

MAX_MESSAGE_BYTES: Final = 65_535
_COMPACT: Final = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "v": "via",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
    "s": "subject",
    "e": "content-encoding",
    "k": "supported",
    "o": "event",
}
_SHORT: Final = {long: short for short, long in _COMPACT.items()}
_LENGTH: Final = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,8})[ \t]*(?=\r\n)", re.IGNORECASE)
_URI: Final = re.compile(r"sips?:(?:([^@;>\s]*)@)?([^;>\s?]+)", re.IGNORECASE)


class SipTextError(ValueError):
    """The text is no SIP message; says what is wrong with it."""


class SipMessage(NamedTuple):
    """A SIP request or answer."""

    start: str
    """First line of the message."""
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def method(self) -> str:
        """Method of a request; "SIP/2.0" of an answer."""
        return self.start.split(" ", 1)[0]

    @property
    def uri(self) -> str:
        """Request-URI of a request."""
        return self.start.split(" ", 2)[1]

    @property
    def status(self) -> int:
        """Status of an answer; 0 for a request."""
        return int(self.start[8:11]) if self.start.startswith("SIP/2.0 ") else 0

    def get(self, name: str) -> str:
        """Returns the first header of this name in lower case, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        """Returns every header of this name in lower case, in order."""
        return [value for key, value in self.headers if key == name]

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method; (0, "") if it is missing."""
        number, _, method = self.get("cseq").partition(" ")
        return (int(number), method.strip()) if number.isdecimal() and len(number) < 12 else (0, "")


def parse(data: bytes) -> SipMessage:
    """Reads one whole message.

    Raises:
        SipTextError: it is none.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise SipTextError(f"{len(data)} bytes are more than a SIP message may have")
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        raise SipTextError("no empty line ends the headers")
    start, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    words = start.split(" ")
    is_answer = words[0] == "SIP/2.0" and len(words) > 1 and re.fullmatch(r"[1-6]\d\d", words[1], re.ASCII)
    if not is_answer and not (len(words) == 3 and words[0].isalpha() and words[2] == "SIP/2.0"):
        raise SipTextError(f"{start[:40]!r} is no first line of SIP")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise SipTextError(f"header {line[:40]!r} has no colon")
        key = name.strip().lower()
        headers.append((_COMPACT.get(key, key), value.strip()))
    message = SipMessage(start, tuple(headers), body)
    length = message.get("content-length")
    if length.isdecimal() and len(length) < 9:
        message = message._replace(body=body[: int(length)])
    return message


def encode(start: str, headers: list[tuple[str, str]], body: bytes = b"", *, compact: bool = False) -> bytes:
    """Writes a message from these parts, adding nothing."""
    named = [(_SHORT.get(name.lower(), name), value) for name, value in headers] if compact else headers
    lines = [start, *(f"{name}: {value}" for name, value in named), "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body


def user(value: str) -> str:
    """Returns the user part of the first SIP address in a header or URI, or ""."""
    found = _URI.search(value)
    return (found[1] or "") if found else ""


def uri(value: str) -> str:
    """Returns the first SIP address in a header, or ""."""
    found = _URI.search(value)
    return found[0] if found else ""


def parameter(value: str, name: str) -> str:
    """Returns a parameter of a header, after its address; "" if it is missing."""
    found = re.search(rf";\s*{re.escape(name)}\s*=\s*\"?([^;,\"\s>]*)", value.rpartition(">")[2], re.IGNORECASE)
    return found[1] if found else ""


class Framer:
    """Cuts a TCP stream into messages by their Content-Length."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> list[bytes]:
        """Adds bytes and returns the messages that are complete.

        Raises:
            SipTextError: the stream holds no messages; the connection is of no more use.
        """
        self._rest += data
        messages = []
        while True:
            self._rest = self._rest.lstrip(b"\r\n")
            end = self._rest.find(b"\r\n\r\n")
            if end < 0:
                break
            found = _LENGTH.search(self._rest, 0, end + 2)
            total = end + 4 + (int(found[1]) if found else 0)
            if total > MAX_MESSAGE_BYTES:
                raise SipTextError(f"a message of {total} bytes on the connection")
            if len(self._rest) < total:
                break
            messages.append(self._rest[:total])
            self._rest = self._rest[total:]
        if len(self._rest) > MAX_MESSAGE_BYTES:
            raise SipTextError(f"{len(self._rest)} bytes on the connection without an end of headers")
        return messages
