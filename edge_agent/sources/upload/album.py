"""Writes and reads albums: pictures in one stream, each with its offset. `wayside-edge ingest` sends them.

```
"waystil1"  then per picture  offset_ms (u64, big-endian)  bytes (u32)  JPEG, PNG or BMP
```
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final

ALBUM_MAGIC: Final = b"waystil1"
MAX_PICTURE_BYTES: Final = 64 * 1024 * 1024
MAX_OFFSET_MS: Final = 31 * 24 * 3600 * 1000
"""Longest offset in any recording: a month."""
_HEADER: Final = struct.Struct(">QI")


class AlbumError(ValueError):
    """These bytes are no album, or one that was cut."""


def entry(offset_ms: int, picture: bytes) -> bytes:
    """Writes one picture as it travels; empty for one that cannot be sent, so that it is counted all the same."""
    return _HEADER.pack(offset_ms, len(picture)) + picture


def entries(read: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """Yields offset and bytes of each picture. `read` gives up to so many bytes, and none at the end.

    Raises:
        AlbumError: no album, a picture over the bounds, or an end in the middle of one.
    """
    if _exactly(read, len(ALBUM_MAGIC)) != ALBUM_MAGIC:
        raise AlbumError("it does not begin like one")
    while header := _exactly(read, _HEADER.size):
        offset_ms, size = _HEADER.unpack(header)
        if offset_ms > MAX_OFFSET_MS or size > MAX_PICTURE_BYTES:
            raise AlbumError(f"a picture of {size} bytes at {offset_ms} ms is out of bounds")
        picture = _exactly(read, size)
        if len(picture) != size:
            raise AlbumError("it ends in the middle of a picture")
        yield offset_ms, picture


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """Reads `size` bytes, or none at a clean end.

    Raises:
        AlbumError: fewer.
    """
    got = bytearray()
    while len(got) < size:
        part = read(size - len(got))
        if not part:
            if not got:
                return b""
            raise AlbumError("it ends in the middle of a picture")
        got += part
    return bytes(got)
