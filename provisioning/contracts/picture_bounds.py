"""Bounds the sizes and shapes of pictures that the edge and the cluster decode and search.

A picture's header gives its size before a pixel is decoded. The cost of a search depends on shape as well as pixels: a
wide picture is searched in squares of its shorter side, so that 16384×1, a JPEG of 4.7 kB, would be 16,385 searches.
"""

from dataclasses import dataclass
from typing import Final

from provisioning.contracts.wire.messages import MAX_SIDE_PX

MIN_SIDE_PX: Final = 16
"""Nothing can be detected in less; it is one block of a JPEG with halved colours."""
MAX_RATIO: Final = 16
"""Longer side by shorter. The longest pictures that cameras make, four views side by side, have 7."""


@dataclass(frozen=True, slots=True)
class PictureBounds:
    """Bounds on one picture. Sides and proportions are the same everywhere; `max_pixels` depends on the process."""

    max_pixels: int

    def fault(self, width: int, height: int) -> str:
        """Explains why a picture of this size is neither decoded nor searched; empty when it may be."""
        least, most = min(width, height), max(width, height)
        if least < MIN_SIDE_PX:
            return f"{width}×{height} px: a side has at least {MIN_SIDE_PX} px"
        if most > MAX_SIDE_PX:
            return f"{width}×{height} px: a side has at most {MAX_SIDE_PX} px"
        if most > MAX_RATIO * least:
            return f"{width}×{height} px: a picture is at most {MAX_RATIO} times as long as it is wide"
        if width * height > self.max_pixels:
            return f"{width}×{height} px: a picture has at most {self.max_pixels // 1_000_000} megapixels"
        return ""


EDGE: Final = PictureBounds(64 * 1024 * 1024)
"""192 MiB as BGR; an 8K picture has half of it."""
CLUSTER: Final = PictureBounds(16_000_000)
"""Twice 4K. The face detector needs about 100 bytes a pixel."""
