"""Passes bytes from a connection to a decoder: bounded, and in memory only.

The writer must not block, so it is called when there is room; the reader is FFmpeg, which does nothing but block.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

_LOOK_UP_S: Final = 0.2
"""Seconds between two checks of a waiting reader whether to stop."""


class BytePipe:
    """Connects one writer and one reader. It holds `capacity_bytes` and what the last `write` brought beyond them."""

    def __init__(self, capacity_bytes: int, changed: Callable[[], None]) -> None:
        """`changed` is called by the reader's thread when a full pipe has room again, and when the reader has gone."""
        self._capacity = capacity_bytes
        self._changed = changed
        self._moved = threading.Condition()
        self._chunks: deque[memoryview] = deque()
        self._held = 0
        self._ended = False
        self._cut = False
        self._read_short = False
        self._closed = False

    # --- the writer's side

    @property
    def has_room(self) -> bool:
        """True while the writer may write; always, once the reader has gone."""
        return self._closed or self._held < self._capacity

    def write(self, data: bytes) -> None:
        """Takes bytes; dropped once the reader has gone."""
        with self._moved:
            if data and not self._closed:
                self._chunks.append(memoryview(data))
                self._held += len(data)
                self._moved.notify_all()

    def end(self) -> None:
        """Marks the end: that was all of it."""
        with self._moved:
            self._ended = True
            self._moved.notify_all()

    def cut(self) -> None:
        """Marks an early end: there should have been more. Too late after `end`."""
        with self._moved:
            self._cut |= not self._ended
            self._ended = True
            self._moved.notify_all()

    # --- the reader's side

    def read(self, size: int, stop: threading.Event) -> bytes:
        """Reads up to `size` bytes; waits for the first of them. Empty at the end, at a cut, and once `stop` is set."""
        with self._moved:
            while not self._chunks and not self._ended and not stop.is_set():
                self._moved.wait(_LOOK_UP_S)
            if not self._chunks:
                self._read_short |= self._cut or not self._ended
                return b""
            was_full = not self.has_room
            first = self._chunks.popleft()
            if len(first) > size:
                self._chunks.appendleft(first[size:])
                first = first[:size]
            self._held -= len(first)
            is_free = was_full and self.has_room
        if is_free:
            self._changed()
        return bytes(first)

    @property
    def was_cut(self) -> bool:
        """True once the reader has met an early end: the last thing it got may be half."""
        return self._read_short

    def close(self) -> None:
        """Ends the reader's side; what is held and what comes is dropped."""
        with self._moved:
            self._closed = True
            self._chunks.clear()
            self._held = 0
        self._changed()
