"""Detects motion in a scene: a picture differs from the one before it, or one did within the last seconds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

STILL_MS: Final = 5000
"""Milliseconds without a change after which the scene is still again."""
STIRS: Final = (12, 3)
"""Grey levels, and cells: so many of the 64×36 cells must differ by so much if one machine is enough.

A car of 300 px at 1080p changes the mean by 1.3 levels and a dozen cells by 30 to 100; a cell's noise is under 1.
"""


class Motion:
    """Motion detector of one camera. Pure: takes capture times and grey thumbnails alone."""

    def __init__(self, threshold: float, *, one_machine: bool = False) -> None:
        """`threshold`: mean absolute difference of grey levels from one picture to the next, 0..255.

        `one_machine`: a change as small as one machine's is enough (`STIRS`).
        """
        self._threshold = threshold
        self._one_machine = one_machine
        self._last: NDArray[np.int16] | None = None
        self._last_ms = 0
        self._moved_ms: int | None = None

    def consider(self, at_ms: int, grey: NDArray[np.uint8]) -> bool:
        """Compare the next picture (36×64) with the one before it. Returns true while the scene moves."""
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
