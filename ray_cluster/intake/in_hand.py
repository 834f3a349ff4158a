"""Remembers which messages were in hand whenever this intake's process died: one of them may be the cause.

The broker delivers them again to the successor. A message that native code cannot survive would kill it, too, and each
after it. So a message that was in hand at `TOGETHER` deaths is tried with nothing else in hand, which leaves only the
cause with further deaths; at `MOST_DEATHS` it is given up. One that ends, however it ends, is forgotten.

The file is shared memory with a name: what a process wrote stays there when it is killed. It need not survive a power
cut, and is never synchronised.
"""

import fcntl
import mmap
import os
import struct
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from ray_cluster.errors import StartFailed

TOGETHER: Final = 2
"""Deaths after which a message is tried alone: one death may have any cause, and all that were in hand share it."""
MOST_DEATHS: Final = 4
_SLOTS: Final = 2048
"""Twice what the broker sends at most (`receive_maximum`). If suspects fill them, policy: `drop_oldest`."""
_RECORD: Final = struct.Struct("=32s?B")
"""SHA-256 of a message, true while it is in hand, deaths."""


class InHand:
    """Messages in hand, by hash. Used by one thread.

    Args:
        file: descriptor of a file that no other process uses; None keeps everything in memory.
    """

    def __init__(self, file: int | None = None) -> None:
        size = _SLOTS * _RECORD.size
        if file is not None:
            os.ftruncate(file, size)
        self._records = mmap.mmap(-1 if file is None else file, size)
        self._slots: dict[bytes, int] = {}
        self._held: Counter[bytes] = Counter()
        self._deaths: OrderedDict[bytes, int] = OrderedDict()
        self._free: deque[int] = deque()
        for slot in range(_SLOTS):
            sha256, was_in_hand, deaths = _RECORD.unpack_from(self._records, slot * _RECORD.size)
            deaths += was_in_hand
            if deaths:
                self._slots[sha256], self._deaths[sha256] = slot, deaths
                self._write(slot, sha256, deaths, is_in_hand=False)
            else:
                self._free.append(slot)

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Use the first file in `folder` that no other intake of this machine holds. Raises `StartFailed`."""
        for path in _paths(folder):
            try:
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise StartFailed(f"{path}: {error.strerror}; check the folder's rights") from error
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
            else:
                return cls(file)
        raise StartFailed(f"{folder}: no file is left for this intake; remove in-hand-*")

    def deaths(self, sha256: str) -> int:
        """Return at how many deaths of the process this message was in hand."""
        return self._deaths.get(bytes.fromhex(sha256), 0) if self._deaths else 0

    def enter(self, sha256: str) -> None:
        """Record that a message is in hand."""
        key = bytes.fromhex(sha256)
        self._held[key] += 1
        if self._held[key] == 1:
            slot = self._slots.get(key)
            if slot is None:
                slot = self._slots[key] = self._taken()
            self._write(slot, key, self._deaths.get(key, 0), is_in_hand=True)

    def leave(self, sha256: str) -> None:
        """Forget a message, which has ended."""
        key = bytes.fromhex(sha256)
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
            self._forget(key)

    def _taken(self) -> int:
        if not self._free:
            self._forget(next(key for key in self._deaths if key not in self._held))
        return self._free.popleft()

    def _forget(self, key: bytes) -> None:
        self._deaths.pop(key, None)
        slot = self._slots.pop(key)
        self._write(slot, b"", 0, is_in_hand=False)
        self._free.append(slot)

    def _write(self, slot: int, sha256: bytes, deaths: int, *, is_in_hand: bool) -> None:
        _RECORD.pack_into(self._records, slot * _RECORD.size, sha256, is_in_hand, min(deaths, 255))


def _paths(folder: Path) -> Iterator[Path]:
    """Name a file for each intake that a machine may have."""
    for number in range(64):
        yield folder / f"in-hand-{number}"
