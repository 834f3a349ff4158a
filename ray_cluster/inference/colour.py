"""Finds the main colour of a machine's body by a vote of its pixels in CIELAB.

The lower middle of the box votes. There a vehicle has doors or a grille; above are glass and a bonnet that reflects the
sky (a black car whose bonnet was white to the camera is among the labels), below are tyres and road, at the sides the
background. Not every pixel has to agree: paint with a hue outvotes pixels without, since tyres, glass and shade are
grey or black on every machine; a white machine has to show white on nearly half of its visible pixels.

Before the vote the picture's light is made white (`light`). A bicycle gets no colour: most of its box is
background.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.detection.preprocess import Picture
from engines.embedding.crops import Crop, Mask
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass

BAND: Final = (0.12, 0.40, 0.88, 0.80)
"""The part of the box that votes, as shares of its sides: x0, y0, x1, y1."""
MIN_VOTES: Final = 48
MIN_BAND: Final = 0.25
"""Share of the band that must be visible."""
SAMPLES_A_SIDE: Final = 64

BRIGHTEST: Final = (99.0, 245.0)
"""Percentile and value: this percentile of each of blue, green and red, over the visible pixels of the picture, becomes
this value. A sunlit wall or the sky is taken for white."""
GAINS: Final = (0.8, 2.0)
LIGHT_SAMPLES_A_SIDE: Final = 128

BLACK_BELOW: Final = 28.0
WHITE_FROM: Final = 72.0
"""Lightness L* of pixels without a hue."""
CHROMA_FROM: Final = (14.0, 0.15)
"""From this chroma on, and from this share of its lightness, a pixel has a hue."""
HUED_FROM: Final = 0.2
WHITE_SHARE: Final = 0.45
BLACK_SHARE: Final = 0.4
"""Shares of the votes that decide, in this order; otherwise the colour is grey."""

_HUES: Final = (18.0, 52.0, 72.0, 105.0, 170.0, 308.0, 340.0)
"""Edges between the hues of CIELAB, degrees."""
_NAMES: Final = (
    MachineColour.RED,  # up to 18 degrees; pink where it is light
    MachineColour.RED,
    MachineColour.ORANGE,
    MachineColour.YELLOW,
    MachineColour.GREEN,
    MachineColour.BLUE,
    MachineColour.PURPLE,
    MachineColour.RED,  # from 340 on; pink where it is light
)
_ORDER: Final = tuple(MachineColour)


Light = NDArray[np.float32]
"""Gains of blue, green and red, shape (3,)."""
WHITE_LIGHT: Final[Light] = np.ones(3, np.float32)


def light(picture: Picture, covered: Mask) -> Light:
    """Compute gains that correct the colour and strength of a picture's light, by its brightest visible parts.

    Of 37 labelled machines 33 have their right colour with it and without; in pictures of two thirds of the brightness
    34 instead of 21, in warm light 31 instead of 24.
    """
    step = max(1, max(picture.shape[:2]) // LIGHT_SAMPLES_A_SIDE)
    seen = picture[::step, ::step][~covered[::step, ::step]]
    if len(seen) < MIN_VOTES:
        return WHITE_LIGHT
    percentile, value = BRIGHTEST
    return np.asarray(np.clip(value / np.maximum(np.percentile(seen, percentile, axis=0), 1), *GAINS), np.float32)


def main_colour(crop: Crop, cls: MachineClass, gains: Light = WHITE_LIGHT) -> tuple[MachineColour, float] | None:
    """Return the main colour and its share of the votes; None with too few votes. For a crop without margin."""
    if cls is MachineClass.BICYCLE:
        return None
    width, height = crop.size
    x0, y0, x1, y1 = (round(share * side) for share, side in zip(BAND, (width, height) * 2, strict=True))
    step = max(1, max(x1 - x0, y1 - y0) // SAMPLES_A_SIDE)
    pixels, visible = crop.pixels[y0:y1:step, x0:x1:step], crop.visible[y0:y1:step, x0:x1:step]
    votes = int(visible.sum())
    if votes < max(MIN_VOTES, MIN_BAND * visible.size):
        return None
    lit = np.asarray(np.clip(pixels[visible] * gains, 0, 255), np.uint8)
    counts = np.bincount(named(lit), minlength=len(_ORDER)) / votes
    shares = dict(zip(_ORDER, map(float, counts), strict=True))
    plain = {MachineColour.BLACK, MachineColour.WHITE, MachineColour.GREY}
    hue = max((colour for colour in _ORDER if colour not in plain), key=lambda colour: shares[colour])
    if shares[hue] >= HUED_FROM:
        return hue, shares[hue]
    if shares[MachineColour.WHITE] >= WHITE_SHARE:
        return MachineColour.WHITE, shares[MachineColour.WHITE]
    if shares[MachineColour.BLACK] >= BLACK_SHARE:
        return MachineColour.BLACK, shares[MachineColour.BLACK]
    return MachineColour.GREY, shares[MachineColour.GREY]


def named(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return for each pixel (n x 3, BGR) the index of its colour in `MachineColour`."""
    lab = cv2.cvtColor(pixels.reshape(-1, 1, 3).astype(np.float32) / 255, cv2.COLOR_BGR2LAB).reshape(-1, 3)
    lightness, chroma = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2])
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    sector = np.digitize(hue, _HUES)
    plain = np.where(
        lightness < BLACK_BELOW,
        _place(MachineColour.BLACK),
        np.where(lightness >= WHITE_FROM, _place(MachineColour.WHITE), _place(MachineColour.GREY)),
    )
    hued = np.array([_place(name) for name in _NAMES])[sector]
    light_red = ((sector == 0) | (sector == len(_HUES))) & (lightness > 65)
    hued = np.where(light_red, _place(MachineColour.PINK), hued)
    dull = (sector == 2) | ((sector == 3) & (chroma < 60))
    dark_red = (sector == 1) & (lightness < 30) & (chroma < 30)
    hued = np.where((dull & (lightness < 45)) | dark_red, _place(MachineColour.BROWN), hued)
    has_hue = (chroma >= CHROMA_FROM[0]) & (chroma >= CHROMA_FROM[1] * lightness) & (lightness > 8)
    return np.asarray(np.where(has_hue, hued, plain), np.intp)


def _place(colour: MachineColour) -> int:
    return _ORDER.index(colour)
