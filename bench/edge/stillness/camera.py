"""What a fixed camera makes of a scene: exposure, noise, a mount that trembles, and its own JPEG."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from bench.evaluation.photographs import Image
from edge_agent.evaluation.labels import Object

CAMERA_QUALITY: Final = 80
"""Of the JPEG."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One snapshot and what is labelled in it."""

    image: Image
    objects: tuple[Object, ...]


@dataclass(frozen=True, slots=True)
class Camera:
    """One setting of it. `seed` makes the same noise and trembling at every run."""

    noise: float = 2.0
    """Standard deviation of each colour of each pixel, in levels of 255: 2 is a camera by day."""
    exposure: float = 1.0
    """Of the first snapshot; by night a third of the light is left."""
    drift: float = 0.0
    """By which share the exposure falls with each snapshot."""
    shake_px: float = 0.0
    """How far each snapshot is off at most, each way, fractions of pixels too."""

    def shots(self, scenes: Iterable[Shot], seed: int) -> Iterator[Shot]:
        """What it delivers of scenes without noise."""
        chance = np.random.default_rng(seed)
        for number, scene in enumerate(scenes):
            off = chance.uniform(-self.shake_px, self.shake_px, 2)
            light = self.exposure * (1 - self.drift) ** number
            yield self._delivered(_shifted(scene, *off) if self.shake_px else scene, light, chance)

    def _delivered(self, scene: Shot, light: float, chance: np.random.Generator) -> Shot:
        noisy = scene.image * light + chance.normal(0, self.noise, scene.image.shape)
        levels = np.clip(noisy.round(), 0, 255).astype(np.uint8)
        done, data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, CAMERA_QUALITY])
        if not done:
            raise ValueError("a snapshot cannot be encoded")
        return Shot(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8), scene.objects)


def _shifted(scene: Shot, x: float, y: float) -> Shot:
    height, width = scene.image.shape[:2]
    moved = cv2.warpAffine(
        scene.image, np.array([[1, 0, x], [0, 1, y]], np.float64), (width, height), borderMode=cv2.BORDER_REFLECT
    )
    return Shot(np.asarray(moved, np.uint8), tuple(shifted(one, x, y) for one in scene.objects))


def shifted(one: Object, x: float, y: float) -> Object:
    """The same label elsewhere."""
    x0, y0, x1, y1 = one.box
    return one.model_copy(update={"box": (x0 + x, y0 + y, x1 + x, y1 + y)})
