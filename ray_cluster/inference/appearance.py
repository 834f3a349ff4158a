"""Defines the appearance of a machine: its main colour, and a vector for comparison. Only types."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provisioning.contracts.query.archive import MachineColour

DIMENSIONS: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """Appearance of one machine as the embedder saw it, with riders and covers masked out.

    Attributes:
        colour, colour_share: the main colour and its share of the visible pixels; None if no colour stands out.
        vector: float32, shape (256,), length 1; None if too little of the machine is visible.
    """

    colour: MachineColour | None = None
    colour_share: float | None = None
    vector: NDArray[np.float32] | None = None


UNSEEN: Final = Appearance()
"""Appearance of a machine whose picture is withheld, or that was not embedded."""
