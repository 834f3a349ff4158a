"""Defines the interface between replay and what it plays: a folder of pictures or a video."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import Skipped

Picture: TypeAlias = NDArray[np.uint8] | Skipped


@dataclass(frozen=True, slots=True, eq=False)
class RecordedPicture:
    """One picture of a recording, at its position from the start. H×W×3, BGR; or why there is none."""

    offset_ms: int
    picture: Picture


class ReplayRecording(Protocol):
    """A recording that can be played again and again, always the same."""

    step_ms: int
    """Milliseconds from the last picture of one round to the first of the next."""

    def length_ms(self) -> int:
        """Returns the milliseconds from the first picture to the end.

        Raises:
            SourceError: it cannot be opened.
        """

    def pictures(self) -> Iterator[RecordedPicture]:
        """Yields all pictures in order, with a place in the order for each that cannot be used.

        Raises:
            SourceError: it cannot be opened, or breaks off.
        """
