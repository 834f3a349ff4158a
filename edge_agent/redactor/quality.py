"""Scores the quality of a redacted picture: three scores in 0..1, from the pixels that are not covered."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from provisioning.contracts.wire.messages import Quality

SHARP_AT: Final = 250.0
"""Variance of the Laplacian, 8-bit grey at 640 px width, from which a street picture counts as fully sharp."""
CONTRAST_AT: Final = 64.0
"""Standard deviation of grey levels from which contrast counts as full."""
WIDTH_PX: Final = 640


def quality(image: NDArray[np.uint8], covered: NDArray[np.bool_]) -> Quality:
    """Score one picture (H×W×3) and its cover (H×W). A fully covered picture scores 0 throughout.

    Sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), at one width so that scores of
    different
    cameras compare; brightness is 1 at middle grey and 0 at black or white.
    """
    height, width = covered.shape
    size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
    # One pixel of margin: the edge of a cover is sharp and says nothing about the lens.
    hidden = cv2.dilate(cv2.resize(covered.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), np.ones((3, 3)))
    visible = hidden == 0
    if not visible.any():
        return Quality(sharpness=0.0, brightness=0.0, contrast=0.0)
    edges = cv2.Laplacian(grey, cv2.CV_64F)[visible]
    levels = grey[visible].astype(np.float64)
    return Quality(
        sharpness=round(min(1.0, float(edges.var()) / SHARP_AT), 4),
        brightness=round(1.0 - abs(float(levels.mean()) - 127.5) / 127.5, 4),
        contrast=round(min(1.0, float(levels.std()) / CONTRAST_AT), 4),
    )
