"""Scores the camera by one picture alone: pure measures, each 0 good to 1 bad.

All but noise are taken on a copy of at most `WIDTH` pixels, so that a score means the same for every resolution. Ramps
run from the value of a good picture to that of a bad one. They were set on 41 photographs (streets, rooms, mountains,
nights, fog) of opencv-doc, scikit-image and two templates for web pages, each with and without the fault; "set" in a
docstring gives the values observed there. `bench/edge/picture_checks.py` judges them on others.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
Plane: TypeAlias = NDArray[np.float32]

WIDTH: Final = 480
LEAST_PX: Final = 16
"""Shortest side, in pixels, of a picture that can be judged."""
BLOCKS: Final = (16, 9)
"""Columns and rows into which a picture is cut for block statistics."""

_TILE: Final = 128
_TILES: Final = ((0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0))
_PATCHES: Final = (6, 4)
_PATCH: Final = 48


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture in the forms that the measures take."""

    native: Image
    """The picture, H×W×3, BGR, as it came."""
    colour: Image
    """The same, at most `WIDTH` wide."""
    grey: Image
    """`colour` as grey levels."""
    below: Plane
    """Pixels of `grey` that have each grey level or less."""

    @classmethod
    def of(cls, image: Image) -> "View":
        """Scale down, by halves first: 0.8 ms from 1080p, a third of OpenCV's own area average (measured)."""
        small = image
        while small.shape[1] >= 2 * WIDTH:
            half = (small.shape[1] // 2, max(1, small.shape[0] // 2))
            small = np.asarray(cv2.resize(small, half, interpolation=cv2.INTER_LINEAR), np.uint8)
        if small.shape[1] > WIDTH:
            size = (WIDTH, max(1, round(small.shape[0] * WIDTH / small.shape[1])))
            small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        return cls(image, small, grey, _below(grey))


def ramp(value: float, good: float, bad: float) -> float:
    """0 at `good`, 1 at `bad`, straight between."""
    return min(1.0, max(0.0, (value - good) / (bad - good)))


def quantile(values: NDArray[Any], share: float) -> float:
    """Compute `np.quantile`, linear between neighbours, in a tenth of its 0.17 ms for a few hundred values."""
    flat = values.ravel()
    at = share * (flat.size - 1)
    low = int(at)
    high = min(low + 1, flat.size - 1)
    ordered = np.partition(flat, (low, high))
    return float(ordered[low] + (at - low) * (ordered[high] - ordered[low]))


def blocks(plane: NDArray[Any], size: tuple[int, int] = BLOCKS) -> Plane:
    """Compute the mean of each block, `size` columns and rows.

    Up to a block's width is cut off at the right and below: OpenCV averages whole numbers of pixels ten times as fast.
    """
    height, width = plane.shape[:2]
    whole = plane[: height // size[1] * size[1] or height, : width // size[0] * size[0] or width]
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)


def dark(view: View) -> float:
    """The grey level that 95 % of the picture stay under: 90 good, 20 bad.

    Not the mean: a night street is dark and has lamps, lit ground and headlights. Set: by day 118 and more, a lamp-lit
    night 80 and more, a fault 35 and less.
    """
    return ramp(_level(view.below, 0.95), 90, 20)


def bright(view: View) -> float:
    """The grey level that 30 % of the picture stay under: 160 good, 240 bad.

    A white sky over a street leaves the street its levels, snow under a good exposure stays under 180.
    """
    return ramp(_level(view.below, 0.30), 160, 240)


def low_contrast(view: View) -> float:
    """The span of grey levels from the 1st to the 99th percentile: 100 good, 30 bad.

    Without the uppermost and the lowest ninth of the picture, where cameras write in black and white. In fog, what is
    near keeps its contrast. Set: good pictures 171 and more, infra-red 92, fog 88, washed-out ones 43 and less.
    """
    margin = view.grey.shape[0] // 9
    inner = _below(view.grey[margin : view.grey.shape[0] - margin])
    return ramp(_level(inner, 0.99) - _level(inner, 0.01), 100, 30)


def blurred(view: View) -> float | None:
    """Measure how little another blur changes (Crété-Roffet et al., SPIE 6492, 2007): .35 good, .65 bad.

    Steps of up to 3 grey levels between neighbours do not count: noise is sharp. The quotient is taken by block, in the
    half of the blocks with most detail; of those the sharpest quarter counts, since what moves, or is out of the depth
    of
    field, may be soft. Set: good pictures .13 to .39, out of focus by .45 % of the width .62 and more. None if there is
    nothing that could be sharp.
    """
    before: Plane = np.zeros(BLOCKS[::-1], np.float32)
    lost: Plane = np.zeros(BLOCKS[::-1], np.float32)
    grey = np.left_shift(view.grey, 6, dtype=np.uint16)  # integers with six bits of fraction: a third of the time
    for kernel, ahead, behind in (((1, 9), np.s_[1:], np.s_[:-1]), ((9, 1), np.s_[:, 1:], np.s_[:, :-1])):
        again = cv2.blur(grey, kernel)
        steps = cv2.absdiff(grey[ahead], grey[behind])
        steps = cv2.subtract(steps, np.full_like(steps, 3 << 6))
        before += blocks(steps)
        lost += blocks(cv2.min(steps, cv2.absdiff(again[ahead], again[behind])))
    detailed = (before >= np.median(before)) & (before > 2)
    if not detailed.any():
        return None
    return ramp(quantile((lost / (before + 0.06))[detailed], 0.25), 0.35, 0.65)


def colour_cast(view: View) -> float | None:
    """Measure the chroma of the picture as a whole, and of its least coloured tenth: 6 good, 24 bad.

    The geometric mean of the two, in CIELAB chroma. The first alone would call a lawn a fault, the second a brick wall;
    hardly a street is without asphalt, clouds or tyres. A picture in black and white has no cast. Set: good streets up
    to
    13 (orange wallpaper 18), a plain cast from 13 on. None if too little is neither black nor white.
    """
    small = cv2.resize(view.colour, (96, 54), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lightness, a, b = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2Lab))
    seen = (lightness > 8) & (lightness < 97)
    if seen.mean() < 0.1:
        return None
    whole = np.hypot(a[seen].mean(), b[seen].mean())
    least = quantile(np.hypot(a[seen], b[seen]), 0.10)
    return ramp(float(np.sqrt(whole * least)), 6, 24)


