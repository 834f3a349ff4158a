"""Defines the height from which a camera's faces are searched: part of its policy, and named in every envelope."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

EVERY_FACE_PX: Final = 8
"""Height of the smallest faces that the recipe is measured with (docs/evaluation.md): all its searches are made."""
SmallestFacePx = Annotated[Literal[8, 12, 16], Field(exclude_if=lambda px: px == EVERY_FACE_PX)]
"""Height in pixels, forehead to chin. Not written at its default: documents and envelopes keep their older bytes."""
HEIGHTS: Final[Mapping[str, SmallestFacePx]] = {"8": 8, "12": 12, "16": 16}
"""Heights as people write them."""
OFFERED: Final = "8, 12 or 16"
