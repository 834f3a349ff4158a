"""What can happen to a camera's picture, done to good ones: each fault in three strengths, and what is no fault."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from provisioning.contracts.wire.messages import PictureCheck

Image: TypeAlias = NDArray[np.uint8]
Harm: TypeAlias = Callable[[Image, Generator, int], Image]
"""Picture, chance, strength 0 to 2."""
STRENGTHS: Final = 3


def sensed(image: Image, chance: Generator) -> Image:
    """As a sensor and an encoder hand it on: exposure that wanders, noise of 1.5 grey levels, JPEG at 80."""
    exposed = image * chance.uniform(0.93, 1.07) + chance.normal(0, 1.5, image.shape)
    return coded(_clipped(exposed))


def coded(image: Image, quality: int = 80) -> Image:
    """Through JPEG, which takes fine noise and adds its own."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def dark(image: Image, chance: Generator, strength: int) -> Image:
    """Exposure stuck, or no infra-red lamp: the brightest twentieth at 34, 24, 14."""
    gain = (34, 24, 14)[strength] / max(1.0, float(np.quantile(_grey(image), 0.95)))
    return _clipped(image * min(1.0, gain) + chance.normal(0, 2, image.shape))


def bright(image: Image, chance: Generator, strength: int) -> Image:
    """Blown out: 70, 80, 90 % of the picture white."""
    gain = 255 / max(1.0, float(np.quantile(_grey(image), (0.3, 0.2, 0.1)[strength])))
    return _clipped(image * max(1.0, gain) + chance.normal(0, 2, image.shape))


