"""Whether something moves in a scene: a picture that differs from the one before it, and a few seconds after."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

STILL_MS: Final = 5000
"""After so long without a change the scene is quiet again."""
STIRS: Final = (12, 3)
"""By so many grey levels so many of the 64×36 cells must differ where one machine is enough: a car of 300 px at 1080p
changes the mean by 1.3 levels and a dozen cells by 30 to 100; a cell's noise is under 1."""


class Motion:
    """One camera's. Pure: capture times and pictures at first sight alone."""

    def __init__(self, threshold: float, *, one_machine: bool = False) -> None:
        """`threshold`: mean absolute difference of grey levels from one look to the next, 0..255.

        `one_machine`: something as small as that is enough (`STIRS`).
        """
        self._threshold = threshold
        self._one_machine = one_machine
        self._last: NDArray[np.int16] | None = None
        self._last_ms = 0
        self._moved_ms: int | None = None

    def consider(self, at_ms: int, grey: NDArray[np.uint8]) -> bool:
        """Look at the next picture (36×64); whether the scene moves."""
        wide = grey.astype(np.int16)
        if at_ms < self._last_ms:  # a clock that was set back
            self._moved_ms = None
        if self._last is not None:
            off = np.abs(wide - self._last)
            stirs = self._one_machine and int(np.count_nonzero(off >= STIRS[0])) >= STIRS[1]
            if stirs or float(off.mean()) >= self._threshold:
                self._moved_ms = at_ms
        self._last, self._last_ms = wide, at_ms
        return self._moved_ms is not None and at_ms - self._moved_ms < STILL_MS
