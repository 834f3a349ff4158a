"""Compares the view with the scenes that the camera usually shows: moved, covered, or standing still.

Kept in memory only, as grey pictures of 64×36 and one sample in a few hundred pixels. After a restart the memory is
empty: the view at that moment is taken for the right one.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge_agent.picture_checks.measures import Image, Plane, View, blocks, quantile, ramp

_SIZE: Final = (64, 36)
_SWAY: Final = 2
"""Shift within which agreement is searched, of 64 columns and 36 rows: a mast sways."""
_SCENES: Final = 8
_LEARNT: Final = 3
"""Pictures after which a first scene counts as known."""
_VISITS: Final = 3
"""Returns after which a new scene counts as one of the camera's own: it patrols."""
_SETTLED_S: Final = 3600.0
"""Seconds of stay after which a new scene counts too: the camera was turned on purpose."""
_FADES_S: Final = 300.0
"""Time constant of the memory. Dusk is slower, and no fault."""
_COVERED_FADES_S: Final = 40_000.0
"""The same while something covers the view: after half a day it has become part of it."""
_CELLS: Final = (32, 18)
_DETAIL: Final = 3.0
"""Mean step between neighbouring pixels, in grey levels, from which on a cell has detail that can be missed."""

_FAULTY: Final = 0.5
_LITTLE: Final = 0.25
"""Share of cells with detail below which a loss cannot be judged: a wall, a lorry's roof."""
_LOST: Final = 0.35
"""Share of its detail below which a cell counts as covered."""
_DULL: Final = 0.6
"""The same over the whole picture if it is out of focus, or in fog."""

_SAMPLES: Final = (240, 135)
_STILL: Final = (24, 14)
_EPSILON: Final = 0.1
_CLOCK: Final = 0.04


@dataclass(frozen=True, slots=True)
class SceneScores:
    """Two scores, 0 good to 1 bad."""

    moved: float
    covered: float | None
    """None if there is too little detail that could be missed."""


@dataclass(slots=True, eq=False)
class _Scene:
    likeness: Plane
    detail: Plane
    looks: int = 1
    visits: int = 1
    last_look: int = 0

    def learn(self, likeness: Plane, detail: Plane, share: float) -> None:
        self.likeness += (likeness - self.likeness) * share
        self.detail += (detail - self.detail) * share


class SceneMemory:
    """The scenes of one camera: one for a fixed camera, up to eight for one that patrols."""

    def __init__(self, every_s: float) -> None:
        """`every_s`: seconds between calls of `consider`."""
        self._every_s = every_s
        self._scenes: list[_Scene] = []
        self._current: _Scene | None = None
        self._pictures = 0

    def consider(self, view: View, *, is_sound: bool = True) -> SceneScores | None:
        """Score how far the view has moved and how much of it is covered; None while the scene is being learnt.

        *Moved*: the detail of this picture is compared with every known scene, each divided by its local contrast so
        that light
        does not count; the best correlation within a small sway, .65 good, .25 bad. Set on 33 photographs: fog,
        infra-red,
        shadows, a parked lorry .50 and more; turned by 15 %, zoomed, or another place .40 and less. *Covered*: the
        share of the
        cells that used to have detail and have lost it, in one piece, while what is left is still the same: .1 good, .5
        bad.
        Nothing is learnt from a picture that is not `is_sound`.
        """
        self._pictures += is_sound
        likeness, detail = _likeness(view.grey), _detail(view.grey)
        if not self._scenes:
            return self._enter(likeness, detail) if is_sound else None
        alike = [(_agreement(scene, likeness, detail), scene) for scene in self._scenes]
        agreement, scene = max(alike, key=lambda each: each[0])
        covered = _covered(scene, likeness, detail, view)
        is_covered = covered is not None and covered >= _FAULTY
        moved = 0.0 if is_covered else ramp(agreement, 0.65, 0.25)
        if not is_sound:
            return self._judged(scene, moved, covered)
        if moved >= _FAULTY:
            return self._enter(likeness, detail)
        if scene is not self._current:
            scene.visits += 1
            self._current = scene
        scene.looks += 1
        scene.last_look = self._pictures
        share = min(0.5, self._every_s / (_COVERED_FADES_S if is_covered else _FADES_S))
        scene.learn(likeness, detail, share if is_covered else max(share, 1 / (scene.looks + 1)))
        return self._judged(scene, moved, covered)

    def _enter(self, likeness: Plane, detail: Plane) -> SceneScores | None:
        """Add a new scene."""
        if self._scenes and self._scenes[0].looks < _LEARNT:
            self._scenes.clear()  # the first looks of a start: nothing that must be held against later ones
        if len(self._scenes) == _SCENES:
            self._scenes.remove(min(self._scenes[1:], key=lambda scene: (self._is_known(scene), scene.last_look)))
        self._current = _Scene(likeness, detail, last_look=self._pictures)
        self._scenes.append(self._current)
        return None if len(self._scenes) == 1 else SceneScores(1.0, None)

    def _is_known(self, scene: _Scene) -> bool:
        return scene.visits >= _VISITS or scene.looks * self._every_s >= _SETTLED_S

    def _judged(self, scene: _Scene, moved: float, covered: float | None) -> SceneScores | None:
        if scene is self._scenes[0] and scene.looks < _LEARNT:
            return None
        is_own = scene is self._scenes[0] or self._is_known(scene)
        return SceneScores(moved, covered) if is_own else SceneScores(1.0, None)


