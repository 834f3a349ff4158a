"""Reads and writes files that upkeep makes and may make anew: eight hexadecimal digits, the CRC-32 of the rest, first.

A file that is not there, was cut short or changed is None to its reader, which then goes by the tables.
"""

import zlib
from pathlib import Path
from typing import Final

from ray_cluster.archive.atomic_files import replace_bytes

_CHECK_DIGITS: Final = 8


def write_checked(path: Path, content: bytes) -> None:
    """Replace a file atomically; makes its folder. Raises `ArchiveFull`, `ArchiveWriteFailed`."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    replace_bytes(path, _checked(content) + content)


def read_checked(path: Path) -> bytes | None:
    """Return the content of a file; None if it is missing or damaged. Raises OSError."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return None
    content = found[_CHECK_DIGITS:]
    return content if found[:_CHECK_DIGITS] == _checked(content) else None


def _checked(content: bytes) -> bytes:
    return f"{zlib.crc32(content):0{_CHECK_DIGITS}x}".encode()
