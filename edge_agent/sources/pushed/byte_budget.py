"""Bounds memory that threads share: bytes are taken before they are filled and given back when they are free."""

import threading
import weakref
from collections import deque
from queue import SimpleQueue
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LOOK_UP_S: Final = 0.5
"""Seconds between two checks of a waiting thread whether to stop."""


class ByteBudget:
    """Thread-safe.

    Waiting threads are served in the order of coming, so that a large picture is not passed over for ever.
    """

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self._taken = 0
        self._returned: SimpleQueue[int] = SimpleQueue()  # may be put to from a finalizer, whatever it interrupts
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    def taken_bytes(self) -> int:
        """Returns the bytes that are out at the moment."""
        with self._changed:
            return self._settle()

    def try_take_bytes(self, size_bytes: int) -> bool:
        """Takes without waiting; returns False if there is no room."""
        with self._changed:
            if self._line or self._settle() + size_bytes > self.total_bytes:
                return False
            self._taken += size_bytes
            return True

    def take_bytes(self, size_bytes: int, stop: threading.Event) -> bool:
        """Waits for room and takes; returns False when `stop` came first.

        More than there is at all is given when nothing else is out: the limit of one picture is not decided here.
        """
        ticket = object()
        with self._changed:
            self._line.append(ticket)
            try:
                while self._line[0] is not ticket or (self._settle() and self._taken + size_bytes > self.total_bytes):
                    if stop.is_set():
                        return False
                    self._changed.wait(_LOOK_UP_S)
                self._taken += size_bytes
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()
        return True

    def give_bytes(self, size_bytes: int) -> None:
        """Gives bytes back. Never waits, so that a finalizer may call it."""
        self._returned.put(size_bytes)
        if self._changed.acquire(blocking=False):  # else another thread holds it, and counts now or after `_LOOK_UP_S`
            try:
                self._changed.notify_all()
            finally:
                self._changed.release()

    def follow(self, image: NDArray[np.uint8]) -> None:
        """Gives back the bytes of this image once its last reference is gone."""
        weakref.finalize(image, self.give_bytes, image.nbytes).atexit = False

    def _settle(self) -> int:
        """Counts what has come back; returns the bytes that are out now."""
        while not self._returned.empty():
            self._taken -= self._returned.get_nowait()
        return self._taken