class FreezeDetector:
    """Measures for how long nothing has changed at all, but for a clock that is written into the picture.

    A sensor is never silent: between two keyframes of a still scene a coded picture changes by .8 grey levels a pixel
    and
    more (x264 and x265 at .8 and 3 Mbit/s, 720p, sensor noise of .5 to 4, with and without noise reduction), while an
    encoder that is fed one picture over and over settles on exactly the same (measured: 0.00 after ten seconds).
    """

    def __init__(self) -> None:
        self._first: Image | None = None
        self._first_ms = 0
        self._pictures = 0
        self._touched = np.zeros(_STILL[::-1], np.bool_)

    def consider(self, at_ms: int, native: Image) -> float:
        """Score the stillness: 0 when something has changed, .5 after two minutes without a change, 1 after four.

        Cells that change by .1 grey levels or more are added up over the whole time; while they are less than 4 % of
        the
        picture they may be a clock. Anything that moves through the picture touches more.
        """
        sample = _sampled(native)
        if self._first is None or self._first.shape != sample.shape or at_ms < self._first_ms:
            return self._begin(at_ms, sample)
        difference = cv2.absdiff(sample, self._first).astype(np.float32)
        self._touched |= blocks(difference, _STILL) >= _EPSILON
        if self._touched.mean() > _CLOCK:
            return self._begin(at_ms, sample)
        self._pictures += 1
        return ramp((at_ms - self._first_ms) / 1000, 0, 240) if self._pictures >= 2 else 0.0

    def _begin(self, at_ms: int, sample: Image) -> float:
        self._first, self._first_ms, self._pictures = sample, at_ms, 0
        self._touched[:] = False
        return 0.0


def _sampled(native: Image) -> Image:
    """Sample single pixels, not averages: averaging would hide the sensor's noise."""
    height, width = native.shape[:2]
    return np.ascontiguousarray(native[:: max(1, height // _SAMPLES[1]), :: max(1, width // _SAMPLES[0]), 1])


def _likeness(grey: Image) -> Plane:
    """Extract structure without light: each pixel's distance from its surroundings, in units of their contrast."""
    small = blocks(grey.astype(np.float32), _SIZE)
    apart = small - cv2.blur(small, (5, 5))
    contrast = np.sqrt(cv2.blur(apart * apart, (5, 5)))
    return np.asarray(cv2.GaussianBlur(apart / (contrast + 4), (0, 0), 0.8), np.float32)


def _detail(grey: Image) -> Plane:
    plane = grey.astype(np.float32)
    across = np.abs(cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.125))
    down = np.abs(cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.125))
    return blocks(across + down, _CELLS)


def _agreement(known: _Scene, likeness: Plane, where: Plane) -> float:
    """Correlate the two where there is detail, at the best of the small shifts."""
    weight = np.sqrt(cv2.resize(np.minimum(where, _DETAIL), _SIZE, interpolation=cv2.INTER_LINEAR)) + 1e-3
    inner = np.s_[_SWAY:-_SWAY, _SWAY:-_SWAY]
    shifts = cv2.matchTemplate(known.likeness, likeness[inner], cv2.TM_CCORR_NORMED, mask=weight[inner])
    return float(np.nan_to_num(shifts, nan=0.0, posinf=0.0, neginf=0.0).max())


def _covered(known: _Scene, likeness: Plane, detail: Plane, view: View) -> float | None:
    blown = blocks(view.grey.astype(np.float32), _CELLS) > 245
    had = (known.detail >= _DETAIL) & ~blown
    if had.mean() < _LITTLE:
        return None
    left = detail / np.maximum(known.detail, 0.1)
    lost = had & (left < _LOST * float(np.clip(quantile(left[had], 0.95), 0.3, 1)))
    kept = had & ~lost
    if not lost.any() or (kept.any() and np.median(left[kept]) < _DULL):
        return 0.0  # nothing is gone, or all of it is duller: out of focus, or fog
    grown = cv2.dilate(lost.astype(np.uint8), np.ones((3, 3), np.uint8))
    sure = kept & (grown == 0)
    if sure.sum() >= max(4, had.sum() / 20):
        if _agreement(known, likeness, np.where(sure, detail, 0)) < 0.4:
            return 0.0  # what is left is something else
    elif ((detail >= _DETAIL) & (known.detail < _DETAIL / 2)).sum() > lost.sum() / 4:
        return 0.0  # nothing is left, and there is something else
    _, labels = cv2.connectedComponents(grown)
    return ramp(float(np.bincount(labels[lost]).max() / had.sum()), 0.1, 0.5)
