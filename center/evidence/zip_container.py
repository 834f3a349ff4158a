"""Writes and reads ZIPs of one form: stored and not compressed, one fixed time, no extra field, no gaps.

For a list of names and contents there is exactly one archive. So a reader need not trust a header: it rebuilds each
and compares, and not one bit of the file is without meaning. Below 4 GiB, without ZIP64 (APPNOTE 6.3.10 §4.3).
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from center.evidence.names import MAX_NAME, is_safe

MAX_BYTES: Final = 4_000_000_000
MAX_ENTRIES: Final = 60_000
CHUNK: Final = 1024 * 1024
END_RECORD: Final = "(end of the archive)"
_VERSION: Final = 20
_UNIX: Final = 3
_1980_01_01: Final = 0x0021
_MODE: Final = 0o100644 << 16
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s2B5H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")


class BrokenArchiveError(Exception):
    """Not an archive that `Writer` wrote. `file` is the entry that it concerns."""

    def __init__(self, file: str, cause: str) -> None:
        super().__init__(f"{file}: {cause}")
        self.file = file
        self.cause = cause


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file in an archive."""

    name: str
    offset: int
    """Offset of its header in the archive."""
    size: int
    crc32: int
    sha256: str

    def local(self) -> bytes:
        """Returns the header before the file's bytes."""
        name = self.name.encode()
        return _LOCAL.pack(
            b"PK\3\4", _VERSION, 0, 0, 0, _1980_01_01, self.crc32, self.size, self.size, len(name), 0
        ) + name  # fmt: skip

    def central(self) -> bytes:
        """Returns the file's record in the directory."""
        name = self.name.encode()
        return _CENTRAL.pack(
            b"PK\1\2", _VERSION, _UNIX, _VERSION, 0, 0, 0, _1980_01_01, self.crc32, self.size, self.size, len(name),
            0, 0, 0, 0, _MODE, self.offset,
        ) + name  # fmt: skip


def end(entries: Sequence[ZipEntry], offset: int) -> bytes:
    """Returns the last record of an archive whose directory begins at `offset`."""
    length = sum(len(entry.central()) for entry in entries)
    return _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), length, offset, 0)


class Writer:
    """Writes an archive front to back; a file's content is in memory only while it is added."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._offset = 0
        self._names: set[str] = set()
        self._digest = hashlib.sha256()
        self.entries: list[ZipEntry] = []

    def add(self, name: str, content: bytes) -> ZipEntry:
        """Appends one file.

        Raises:
            BrokenArchiveError: the name is not safe or taken, or the archive would be too large.
            OSError: the disk does not take the file.
        """
        if not is_safe(name) or name in self._names:
            raise BrokenArchiveError(name, "the name is not safe, or is there twice")
        if self._offset + len(content) > MAX_BYTES or len(self.entries) == MAX_ENTRIES:
            raise BrokenArchiveError(name, f"the archive would have more than {MAX_BYTES} bytes")
        entry = ZipEntry(name, self._offset, len(content), zlib.crc32(content), hashlib.sha256(content).hexdigest())
        self._put(entry.local())
        self._put(content)
        self._names.add(name)
        self.entries.append(entry)
        return entry

    def close(self) -> int:
        """Writes the directory. Returns the archive's size in bytes."""
        offset = self._offset
        for entry in self.entries:
            self._put(entry.central())
        self._put(end(self.entries, offset))
        return self._offset

    def sha256(self) -> str:
        """Returns the hash of all that was written."""
        return self._digest.hexdigest()

    def _put(self, data: bytes) -> None:
        self._target.write(data)
        self._digest.update(data)
        self._offset += len(data)


