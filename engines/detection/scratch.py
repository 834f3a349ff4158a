"""Lends each thread memory for its input tensors.

A large array that is made anew is mapped page by page when it is written: 46 MB of YuNet's input cost 20 to 60 CPU ms a
picture, which its pixels take 8 of.
"""

import threading
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEPT_BYTES: Final = 64 << 20
"""Most that a thread keeps: YuNet's largest input. A larger tensor, a batch of a parser, has memory of its own."""


class Scratch(threading.local):
    """One thread's memory. What `lend` returned is overwritten by its next tensor."""

    def __init__(self) -> None:
        self._kept = np.empty(0, np.float32)

    def lend(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return an array of this shape, of any content."""
        size = prod(shape)
        if size * self._kept.itemsize > KEPT_BYTES:
            return np.empty(shape, np.float32)
        if size > len(self._kept):
            self._kept = np.empty(size, np.float32)
        return self._kept[:size].reshape(shape)
