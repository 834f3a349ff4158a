"""Finds the cells in which a fixed camera's picture has changed since they were last searched.

Of each place only the published form is kept, averaged over 4 x 4 pixels, as it was when it was last searched, so that
slow changes are found too. Nothing of it shows a face. A place is searched again if it looks different in any colour,
or
if paint was there of late: what is under the paint is unknown, and a face that was found and is missed once would
otherwise not be searched for again. All of a picture is searched after a pause, a change of size or of most of the
picture, an error, and every `still_s` seconds in any case, so that an unnoticed change does not stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.redactor.cover import Image
from edge_agent.redactor.search_regions import CELL_PX, Cells, cells_of
from provisioning.contracts.wire.messages import Box

REDUCED: Final = 4
"""Side of an average, in pixels. Noise and the encoder's blocks average out; a face of 8 px is still two by two."""
DIFFERS: Final = (6, 8)
"""Levels of 255 by which an average changes, in its brightness and in either colour difference, which JPEG blurs.

With noise of 2 levels a sixth to a half of a street picture changes by them, with 6 for both all of a noisy one.
"""
PAINTED_LOOKS: Final = 2
"""Pictures for which a place is searched after paint was there: one found in most pictures is then hardly ever lost."""


@dataclass(frozen=True, slots=True)
class _Last:
    at_ms: int
    size: tuple[int, int]
    searched: NDArray[np.uint8]
    """Each place of the published pictures as it was when it was last searched, reduced."""
    painted: tuple[Cells, ...]
    """Cells under paint, of this picture and those before it, the newest last."""


class ChangedCells:
    """Tells one camera's changed cells. Pure: the time is that of the pictures.

    `still_s`: 0 searches every picture whole.
    """

    def __init__(self, still_s: float) -> None:
        self._still_ms = round(still_s * 1000)
        self._last: _Last | None = None
        self._before: _Last | None = None
        """State before the picture that is being searched."""
        self._whole_ms = 0
        """Capture time of the last picture that was searched whole."""

    def changed(self, image: Image, at_ms: int) -> Cells | None:
        """Return the cells to search; None: the whole picture. Without `note` of this, the next one is whole too."""
        self._before, self._last = self._last, None
        last, size = self._before, (image.shape[1], image.shape[0])
        if last is None or last.size != size or not last.at_ms <= at_ms < self._whole_ms + self._still_ms:
            return None
        painted = np.logical_or.reduce(list(last.painted))
        return np.asarray(painted | _differing(_reduced(image), last.searched, painted.shape), np.bool_)

    def note(self, at_ms: int, published: Image, boxes: Sequence[Box], searched: Cells | None) -> None:
        """Note a published picture.

        `searched`: the cells of those returned by `changed` that were searched; None: all.
        """
        if not self._still_ms:
            return
        size = (published.shape[1], published.shape[0])
        before, self._before = self._before, None
        before = before if before is not None and before.size == size else None
        reduced, painted = _reduced(published), (*(before.painted if before else ()), cells_of(boxes, size))
        if searched is None or before is None:
            self._whole_ms = at_ms
        else:
            reduced = np.where(_pixels_of(searched, reduced.shape)[..., None], reduced, before.searched)
        self._last = _Last(at_ms, size, reduced, painted[-PAINTED_LOOKS:])


def _reduced(image: Image) -> NDArray[np.uint8]:
    size = tuple(max(1, side // REDUCED) for side in (image.shape[1], image.shape[0]))
    averaged = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(averaged, cv2.COLOR_BGR2YCrCb), np.uint8)


def _pixels_of(cells: Cells, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Select the reduced pixels (of `shape`) that lie in cells."""
    side = CELL_PX // REDUCED
    return np.repeat(np.repeat(cells, side, axis=0), side, axis=1)[: shape[0], : shape[1]]


def _differing(now: NDArray[np.uint8], before: NDArray[np.uint8], shape: tuple[int, ...]) -> Cells:
    """Select the cells (of `shape`) in which anything looks different."""
    brightness, *colours = cv2.split(cv2.absdiff(now, before))
    differs = (brightness >= DIFFERS[0]) | (np.maximum(*colours) >= DIFFERS[1])
    side = CELL_PX // REDUCED
    padded = np.zeros((shape[0] * side, shape[1] * side), np.bool_)
    padded[: differs.shape[0], : differs.shape[1]] = differs
    return np.asarray(padded.reshape(shape[0], side, shape[1], side).any(axis=(1, 3)), np.bool_)
