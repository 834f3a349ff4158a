"""Reads JSON on demand, and the base64 of pictures in it.

What is not requested is stepped over unread, however large, and never becomes an object.
A list of faces inside a body costs a search for its closing bracket, and a picture stays where it arrived until it is
decoded. Bounded in depth and in number of values. What stands behind the body is ignored, and a comma too many is
forgiven.
"""

import binascii
import json
import re
from collections.abc import Iterator
from typing import Final

_SPACE: Final = re.compile(rb"[ \t\r\n\x00]*")
_PLAIN: Final = re.compile(rb'[^\s,:"\[\]{}]{1,64}')
"""A number, true, false, null, or a bare word that a device writes for one."""
_STRUCTURE: Final = re.compile(rb'["\[\]{}]')
_REST_OF_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_CLOSING: Final = {ord("{"): ord("}"), ord("["): ord("]")}
_BOM: Final = b"\xef\xbb\xbf"
_MAX_DEPTH: Final = 64
_MAX_VALUES: Final = 100_000
_MAX_TEXT_BYTES: Final = 512
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_LINE_BREAKS: Final = b" \t\r\n\f\v"
_MARK: Final = b"base64,"
_LONGEST_PREFIX: Final = 128


class MalformedBodyError(ValueError):
    """No JSON, or more of it than any body needs."""


class JsonReader:
    """Stands at a value. Each of the four kinds of reading moves it behind that value."""

    def __init__(self, body: bytes | bytearray) -> None:
        self._body = body
        self._at = len(_BOM) if body.startswith(_BOM) else 0
        self._left = _MAX_VALUES
        self._space()

    def members(self) -> Iterator[str]:
        """Yields the keys of an object, each with the reader at its value. Of anything else: none."""
        if self._here() != ord("{"):
            self.skip()
            return
        self._at += 1
        while not self._closes("}"):
            if self._here() != ord('"'):
                raise self._malformed()
            key = self.text()
            self._space()
            if self._here() != ord(":"):
                raise self._malformed()
            self._at += 1
            self._space()
            began = self._at
            yield key
            self._step(began)

    def elements(self) -> Iterator[None]:
        """Yields the values of an array, with the reader at each.

        Of an object: itself, once. Of anything else: none.
        """
        if self._here() == ord("{"):
            yield None
            return
        if self._here() != ord("["):
            self.skip()
            return
        self._at += 1
        while not self._closes("]"):
            began = self._at
            yield None
            self._step(began)

    def text(self) -> str:
        """Reads a string, or a number or word as it stands.

        Empty for null, for a container, and for what is too long.
        """
        began = self._at
        self.skip()
        if self._body[began] in _CLOSING or self._at - began > _MAX_TEXT_BYTES:
            return ""
        value = bytes(self._body[began : self._at])
        if not value.startswith(b'"'):
            return "" if value.lower() == b"null" else value.decode("ascii", "replace")
        try:
            return str(json.loads(value.decode("utf-8", "replace"), strict=False)).strip()
        except ValueError:
            return ""

    def raw(self) -> memoryview:
        """Returns the text between a string's quotes, escapes and all, as a view. Empty for anything else."""
        began = self._at
        self.skip()
        is_string = self._body[began] == ord('"')
        return memoryview(self._body)[began + 1 : self._at - 1] if is_string else memoryview(b"")

    def is_array(self) -> bool:
        """True if the value here is an array."""
        return self._here() == ord("[")

    def skip(self) -> None:
        """Steps over the value."""
        self._count()
        first = self._here()
        if first == ord('"'):
            self._at = self._string_end()
        elif first in _CLOSING:
            self._skip_container()
        else:
            found = _PLAIN.match(self._body, self._at)
            if found is None:
                raise self._malformed()
            self._at = found.end()

    def _skip_container(self) -> None:
        """Steps over a container: brackets have to match; what is between them is not read."""
        awaited = bytearray()
        while True:
            found = _STRUCTURE.search(self._body, self._at)
            if found is None:
                raise self._malformed()
            self._count()
            self._at = found.start()
            mark = self._body[self._at]
            if mark == ord('"'):
                self._at = self._string_end()
                continue
            self._at += 1
            if mark in _CLOSING:
                awaited.append(_CLOSING[mark])
                if len(awaited) > _MAX_DEPTH:
                    raise MalformedBodyError(f"deeper than {_MAX_DEPTH} levels")
            elif mark != awaited.pop():
                raise self._malformed()
            if not awaited:
                return

    def _string_end(self) -> int:
        """Returns the position behind the closing quote of the string that begins here."""
        began = self._at + 1
        end = self._body.find(b'"', began)
        if end >= 0 and self._body.find(b"\\", began, end) >= 0:
            found = _REST_OF_STRING.match(self._body, began)
            end = -1 if found is None else found.end() - 1
        if end < 0:
            raise MalformedBodyError("cut off within a string")
        return end + 1

    def _step(self, began: int) -> None:
        """Steps over the value if the caller did not read it, and over the comma behind it."""
        if self._at == began:
            self.skip()
        self._space()
        if self._here() == ord(","):
            self._at += 1
        elif self._here() not in _CLOSING.values():
            raise self._malformed()

    def _closes(self, bracket: str) -> bool:
        self._space()
        if self._here() != ord(bracket):
            return False
        self._at += 1
        return True

    def _here(self) -> int:
        if self._at >= len(self._body):
            raise MalformedBodyError("cut off")
        return self._body[self._at]

    def _space(self) -> None:
        found = _SPACE.match(self._body, self._at)
        if found is not None:
            self._at = found.end()

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise MalformedBodyError(f"over {_MAX_VALUES} values")

    def _malformed(self) -> MalformedBodyError:
        return MalformedBodyError(f"no JSON at byte {self._at}")


def picture_bytes(data: memoryview) -> bytes:
    r"""Decodes a string of base64, as `Reader.raw` gives it.

    Tolerated: a `data:` prefix, line breaks, escapes (`\/`, `\u003d`), the URL-safe alphabet, padding left out.

    Raises:
        MalformedBodyError: something else, or nothing.
    """
    comma = bytes(data[:_LONGEST_PREFIX]).find(_MARK)
    if comma >= 0:
        data = data[comma + len(_MARK) :]
    try:
        return _decoded(data)
    except binascii.Error:
        pass
    try:
        text = json.loads(b'"%b"' % data.tobytes(), strict=False) if b"\\" in data.tobytes() else None
        clean = data.tobytes() if text is None else text.encode("ascii")
        clean = clean.translate(_URL_SAFE, _LINE_BREAKS).rstrip(b"=")
        return _decoded(clean + b"=" * (-len(clean) % 4))
    except (binascii.Error, ValueError) as error:
        raise MalformedBodyError("a picture is not in base64") from error


def _decoded(data: memoryview | bytes) -> bytes:
    if not len(data):
        raise binascii.Error
    return binascii.a2b_base64(data, strict_mode=True)
