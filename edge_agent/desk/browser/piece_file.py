"""Reads a file that lies in a browser: FFmpeg asks for any place of it, and the page brings that piece. In memory only.

One thread reads. Eight pieces are kept, since an index and the pictures that it points at lie apart.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import SEEK_CUR, SEEK_END, SEEK_SET
from typing import Final

from edge_agent.desk.browser.protocol import PIECE_BYTES, Piece

_KEPT: Final = 8


class FileGoneError(Exception):
    """The browser brings no more of the file."""


class PieceFile:
    """A file of `size` bytes, read by one thread and brought by another."""

    title: Final = "this file"

    def __init__(self, size: int, wanting: Callable[[], None]) -> None:
        """`wanting` is called by the reader's thread when it begins to wait for a piece."""
        self._size = size
        self._wanting = wanting
        self._moved = threading.Condition()
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._wants: Piece | None = None
        self._is_closed = False

    # --- the browser's side

    @property
    def wants(self) -> Piece | None:
        """Piece that the reader waits for."""
        return self._wants

    def put(self, at: int, data: bytes) -> None:
        """Takes the piece that is wanted; any other is dropped: it has come before, or was never asked for."""
        with self._moved:
            if self._wants is not None and (self._wants.at, self._wants.size) == (at, len(data)):
                self._kept[at // PIECE_BYTES] = data
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
                self._wants = None
                self._moved.notify_all()

    def close(self) -> None:
        """Ends the file: a reader that waits, or reads on, gets FileGoneError."""
        with self._moved:
            self._is_closed = True
            self._wants = None
            self._kept.clear()
            self._moved.notify_all()

    # --- the reader's side

    def size(self) -> int:
        """Returns the number of bytes that the page states."""
        return self._size

    @contextmanager
    def open(self) -> "Iterator[PieceReader]":
        """Opens it from its start; nothing of it is brought yet."""
        yield PieceReader(self)

    def piece(self, number: int) -> bytes:
        """Returns a piece; waits until the browser has brought it.

        Raises:
            FileGoneError: it brings no more.
        """
        at = number * PIECE_BYTES
        with self._moved:
            if number not in self._kept and not self._is_closed:
                self._wants = Piece(at=at, size=min(PIECE_BYTES, self._size - at))
                self._wanting()
                self._moved.wait_for(lambda: number in self._kept or self._is_closed)
            if self._is_closed:
                raise FileGoneError
            self._kept.move_to_end(number)
            return self._kept[number]


class PieceReader:
    """A place in the file, as FFmpeg moves it."""

    def __init__(self, file: PieceFile) -> None:
        self._file = file
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Reads up to `size` bytes, of one piece; none at the end."""
        if not 0 <= self._at < self._file.size() or size <= 0:
            return b""
        number, offset = divmod(self._at, PIECE_BYTES)
        part = self._file.piece(number)[offset : offset + size]
        self._at += len(part)
        return part

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Moves; a place before the start is the start."""
        base = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._file.size()}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Returns the place of the byte that is read next."""
        return self._at
