"""Searches arriving pictures for faces, since the centre does not trust the edge (docs/boundary.md §10)."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.errors import EngineError
from engines.manifest import Group
from provisioning.contracts.wire.messages import Box
from ray_cluster.errors import NotJpeg, StageFault
from ray_cluster.inference.jpeg import decode
from ray_cluster.inference.picture import Photo, Unreadable

_LUMA_RIM_PX: Final = 8
_CHROMA_RIM_PX: Final = 16
"""Rim of a cover in pixels, in which JPEG blocks ring with the pixels beside it: 8 px of brightness, 16 px of colour at
4:2:0. Inside the rim a solid colour comes back without any difference, at quality 50 to 95 beside saturated noise
(measured).
"""
_SAME: Final = 3
"""Largest difference from the median, of 255: room for the rounding of a colour conversion."""
_MIN_SEEN: Final = 0.5
"""Share of the hit that must lie inside the luma rim."""


class FaceDetector(Protocol):
    """The part of `engines.detection.detector.Detector` that the canary uses."""

    def detect(self, picture: Picture, *, thresholds: Mapping[Group, float] | None = None) -> list[Detection]:
        """Detect at the picture's own size, best first, boxes in its pixels."""


class Canary:
    """Detects faces in pictures. One instance may be called from several threads."""

    def __init__(self, detector: FaceDetector, *, threshold: float) -> None:
        self._detector = detector
        self._thresholds: dict[Group, float] = {"face": threshold}

    def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """Return for each photo true if a face shows in it.

        Raises:
            StageFault: the engine failed. No picture is archived unseen for that reason.
        """
        return [self._shows_face(photo) for photo in photos]

    def _shows_face(self, photo: Photo) -> bool | Unreadable:
        try:
            picture = decode(photo)
        except NotJpeg as error:
            return Unreadable(str(error))
        try:
            faces = self._detector.detect(picture, thresholds=self._thresholds)
        except EngineError as error:
            raise StageFault(f"canary: {error}") from error
        return any(not _is_cover(picture, face.box, photo.regions) for face in faces if face.group == "face")


def _is_cover(picture: NDArray[np.uint8], hit: Found, regions: Sequence[Box]) -> bool:
    """True if a hit is a cover, which fooled the detector.

    The hit must lie wholly inside a stated region, and the pixels there must be one constant colour: the statement
    alone is not trusted.
    """
    x0, y0 = int(hit.x0), int(hit.y0)
    area = Box(x0=x0, y0=y0, x1=max(int(np.ceil(hit.x1)), x0 + 1), y1=max(int(np.ceil(hit.y1)), y0 + 1))
    luma_and_chroma = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb).astype(np.int16)
    for region in regions:
        if not (region.x0 <= area.x0 and region.y0 <= area.y0 and area.x1 <= region.x1 and area.y1 <= region.y1):
            continue
        luma = _inside(luma_and_chroma[:, :, 0], area, region, _LUMA_RIM_PX)
        chroma = _inside(luma_and_chroma[:, :, 1:], area, region, _CHROMA_RIM_PX)
        seen = luma.size / ((area.x1 - area.x0) * (area.y1 - area.y0))
        if seen >= _MIN_SEEN and _is_flat(luma) and _is_flat(chroma):
            return True
    return False


def _inside(pixels: NDArray[np.int16], area: Box, region: Box, rim_px: int) -> NDArray[np.int16]:
    left, top = max(area.x0, region.x0 + rim_px), max(area.y0, region.y0 + rim_px)
    right, bottom = min(area.x1, region.x1 - rim_px), min(area.y1, region.y1 - rim_px)
    return pixels[top : max(bottom, top), left : max(right, left)]


def _is_flat(pixels: NDArray[np.int16]) -> bool:
    """True if every channel stays at its median; also for no pixels."""
    if not pixels.size:
        return True
    return bool(np.abs(pixels - np.median(pixels, axis=(0, 1))).max() <= _SAME)