def blurred(image: Image, _: Generator, strength: int) -> Image:
    """Out of focus by .45, .6, 1 % of the width (standard deviation)."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), image.shape[1] * (0.0045, 0.006, 0.01)[strength]), np.uint8)


def colour_cast(image: Image, chance: Generator, strength: int) -> Image:
    """One of six colours: its channels up, the others down, a veil of it over all."""
    colour = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]][chance.integers(6)], float)
    much = (0.35, 0.45, 0.6)[strength]
    return _clipped(image * (1 - 0.9 * much * (1 - colour)) * (1 + 0.25 * much * colour) + 40 * much * colour)


def stripe(image: Image, chance: Generator, strength: int) -> Image:
    """A wave of 14, 20, 32 grey levels in any direction, .6 to 4 % of the width long; a third with hard edges."""
    height, width = image.shape[:2]
    direction = chance.choice([0.0, np.pi / 2, chance.uniform(0, np.pi)])
    length = width * chance.choice([0.006, 0.01, 0.02, 0.04])
    y, x = np.mgrid[:height, :width]
    wave = np.sin(2 * np.pi * (x * np.cos(direction) + y * np.sin(direction)) / length + chance.uniform(0, 6))
    wave = np.sign(wave) * 0.8 if chance.random() < 0.3 else wave
    return _clipped(image + (14, 20, 32)[strength] * wave[..., None])


def noise(image: Image, chance: Generator, strength: int) -> Image:
    """Of 18, 26, 40 grey levels in colour or in grey, or 3, 5, 10 % of the pixels black or white."""
    kind, deviation = chance.integers(3), (18, 26, 40)[strength]
    if kind == 0:
        return _clipped(image + chance.normal(0, deviation, image.shape))
    if kind == 1:
        return _clipped(image + chance.normal(0, deviation, image.shape[:2])[..., None])
    hit = chance.random(image.shape[:2]) < (0.03, 0.05, 0.1)[strength]
    harmed = image.copy()
    harmed[hit] = chance.integers(0, 2, (int(hit.sum()), 1)) * 255
    return harmed


def signal_lost(image: Image, chance: Generator, strength: int) -> Image:
    """A recorder's blank screen in one of five colours, bare or with words, or colour bars."""
    height, width = image.shape[:2]
    if chance.random() < 0.2:
        bars = [(235, 235, 235), (16, 235, 235), (235, 235, 16), (16, 235, 16), (235, 16, 235), (16, 16, 235)]
        return np.repeat(np.repeat(np.array([bars], np.uint8), height, 0), width // 6 + 1, 1)[:, :width]
    harmed = np.empty_like(image)
    harmed[:] = [(200, 40, 10), (0, 0, 0), (128, 128, 128), (0, 135, 0), (16, 16, 16)][chance.integers(5)]
    if strength:
        place = (int(width * 0.3), height // 2)
        words = ("NO SIGNAL", "VIDEO LOSS")[strength - 1]
        cv2.putText(harmed, words, place, cv2.FONT_HERSHEY_SIMPLEX, width / 500, (255, 255, 255), max(1, width // 300))
    return harmed


def low_contrast(image: Image, chance: Generator, strength: int) -> Image:
    """Washed out to 16, 12, 8 % of its contrast."""
    middle = image.mean()
    faded = (image - middle) * (0.16, 0.12, 0.08)[strength] + chance.uniform(90, 170)
    return _clipped(faded + chance.normal(0, 1.5, image.shape))


def occluded(image: Image, chance: Generator, strength: int) -> Image:
    """Something near the lens, out of focus, over 50, 65, 80 % of the picture from one side: tape, a leaf, a bag."""
    height, width = image.shape[:2]
    edge = np.cumsum(chance.normal(0, 0.02, 24))
    reach = np.clip(edge - edge.mean() + (0.5, 0.65, 0.8)[strength], 0, 1)
    turns = int(chance.integers(4))
    along = np.linspace(0, 1, 24)
    outline = np.concatenate([np.stack([along, reach], 1), [[1.0, -0.1], [0.0, -0.1]]])
    square = np.zeros((512, 512), np.float32)
    cv2.fillPoly(square, [np.rint(outline * 511).astype(np.int32)], 1.0)
    mask = cv2.resize(np.ascontiguousarray(np.rot90(square, turns)), (width, height))
    mask = cv2.GaussianBlur(mask, (0, 0), width * 0.012)[..., None]
    colour = np.array([(10, 10, 12), (40, 60, 70), (150, 160, 165), (30, 70, 40)][chance.integers(4)], np.float32)
    cloudy = cv2.GaussianBlur(chance.normal(0, 60, (height, width)).astype(np.float32), (0, 0), width * 0.03)[..., None]
    return _clipped(image * (1 - mask) + (colour + cloudy) * mask)


def scene_moved(image: Image, chance: Generator, strength: int) -> Image:
    """Turned by 15 or 30 % of the width, or zoomed in by half and tilted."""
    height, width = image.shape[:2]
    if strength == STRENGTHS - 1:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), chance.uniform(-6, 6), 1.5)
    else:
        sideways = (0.15, 0.3)[strength] * width * chance.choice([-1, 1])
        turn = np.array([[1, 0, sideways], [0, 1, chance.uniform(-0.1, 0.1) * height]], np.float32)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


FAULTS: Final[Mapping[PictureCheck, Harm]] = {
    PictureCheck.DARK: dark,
    PictureCheck.BRIGHT: bright,
    PictureCheck.BLURRED: blurred,
    PictureCheck.OCCLUDED: occluded,
    PictureCheck.COLOUR_CAST: colour_cast,
    PictureCheck.STRIPE: stripe,
    PictureCheck.NOISE: noise,
    PictureCheck.SIGNAL_LOST: signal_lost,
    PictureCheck.SCENE_MOVED: scene_moved,
    PictureCheck.LOW_CONTRAST: low_contrast,
}
"""All but frozen, which is no matter of one picture."""


def lamp_lit(image: Image, chance: Generator) -> Image:
    """No fault: a street at night, dark between its lamps."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    lit = image * 0.18
    for _ in range(5):
        away = np.hypot(x - chance.uniform(0, width), y - chance.uniform(0, height * 0.5))[..., None]
        lit += (image * 0.9 + 30) * np.exp(-((away / (width * 0.12)) ** 2))
        lit += 220 * np.exp(-((away / (width * 0.01)) ** 2))
    return _clipped(lit + chance.normal(0, 3, image.shape))


def infra_red(image: Image, chance: Generator) -> Image:
    """No fault: black and white, lit by the camera's own lamps in the middle, and noisy."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    spot = np.exp(-(((x - width / 2) / (width * 0.38)) ** 2 + ((y - height * 0.6) / (height * 0.42)) ** 2))
    grey = _grey(image) * (0.12 + 0.8 * spot) + chance.normal(0, 5, image.shape[:2])
    return _clipped(np.repeat(grey[..., None], 3, axis=2))


def foggy(image: Image, _: Generator) -> Image:
    """No fault: the farther away, that is the higher in the picture, the more of it is fog."""
    near = np.linspace(0.08, 0.75, image.shape[0])[:, None, None]
    return _clipped(image * near + 175 * (1 - near))


def snowy(image: Image, _: Generator) -> Image:
    """No fault: what lies is white, what stands is not; exposed as cameras do."""
    ground = (np.linspace(0, 1, image.shape[0])[:, None] > 0.45) & (_grey(image) > 60)
    return _clipped(np.where(ground[..., None], image * 0.15 + 165, image))


def shaded(image: Image, chance: Generator) -> Image:
    """No fault: a hard shadow over a part."""
    height, width = image.shape[:2]
    shade = np.ones((height, width), np.float32)
    corners = (chance.uniform(0, 1, (4, 2)) * [width, height]).astype(np.int32)
    cv2.fillPoly(shade, [corners], 0.45)
    return _clipped(image * shade[..., None])


HARMLESS: Final[Mapping[str, Callable[[Image, Generator], Image]]] = {
    "lamp-lit": lamp_lit,
    "infra-red": infra_red,
    "fog": foggy,
    "snow": snowy,
    "shadow": shaded,
}


def _grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _clipped(image: NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(image, 0, 255), np.uint8)
