"""Bytes on their way from a connection to a decoder: bounded, and in memory only.

The writer must not block, so it is told when there is room; the reader is FFmpeg, which does nothing but block.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

_LOOK_UP_S: Final = 0.2
"""How often a waiting reader looks whether it should stop."""


class Pipe:
    """One writer, one reader. It holds `capacity_bytes` and what the last `write` brought beyond them."""

    def __init__(self, capacity_bytes: int, changed: Callable[[], None]) -> None:
        """`changed` is called by the reader's thread when a full pipe has room again, and when the reader has gone."""
        self._capacity = capacity_bytes
        self._told = changed
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
        """Whether the writer may write; always, once nobody reads any more."""
        return self._closed or self._held < self._capacity

    def write(self, data: bytes) -> None:
        """Take these. What nobody reads any more goes nowhere."""
        with self._moved:
            if data and not self._closed:
                self._chunks.append(memoryview(data))
                self._held += len(data)
                self._moved.notify_all()

    def end(self) -> None:
        """That was all of it."""
        with self._moved:
            self._ended = True
            self._moved.notify_all()

    def cut(self) -> None:
        """There should have been more. Too late after `end`."""
        with self._moved:
            self._cut = not self._ended
            self._ended = True
            self._moved.notify_all()

    # --- the reader's side

    def read(self, size: int, stop: threading.Event) -> bytes:
        """Up to `size` bytes; waits for the first of them. Empty at the end, at a cut, and once `stop` is set."""
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
            self._told()
        return bytes(first)

    @property
    def was_cut(self) -> bool:
        """Whether the reader has met the end where there should have been more: the last it got may be half a thing."""
        return self._read_short

    def close(self) -> None:
        """The reader goes."""
        with self._moved:
            self._closed = True
            self._chunks.clear()
            self._held = 0
        self._told()
