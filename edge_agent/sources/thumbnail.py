"""Makes thumbnails: 64×36 in grey, so that leaves and grain average out and a bicycle does not."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import SHORT_PX, Glance, Reduced
from provisioning.contracts.wire.messages import ClockQuality

WIDTH: Final = 64
HEIGHT: Final = 36


def grey_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns 36×64 grey levels of a picture (H×W×3, BGR) of any size; its shape is not kept."""
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def short_of(size: tuple[int, int]) -> tuple[int, int]:
    """Returns the size of a picture scaled down to a shorter side of `SHORT_PX`; a smaller one stays as it is."""
    share = min(1.0, SHORT_PX / min(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def reduced_of(image: NDArray[np.uint8]) -> Reduced:
    """Scales a whole picture (H×W×3, BGR) down, to a shorter side of `SHORT_PX`."""
    size = (image.shape[1], image.shape[0])
    small = cv2.resize(image, short_of(size), interpolation=cv2.INTER_AREA)
    return Reduced(np.asarray(small, dtype=np.uint8), size)


def glance_of(
    camera_id: str,
    captured_at_ms: int,
    clock: ClockQuality,
    source_key: str,
    image: NDArray[np.uint8],
    *,
    pushed: bool = False,
) -> Glance:
    """Makes the glance of a source that has the whole picture already (H×W×3, BGR)."""
    return Glance(camera_id, captured_at_ms, clock, source_key, grey_of(image), lambda: image, pushed)