class Reader:
    """Reads an archive of unknown origin. Every header is compared with the one that `Writer` would have written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens an archive. Raises `OSError` if there is no such file."""
        path.stat()
        return cls(path)

    def entries(self, keep: Callable[[str], int] = lambda _name: 0) -> Iterator[tuple[ZipEntry, bytes]]:
        """Yields each file in order with its content, if it has at most `keep(name)` bytes; else without.

        Ends only after the directory, too, is as it must be. Memory: one file that is kept, and one chunk.

        Raises:
            BrokenArchiveError: one bit is not as it was written.
            OSError: the archive cannot be read.
        """
        with self._path.open("rb") as file:
            length = file.seek(0, 2)
            directory, count = _directory(file, length)
            hints = _hints(file, directory, count)
            entries: list[ZipEntry] = []
            seen: set[str] = set()
            offset = 0
            file.seek(0)
            while offset < directory:
                hint = hints[len(entries)] if len(entries) < len(hints) else f"entry {len(entries) + 1}"
                entry, content = _read(file, offset, directory, hint, keep)
                if entry.name in seen:
                    raise BrokenArchiveError(entry.name, "is there twice")
                seen.add(entry.name)
                entries.append(entry)
                yield entry, content
                offset += len(entry.local()) + entry.size
            for entry in entries:
                if file.read(len(entry.central())) != entry.central():
                    raise BrokenArchiveError(entry.name, "its record in the archive's directory was changed")
            if file.read() != end(entries, directory):
                raise BrokenArchiveError(END_RECORD, "the archive's last record was changed")


def _directory(file: BinaryIO, length: int) -> tuple[int, int]:
    """Finds the begin of the directory and the number of its files."""
    if length < _END.size:
        raise BrokenArchiveError(END_RECORD, "this is no ZIP, or it was cut off")
    file.seek(length - _END.size)
    magic, disk, start_disk, here, count, size, offset, comment = _END.unpack(file.read(_END.size))
    if magic != b"PK\5\6" or disk or start_disk or here != count or comment or offset + size + _END.size != length:
        raise BrokenArchiveError(
            END_RECORD, "this is no ZIP of ours: it was cut off, or something was added or changed at its end"
        )
    return offset, count


def _hints(file: BinaryIO, offset: int, count: int) -> list[str]:
    """Reads the files' names in the directory, used only to name a file whose own header is damaged."""
    file.seek(offset)
    names: list[str] = []
    for _ in range(min(count, MAX_ENTRIES)):
        record = file.read(_CENTRAL.size)
        if len(record) < _CENTRAL.size:
            break
        name = file.read(min(_CENTRAL.unpack(record)[11], MAX_NAME)).decode("ascii", "replace")
        names.append(name if is_safe(name) else f"entry {len(names) + 1}")
    return names


def _read(file: BinaryIO, offset: int, limit: int, hint: str, keep: Callable[[str], int]) -> tuple[ZipEntry, bytes]:
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size:
        raise BrokenArchiveError(hint, "its header is cut off")
    fields = _LOCAL.unpack(head)
    crc, size, name_length = fields[6], fields[7], fields[9]
    name = file.read(min(name_length, MAX_NAME + 1)).decode("ascii", "replace")
    if not is_safe(name) or offset + _LOCAL.size + name_length + size > limit:
        raise BrokenArchiveError(hint, "its header was changed, or its name is not safe to unpack")
    if name != hint:
        raise BrokenArchiveError(hint, f"the archive's directory and the file's header differ: it is {name} there")
    if head + name.encode() != ZipEntry(name, offset, size, crc, "").local():
        raise BrokenArchiveError(name, "its header was changed")
    kept = bytearray()
    wanted = size <= keep(name)
    digest, found, left = hashlib.sha256(), 0, size
    while left:
        chunk = file.read(min(left, CHUNK))
        if not chunk:
            raise BrokenArchiveError(name, "it is cut off")
        digest.update(chunk)
        found = zlib.crc32(chunk, found)
        left -= len(chunk)
        if wanted:
            kept += chunk
    if found != crc:
        raise BrokenArchiveError(name, "its bytes were changed")
    return ZipEntry(name, offset, size, crc, digest.hexdigest()), bytes(kept)
