"""Tells how old a picture is by what comes with it: EXIF (CIPA DC-008, 4.6.5) and HTTP's `Last-Modified`.

Both are compared with the camera's own clock, the `Date` of its answer, where there is one: a wrong clock makes no
picture old. EXIF times often have no zone; then the zone that makes the picture youngest is believed.

Sans-IO. What is damaged tells nothing: the decoder judges the picture.
"""

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from edge_agent.sources.jpeg_markers import JPEG
from provisioning.contracts.query.archive import ZONE

_EXIF: Final = b"Exif\0\0"
_APP1: Final = 0xE1
_SOS: Final = 0xDA
_MAX_SEGMENTS: Final = 32
"""Segments before the first scan in which EXIF is sought: it stands in the first or second."""
_MAX_ENTRIES: Final = 256
_EXIF_IFD: Final = 0x8769
_TAKEN: Final = (0x9003, 0x9004, 0x0132)
"""DateTimeOriginal, DateTimeDigitized, DateTime, in the order in which they are believed."""
_OFFSETS: Final = {0x9003: 0x9011, 0x9004: 0x9012, 0x0132: 0x9010}
"""Tag of each time's zone."""
_ASCII: Final = 2
_MAX_TEXT: Final = 64
_TIME: Final = re.compile(rb"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_ZONE: Final = re.compile(rb"([+-])(\d\d):(\d\d)")


def age_s(data: bytes, last_modified: str, date: str, now_ms: int) -> float:
    """Returns the seconds since the picture was taken; 0 where nothing tells. `date`: the camera's clock now."""
    now = _http_time(date) or datetime.fromtimestamp(now_ms / 1000, UTC)
    modified = _http_time(last_modified)
    ages = [] if modified is None else [(now - modified).total_seconds()]
    if taken := exif_times(data):
        ages.append(min((abs((now - each).total_seconds()) for each in taken), default=0.0))
    return max(0.0, *ages) if ages else 0.0


def exif_times(data: bytes) -> list[datetime]:
    """Returns the moments at which a JPEG may have been taken, one for each zone it may mean; empty without EXIF."""
    for segment in _app1(data):
        tags = _Tiff(segment).texts()
        for tag in _TAKEN:
            if (found := _TIME.match(tags.get(tag, b""))) is not None:
                return _moments(found, tags.get(_OFFSETS[tag], b""))
    return []


def _moments(found: re.Match[bytes], offset: bytes) -> list[datetime]:
    zones = [UTC, ZONE]
    if (zone := _ZONE.match(offset)) is not None:
        minutes = int(zone[2]) * 60 + int(zone[3])
        if minutes >= 24 * 60:
            return []
        zones = [timezone(timedelta(minutes=-minutes if zone[1] == b"-" else minutes))]
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return [datetime(year, month, day, hour, minute, second, tzinfo=each).astimezone(UTC) for each in zones]
    except (ValueError, OverflowError):  # 0000:00:00 of a camera without a clock; the first and last day there is
        return []


def _app1(data: bytes) -> Iterator[bytes]:
    """Yields the TIFF of each EXIF segment before the first scan."""
    if not data.startswith(JPEG):
        return
    at = 2
    for _ in range(_MAX_SEGMENTS):
        head = data[at : at + 4]
        if len(head) < 4 or head[0] != 0xFF or head[1] == _SOS:
            return
        (length,) = struct.unpack(">H", head[2:])
        body = data[at + 4 : at + 2 + length]
        if head[1] == _APP1 and body.startswith(_EXIF):
            yield body[len(_EXIF) :]
        at += 2 + max(2, length)


class _Tiff:
    """Reads the ASCII tags of the first directory and of the EXIF directory in it; no other is followed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4], "")

    def texts(self) -> dict[int, bytes]:
        first = self._number("I", 4)
        if not self._order or first is None:
            return {}
        texts, inner = self._directory(first)
        return texts if inner is None else texts | self._directory(inner)[0]

    def _directory(self, at: int) -> tuple[dict[int, bytes], int | None]:
        """Returns its texts by tag, and where the EXIF directory stands."""
        texts: dict[int, bytes] = {}
        inner: int | None = None
        for index in range(min(self._number("H", at) or 0, _MAX_ENTRIES)):
            entry = at + 2 + 12 * index
            tag, kind, count = self._number("H", entry), self._number("H", entry + 2), self._number("I", entry + 4)
            if tag is None or kind is None or count is None:
                break
            if tag == _EXIF_IFD:
                inner = self._number("I", entry + 8)
            elif kind == _ASCII and 4 < count <= _MAX_TEXT and (place := self._number("I", entry + 8)) is not None:
                texts[tag] = self._data[place : place + count]
        return texts, inner

    def _number(self, form: str, at: int) -> int | None:
        size = struct.calcsize(form)
        field = self._data[at : at + size]
        return struct.unpack((self._order or "<") + form, field)[0] if len(field) == size else None


def _http_time(text: str) -> datetime | None:
    """Parses an HTTP date (RFC 9110, 5.6.7)."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