def noise(view: View) -> float | None:
    """Standard deviation of the noise at full resolution, in grey levels: 2 good, 12 bad.

    Immerkær's estimate (CVIU 64, 1996) in 24 patches of 48 px, of which the calmest fifth counts: texture looks like
    noise, but seldom everywhere. Blown and black patches show none and are left out; None when hardly one is left.
    """
    columns, rows = _PATCHES
    height, width = view.native.shape[:2]
    side = min(_PATCH, height // rows, width // columns)
    if side < 8:
        return None
    deviations = []
    for row in range(rows):
        for column in range(columns):
            y = int((row + 0.5) * height / rows - side / 2)
            x = int((column + 0.5) * width / columns - side / 2)
            patch = np.ascontiguousarray(view.native[y : y + side, x : x + side, 1])
            if 16 <= cv2.mean(patch)[0] <= 239:
                response = cv2.filter2D(patch, cv2.CV_16S, _IMMERKAER)
                deviations.append(np.sqrt(np.pi / 2) / 6 * cv2.norm(response, cv2.NORM_L1) / patch.size)
    return ramp(quantile(np.array(deviations), 0.2), 2, 12) if len(deviations) >= 4 else None


def stripe(view: View) -> float | None:
    """A wave through the whole picture: in the spectra of six tiles, one frequency that stands out everywhere alike.

    It must stand out from its neighbourhood (13×13 bins, in amplitude by a factor of 3 to 10), be seen (1 to 9 grey
    levels), and be as strong in the second weakest tile as in the second strongest (.4 to .8): a bench, a fence or a
    wall of bricks is nearer here than there. Set: pictures full of slats, bricks, windows .6 and less, waves .66 and
    more. None for a picture smaller than a tile.
    """
    height, width = view.grey.shape
    if height < _TILE or width < _TILE:
        return None
    spectra: list[Plane] = []
    for down, across in _TILES:
        y, x = round(down * (height - _TILE)), round(across * (width - _TILE))
        tile = view.grey[y : y + _TILE, x : x + _TILE].astype(np.float32)
        spectrum = cv2.dft((tile - tile.mean()) * _WINDOW, flags=cv2.DFT_COMPLEX_OUTPUT)
        spectra.append(cv2.magnitude(spectrum[:, :_HALF, 0], spectrum[:, :_HALF, 1]))
    weakest, amplitude, strong = (spectrum * _PER_SUM for spectrum in _ranked(spectra))
    log = cv2.log(amplitude + 1e-4) * np.float32(1 / np.log(10))
    standing = (log - cv2.blur(log, (13, 13)) - _STANDING[0]) / (_STANDING[1] - _STANDING[0])
    seen = (amplitude - 1) / 8
    even = (weakest / (strong + 1e-4) - 0.4) / 0.4
    score = np.where(_FREQUENT, np.minimum(np.minimum(standing, seen), even), 0).max()
    return float(np.clip(score, 0, 1))


def signal_lost(view: View) -> float:
    """A recorder's blank screen: nearly every block without any structure and all of one colour, text aside.

    Or its test picture, whose upper half repeats one line. A lens that is covered gives noise, so its blocks differ.
    White is left to `bright`. The score is the share of such blocks, or of such lines, from .6 to 1.
    """
    colour = view.colour.astype(np.float32)
    spread = _spread(view.grey)
    flat = spread < 1.0
    if not flat.any():
        return 0.0
    means = blocks(colour)
    level = np.median(means[flat], axis=0)
    alike = flat & (np.abs(means - level).max(axis=2) < 1.5) & (level.mean() < 245)
    upper = view.grey[: view.grey.shape[0] // 2].astype(np.float32)
    repeated = np.abs(np.diff(upper, axis=0)).mean(axis=1) < 0.5
    is_bars = upper[0].std() > 20
    return ramp(max(float(alike.mean()), float(repeated.mean()) if is_bars else 0.0), 0.6, 1.0)


def _ranked(six: list[Plane]) -> tuple[Plane, Plane, Plane]:
    """The second, third and fifth smallest at each place, by a sorting network: a tenth of numpy's time."""
    for low, high in _NETWORK:
        six[low], six[high] = np.minimum(six[low], six[high]), np.maximum(six[low], six[high])
    return six[1], six[2], six[4]


def _below(grey: Image) -> Plane:
    return np.asarray(cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().cumsum(), np.float32)


def _level(below: Plane, share: float) -> int:
    """The grey level under which `share` of the picture lies."""
    return int(np.searchsorted(below, share * below[-1]))


def _spread(grey: Image) -> Plane:
    """Standard deviation of the grey levels in each block."""
    plane = grey.astype(np.float32)
    mean = blocks(plane)
    return np.asarray(np.sqrt(np.maximum(blocks(plane * plane) - mean * mean, 0)), np.float32)


_IMMERKAER: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_WINDOW: Final = np.outer(np.hanning(_TILE), np.hanning(_TILE)).astype(np.float32)
_PER_SUM: Final = float(2 / _WINDOW.sum())
"""Converts a spectrum's bin to the amplitude of its wave."""
_NETWORK: Final = ((0, 5), (1, 3), (2, 4), (1, 2), (3, 4), (0, 3), (2, 5), (0, 1), (2, 3), (4, 5), (1, 2), (3, 4))
_STANDING: Final = (0.5, 1.0)
_HALF: Final = _TILE // 2 + 1
"""The spectrum of a real picture is symmetric: the other half says the same."""
_FREQUENT: Final = np.hypot(np.fft.fftfreq(_TILE)[:, None], np.fft.rfftfreq(_TILE)[None, :]) >= 0.045
"""Slower waves than one in 22 pixels are what scenes are made of."""
