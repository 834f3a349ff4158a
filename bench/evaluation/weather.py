"""Draws dusk and rain over a photograph taken by day: no package has footage of either."""

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
SEED: Final = 20261128
DUSK_LIGHT: Final = (0.24, 0.17, 0.15)
"""Share of the light, blue, green and red, that is left at dusk."""
DUSK_NOISE: Final = 5.0
RAIN_CONTRAST: Final = 0.72
RAIN_VEIL: Final = 48.0
STREAKS_A_MEGAPIXEL: Final = 900
SLANT: Final = 0.18


def dusk(image: Image) -> Image:
    """Take light away in linear light, and add the noise of a sensor."""
    linear = (image / 255.0) ** 2.2 * np.array(DUSK_LIGHT)
    noise = np.random.default_rng(SEED).normal(0, DUSK_NOISE, image.shape)
    return _bytes(linear ** (1 / 2.2) * 255 + noise)


def rain(image: Image) -> Image:
    """Veil the picture, soften it, and draw streaks that fall at a slant."""
    height, width = image.shape[:2]
    random = np.random.default_rng(SEED)
    streaks = np.zeros((height, width), np.uint8)
    for _ in range(round(STREAKS_A_MEGAPIXEL * height * width / 1e6)):
        x, y = int(random.integers(width)), int(random.integers(height))
        length = float(random.uniform(0.02, 0.06)) * height
        end = (round(x + SLANT * length), round(y + length))
        cv2.line(streaks, (x, y), end, int(random.integers(60, 150)), 1, cv2.LINE_AA)
    veiled = cv2.GaussianBlur(image, (0, 0), 0.8) * RAIN_CONTRAST + RAIN_VEIL
    return _bytes(veiled + 0.5 * cv2.GaussianBlur(streaks, (0, 0), 0.6)[..., None])


WEATHERS: Final[Mapping[str, Callable[[Image], Image]]] = {"dusk": dusk, "rain": rain}


def _bytes(values: NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(values, 0, 255), np.uint8)
