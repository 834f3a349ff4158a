"""Makes an artificial picture: a stage that works on it did not fail by its own fault before."""

from functools import cache
from typing import Final

from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from ray_cluster.inference.picture import Photo, Sitter

SIZE: Final = (1920, 1080)
"""Size of the probe, as cameras send it, so that a stage short of memory fails on it, too."""
_GREY: Final = 114


@cache
def photo() -> Photo:
    """Make a grey picture."""
    import cv2  # noqa: PLC0415 - intake decodes nothing, and needs it only when a stage fails
    import numpy as np  # noqa: PLC0415

    _, encoded = cv2.imencode(".jpg", np.full((SIZE[1], SIZE[0], 3), _GREY, np.uint8))
    return Photo(encoded.tobytes(), *SIZE, ())


def embed_request() -> Sitter:
    """Make a grey picture with a machine in its middle."""
    box = Box(x0=SIZE[0] // 4, y0=SIZE[1] // 4, x1=3 * SIZE[0] // 4, y1=3 * SIZE[1] // 4)
    return Sitter(photo(), (Machine(cls=MachineClass.CAR, score=1.0, box=box),))
