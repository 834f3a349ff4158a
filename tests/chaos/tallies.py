"""Numbers that outlive the process that counts them: a few integers in a file that is mapped into its memory."""

import mmap
import struct
from enum import IntEnum
from pathlib import Path
from typing import Final, Self

_NUMBER: Final = struct.Struct("<q")


class Tally(IntEnum):
    """What the archive counts, by its place in the file."""

    RECEIVED = 0
    ARCHIVED = 1
    AGAIN = 2
    ACKNOWLEDGED = 3


class Tallies:
    """After `kill -9` the kernel still has them. One writer."""

    def __init__(self, file: Path) -> None:
        size = _NUMBER.size * len(Tally)
        with file.open("a+b") as handle:
            handle.truncate(size)
            self._map = mmap.mmap(handle.fileno(), size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    def add(self, which: Tally, n: int = 1) -> None:
        """Count."""
        _NUMBER.pack_into(self._map, which * _NUMBER.size, self.read(which) + n)

    def read(self, which: Tally) -> int:
        """As of now."""
        return int(_NUMBER.unpack_from(self._map, which * _NUMBER.size)[0])
