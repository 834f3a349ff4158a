"""The size of a picture read from its header, so that a pixel bomb is refused before anybody decodes it.

Sans-IO: bytes in, size out. JPEG (ITU-T T.81 B.1.1), PNG (ISO/IEC 15948, 11.2.2) and BMP (BITMAPINFOHEADER).
"""

import struct
from collections.abc import Iterator
from typing import Final

from edge_agent.frames import SkipReason

_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_BMP: Final = b"BM"
_END_OF_IMAGE: Final = b"\xff\xd9"
_START_OF_SCAN: Final = 0xDA
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15; C4 is a Huffman table, C8 reserved, CC arithmetic conditioning."""
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""TEM and the restart markers carry no length."""


class UnusablePictureError(ValueError):
    """These bytes are no picture that may be decoded here. The text completes "this picture is …"."""

    def __init__(self, reason: SkipReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, as the header states them.

    Raises:
        UnusablePictureError: none of the three formats, no size to be read, or a JPEG without an end.
    """
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    if data.startswith(_PNG):
        if len(data) < 24 or data[12:16] != b"IHDR":
            raise _broken("a PNG without its header")
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if data.startswith(_BMP):
        if len(data) < 26:
            raise _broken("a BMP without its header")
        width, height = struct.unpack_from("<ii", data, 18)
        return abs(width), abs(height)  # a negative height means that rows run from the top
    raise UnusablePictureError(SkipReason.UNKNOWN_FORMAT, "not a JPEG, PNG or BMP")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the segments: a thumbnail inside an APP segment is stepped over, so its size cannot be taken for ours."""
    size: tuple[int, int] | None = None
    for marker, at in _jpeg_segments(data):
        if marker in _FRAME_HEADERS:
            if size is not None or at + 9 > len(data):
                raise _broken(f"a JPEG with a damaged frame header at byte {at}")
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = width, height
        elif marker == _START_OF_SCAN:
            if size is None:
                raise _broken("a JPEG whose scan comes before its size")
            # libjpeg paints what is missing grey and reports success: look for the end ourselves.
            if data.find(_END_OF_IMAGE, at) < 0:
                raise _broken("a JPEG that is cut off")
            return size
    raise _broken("a JPEG that ends before its picture")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Marker and byte offset of each segment from SOI up to and including the first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise _broken(f"a JPEG with no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _STANDALONE:
            at += 2
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            if length < 2:
                raise _broken(f"a JPEG with an impossible segment at byte {at}")
            yield marker, at
            at += 2 + length


def _broken(message: str) -> UnusablePictureError:
    return UnusablePictureError(SkipReason.BROKEN, message)
