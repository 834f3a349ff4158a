"""Reads a picture's header before it is decoded: its size, its end, and what a decoder would need.

Sans-IO: bytes in, `Shape` out. PNG (ISO/IEC 15948, 5.3 and 11.2.2) and BMP (BITMAPINFOHEADER) are read here, JPEG in
`jpeg_markers`. A file that is a picture and something else as well is refused, so that no two programs can disagree
about what it is.
"""

import struct
from dataclasses import dataclass
from typing import Final

from edge_agent.frames import SkipReason
from provisioning.contracts.picture_bounds import EDGE
from provisioning.contracts.wire.messages import MAX_SIDE_PX

PNG: Final = b"\x89PNG\r\n\x1a\n"
BMP: Final = b"BM"
_AFTER_IHDR: Final = len(PNG) + 25
_MAX_CHUNKS: Final = 65_536
_MAX_TRAILER_BYTES: Final = 4096
"""Cameras pad, and some append a note of their own. The decoder does not see it; in more, a file could hide."""
_OTHER_FILES: Final = (
    *(b"\xff\xd8\xff", b"\x89png", b"gif8", b"pk\x03\x04", b"pk\x05\x06", b"rar!", b"7z\xbc\xaf", b"\x1f\x8b\x08"),
    *(b"%pdf", b"\x7felf", b"<html", b"<!doctype", b"<script", b"<svg", b"<?xml", b"<?php"),
)
"""Beginnings of other files, in small letters: a picture that ends in one of them is two files."""
_BMP_BITS: Final = frozenset({8, 24, 32})
_BMP_PLAIN: Final = frozenset({0, 3})
"""BI_RGB and BI_BITFIELDS; run-length coding would hide a large picture in a small file."""


class UnusablePictureError(ValueError):
    """These bytes are no picture that may be decoded here. The text completes "this picture is …"."""

    def __init__(self, reason: SkipReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Shape:
    """Size and end of a picture, as its header promises. Nothing of it has been decoded."""

    width: int
    height: int
    end: int
    """Bytes of the picture; what follows is padding and not for the decoder."""
    buffered_bytes: int = 0
    """Memory that the decoder needs beside the pixels: all coefficients of a JPEG that comes in several scans."""
    shrinks: bool = False
    """Its decoder can make it smaller while it decodes, so that the full size is never in memory."""


def png_shape(data: bytes) -> Shape:
    """Walks the chunks to the last one.

    Raises:
        UnusablePictureError: cut off, damaged, animated, or with more behind its end than padding.
    """
    if len(data) < _AFTER_IHDR or data[len(PNG) : len(PNG) + 8] != b"\0\0\0\x0dIHDR":
        raise broken("a PNG without its header")
    width, height = struct.unpack_from(">II", data, len(PNG) + 8)
    if width and height and (fault := EDGE.fault(width, height)):  # by its header alone, whatever follows
        raise out_of_bounds(width, height, fault)
    at, kind = _AFTER_IHDR, b"IHDR"
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            raise broken("a PNG that is cut off")
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in {b"IHDR", b"acTL"}:
            raise broken("a PNG with a second header, or an animated one")
        at += 12 + length
        if kind == b"IEND":
            break
    if kind != b"IEND" or at > len(data):
        raise broken(f"a PNG that is cut off, or of over {_MAX_CHUNKS} chunks")
    check_trailer(data, at)
    return Shape(width, height, at)


def bmp_shape(data: bytes) -> Shape:
    """Reads a plain BMP only: 8, 24 or 32 bits a pixel, every row there.

    Raises:
        UnusablePictureError: cut off, compressed, or with more behind its end than padding.
    """
    if len(data) < 54:
        raise broken("a BMP without its header")
    offset, header, width, height, planes, bits, compression = struct.unpack_from("<IIiiHHI", data, 10)
    if header < 40 or planes != 1 or bits not in _BMP_BITS or compression not in _BMP_PLAIN or offset < 14 + header:
        raise broken("a BMP of a kind that is not read here")
    width, height = abs(width), abs(height)  # a negative height means that rows run from the top
    end = offset + (width * bits + 31) // 32 * 4 * height
    if end > len(data):
        raise broken("a BMP that is cut off")
    check_trailer(data, end)
    return Shape(width, height, end)


def check_trailer(data: bytes, end: int) -> None:
    """Lets padding and a short note behind the picture pass.

    Raises:
        UnusablePictureError: too much, or another file.
    """
    trailer = data[end:]
    if not trailer or not trailer.strip(trailer[:1]):  # one byte value, repeated
        return
    if len(trailer) > _MAX_TRAILER_BYTES:
        raise broken(f"followed by {len(trailer)} bytes that are not part of it")
    small = trailer.lower()
    if any(sign in small for sign in _OTHER_FILES):
        raise broken("followed by another file")


def out_of_bounds(width: int, height: int, fault: str) -> UnusablePictureError:
    """Makes the error for a picture outside the bounds; `fault`: the result of `PictureBounds.fault` for its size."""
    is_large = max(width, height) > MAX_SIDE_PX or width * height > EDGE.max_pixels
    return UnusablePictureError(SkipReason.TOO_LARGE if is_large else SkipReason.SHAPE, fault)


def broken(message: str) -> UnusablePictureError:
    """Makes the error for a picture that is damaged, or not to be trusted."""
    return UnusablePictureError(SkipReason.BROKEN, message)
