"""Walks a JPEG's markers from its first to its last (ITU-T T.81 annex B), without decoding a pixel.

libjpeg paints what is missing grey and reports success, takes the last of two sizes, and works through every scan it is
given. So completeness, one size, and a bounded number of scans are checked here. A thumbnail inside an APP segment is
stepped over: it can be taken neither for the picture nor for a second one.
"""

import re
import struct
from typing import Final

from edge_agent.sources.picture_header import Shape, UnusablePictureError, broken, check_trailer

JPEG: Final = b"\xff\xd8\xff"
_SOI: Final = 0xD8
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_READ_HERE: Final = frozenset({0xC0, 0xC1, 0xC2})
"""SOF0 to SOF2: baseline, extended, progressive, all with Huffman coding."""
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15; C4 is a Huffman table, C8 reserved, CC arithmetic conditioning."""
_SEGMENTS: Final = frozenset(range(0xC0, 0xFF)) - set(range(0xD0, 0xDA))
"""Markers with a length; D0 to D7 are restarts within a scan, D8 and D9 begin and end."""
_MAX_SEGMENTS: Final = 1024
_MAX_SCANS: Final = 24
"""libjpeg's own progressive script has 10, and 18 for CMYK. Each costs a pass over the whole picture."""
_FILL: Final = re.compile(rb"\xff+")
_NEXT_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""The end of a scan's data: neither a stuffed FF 00, a restart, nor fill."""


def jpeg_shape(data: bytes) -> Shape:
    """Walks all segments; returns size, end and the decoder's needs.

    Raises:
        UnusablePictureError: cut off, damaged, of a kind that is not read here, two pictures in one, or with more
            behind its end than padding.
    """
    at = 2
    frame: _Frame | None = None
    scans = 0
    for _ in range(_MAX_SEGMENTS):
        marker, at, length = _segment(data, at)
        if marker in _FRAME_HEADERS:
            if frame is not None:
                raise broken(f"a JPEG with a second frame header at byte {at}")
            frame = _Frame(data, at, marker, length)
        at += length
        if marker == _SOS:
            if frame is None:
                raise broken("a JPEG whose scan comes before its size")
            frame.note_scan(data[at - length + 2] if length > 2 else 0)
            scans += 1
            at = _end_of_scan(data, at)
        elif marker == _EOI:
            break
        if scans > _MAX_SCANS:
            raise broken(f"a JPEG of over {_MAX_SCANS} scans")
    else:
        raise broken(f"a JPEG of over {_MAX_SEGMENTS} segments")
    if frame is None or not scans:
        raise broken("a JPEG that ends before its picture")
    check_trailer(data, at)
    return Shape(frame.width, frame.height, at, frame.buffered_bytes, shrinks=True)


class _Frame:
    """Reads the one frame header: size, and how its components are sampled."""

    def __init__(self, data: bytes, at: int, marker: int, length: int) -> None:
        if length < 8:
            raise _damaged(at)
        precision, self.height, self.width, count = struct.unpack_from(">BHHB", data, at + 2)
        if marker not in _READ_HERE or precision != 8 or count not in {1, 3, 4}:
            raise broken("a JPEG of a kind that is not read here")
        if length != 8 + 3 * count or not self.height or not self.width:
            raise _damaged(at)
        sampling = [data[at + 9 + 3 * index] for index in range(count)]
        self._factors = [(each >> 4, each & 15) for each in sampling]
        if any(not 1 <= factor <= 4 for pair in self._factors for factor in pair):
            raise _damaged(at)
        self._is_progressive = marker == 0xC2
        self.buffered_bytes = 0

    def note_scan(self, components: int) -> None:
        """Counts a scan.

        One that holds less than everything makes libjpeg keep all coefficients until the last: 2 bytes each.
        """
        if self._is_progressive or components < len(self._factors):
            widest = max(horizontal for horizontal, _ in self._factors)
            tallest = max(vertical for _, vertical in self._factors)
            units = -(-self.width // (8 * widest)) * -(-self.height // (8 * tallest))
            self.buffered_bytes = 128 * units * sum(horizontal * vertical for horizontal, vertical in self._factors)


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    """Returns the marker that stands here, the position behind it, and its segment's length; 0 at the end."""
    fill = _FILL.match(data, at)
    if fill is None and at < len(data):
        raise broken(f"a JPEG with no marker at byte {at}")
    if fill is None or fill.end() == len(data):
        raise _cut_off()
    marker, at = data[fill.end()], fill.end() + 1
    if marker == _EOI:
        return marker, at, 0
    if marker == _SOI:
        raise broken(f"a JPEG with another picture at byte {at}")
    if marker not in _SEGMENTS:
        raise broken(f"a JPEG with a misplaced marker at byte {at}")
    if at + 2 > len(data):
        raise _cut_off()
    (length,) = struct.unpack_from(">H", data, at)
    if length < 2:
        raise broken(f"a JPEG with an impossible segment at byte {at}")
    if at + length > len(data):
        raise _cut_off()
    return marker, at, int(length)


def _end_of_scan(data: bytes, at: int) -> int:
    found = _NEXT_MARKER.search(data, at)
    if found is None:
        raise _cut_off()
    return found.start()


def _cut_off() -> UnusablePictureError:
    return broken("a JPEG that is cut off")


def _damaged(at: int) -> UnusablePictureError:
    return broken(f"a JPEG with a damaged frame header at byte {at}")
