"""Scores a camera's picture by eleven checks in memory, each 0 good to 1 bad, with a fault from .5 on.

4 to 5 ms of processor time a 1080p picture (measured beside other work; half of it scaling, spectra and blur).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.picture_checks import measures
from edge_agent.picture_checks.scene_baseline import FreezeDetector, SceneMemory
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import PictureCheck

_FAULTY: Final = 0.5
_LONG_AGO: Final = 10
"""Intervals without a picture after which the scores before do not count any more."""


class PictureChecks:
    """Checks one camera, and keeps little of its past: small grey pictures and the scores before."""

    def __init__(self, settings: processes.Checks) -> None:
        self._every_ms = settings.every_s * 1000
        self._scenes = SceneMemory(settings.every_s)
        self._stillness = FreezeDetector()
        self._before: dict[PictureCheck, float] = {}
        self._looked_ms: int | None = None

    def consider(self, at_ms: int, image: NDArray[np.uint8]) -> Mapping[PictureCheck, float]:
        """Score `image` (H×W×3, BGR, any size), taken at `at_ms`. Call it every `every_s`.

        A fault counts from its second picture on, so that headlights, a passing bus or a lens in search of focus are
        none. A
        check that another fault makes impossible is absent: a black picture cannot be judged for blur.
        """
        if min(image.shape[:2]) < measures.LEAST_PX:
            return {}
        if self._looked_ms is not None and not 0 <= at_ms - self._looked_ms <= _LONG_AGO * self._every_ms:
            self._before = {}
        self._looked_ms = at_ms
        now = self._scored(at_ms, image)
        lasting = {check: min(score, self._before.get(check, score)) for check, score in now.items()}
        self._before = now
        return lasting

    def _scored(self, at_ms: int, image: NDArray[np.uint8]) -> dict[PictureCheck, float]:
        """Score this picture alone, root causes first."""
        view = measures.View.of(image)
        frozen = self._stillness.consider(at_ms, image)
        scores: dict[PictureCheck, float | None] = {PictureCheck.SIGNAL_LOST: measures.signal_lost(view)}
        if _is_any(scores):
            return _made(scores)
        scores[PictureCheck.DARK] = measures.dark(view)
        scores[PictureCheck.BRIGHT] = measures.bright(view)
        if _is_any(scores):
            return _made(scores)
        scores[PictureCheck.FROZEN] = frozen
        scores[PictureCheck.STRIPE] = stripe = measures.stripe(view)
        if stripe is None or stripe < _FAULTY:
            scores[PictureCheck.NOISE] = measures.noise(view)
            scores |= self._content(view)
        return _made(scores)

    def _content(self, view: measures.View) -> dict[PictureCheck, float | None]:
        """Score the visibility of the scene. A cover on the lens has its own colour, and no edges."""
        dull: dict[PictureCheck, float | None] = {PictureCheck.BLURRED: measures.blurred(view)}
        if not _is_any(dull):
            dull[PictureCheck.LOW_CONTRAST] = measures.low_contrast(view)
        is_dull = _is_any(dull)
        seen = self._scenes.consider(view, is_sound=not is_dull)
        if seen is not None and seen.covered is not None and seen.covered >= _FAULTY:
            return {PictureCheck.OCCLUDED: seen.covered, PictureCheck.SCENE_MOVED: seen.moved}
        dull[PictureCheck.COLOUR_CAST] = measures.colour_cast(view)
        if seen is not None and not is_dull:
            dull |= {PictureCheck.OCCLUDED: seen.covered, PictureCheck.SCENE_MOVED: seen.moved}
        return dull


def _is_any(scores: Mapping[PictureCheck, float | None]) -> bool:
    return any(score is not None and score >= _FAULTY for score in scores.values())


def _made(scores: Mapping[PictureCheck, float | None]) -> dict[PictureCheck, float]:
    return {check: score for check, score in scores.items() if score is not None}
