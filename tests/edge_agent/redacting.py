"""A redactor of pretended models: what each of them sees is the test's to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from edge_agent.frames import Frame, Redacted, Selected, SelectReason
from edge_agent.redactor.cover import Image
from edge_agent.redactor.detectors import Detectors, TinyFaces
from edge_agent.redactor.redactor import CameraRedactor
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.manifest import Group
from engines.runtimes.engine import Tensor, TensorSpec
from provisioning.contracts.config.processes import Camera, Redactor, RtspSource
from provisioning.contracts.wire.messages import ClockQuality

CAMERA = Camera(id="cam-1", source=RtspSource(url="rtsp://127.0.0.1/a"))

Answer = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]


@dataclass
class FakeEngine:
    """A model whose every answer the test decides."""

    name: str
    answer: Answer
    sha256: str = "ab" * 32
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self.answer(inputs)


class NoTinyFaces:
    """A second face detector that never finds anything."""

    def detect_pieces(
        self,
        picture: Image,
        *,
        scale: float = 1.0,
        thresholds: Mapping[Group, float] | None = None,
        run_px: int = 0,
        small_only: bool = False,
    ) -> list[Detection]:
        return []

    def checked(self, before_run: Callable[[], None]) -> Self:
        return self


NO_TINY_FACES = NoTinyFaces()


class FakeClock:
    """Each reading is `step_s` later than the one before."""

    def __init__(self, step_s: float = 0.0) -> None:
        self._at_s, self._step_s = 0.0, step_s

    def now_ms(self) -> int:
        return 0

    def monotonic_s(self) -> float:
        self._at_s += self._step_s
        return self._at_s

    def wait(self, event: object, timeout_s: float) -> bool:
        return False


def blind_nanodet(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    batch, _, height, width = next(iter(inputs.values())).shape
    cells = {s: (height // s) * (width // s) for s in (8, 16, 32)}
    classes = {f"class_{s}": np.zeros((batch, n, 80), np.float32) for s, n in cells.items()}
    return {**classes, **{f"box_{s}": np.zeros((batch, n, 44), np.float32) for s, n in cells.items()}}


def blind_centerface(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    batch, _, height, width = next(iter(inputs.values())).shape
    planes = {"heat": 1, "scale": 2, "offset": 2}
    return {k: np.zeros((batch, n, height // 4, width // 4), np.float32) for k, n in planes.items()}


def blind_clp(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    batch, _, height, width = next(iter(inputs.values())).shape
    priors = sum(2 * -(-height // s) * -(-width // s) for s in (8, 16, 32))
    return {"loc": np.zeros((batch, priors, 4), np.float32), "conf": np.zeros((batch, priors, 2), np.float32)}


def blind_dbnet(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    batch, _, height, width = next(iter(inputs.values())).shape
    return {"map": np.zeros((batch, 1, height, width), np.float32)}


def one_line(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A line of text in the middle half of the picture, a twentieth of it high."""
    outputs = blind_dbnet(inputs)
    height, width = outputs["map"].shape[2:]
    outputs["map"][:, :, height // 2 : height // 2 + height // 20, width // 4 : -width // 4] = 0.9
    return outputs


def one_bus(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A bus and a person, in the whole picture."""
    outputs = blind_nanodet(inputs)
    columns = next(iter(inputs.values())).shape[3] // 32
    bus, person = columns + 1, 3 * columns + 1
    outputs["class_32"][0, bus, 5] = 0.8  # by COCO's numbers
    outputs["class_32"][0, person, 0] = 0.6
    outputs["box_32"][0, [bus, person], 1::11] = 9.0  # one stride to each side
    return outputs


def detectors(
    faces: TinyFaces = NO_TINY_FACES,
    nanodet: Answer = blind_nanodet,
    centerface: Answer = blind_centerface,
    text: Answer = blind_dbnet,
) -> Detectors:
    catalog = Catalog()
    answers = {"nanodet-g-416": nanodet, "centerface": centerface, "clp-det": blind_clp, "pp-ocr-v4-text": text}
    made = [Detector(catalog.manifest(name), FakeEngine(name, answer)) for name, answer in answers.items()]
    return Detectors(made[0], made[0], made[1], made[2], made[3], faces, {"test": "ab" * 32})


def picture(width: int = 320, height: int = 200) -> Image:
    """Soft blotches: nothing that a detector of anything would fire on."""
    small = np.random.default_rng(3).integers(90, 250, (5, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def redact(
    models: Detectors,
    *,
    image: Image | None = None,
    camera: Camera = CAMERA,
    step_s: float = 0.0,
    reason: SelectReason = SelectReason.FIRST,
) -> Redacted:
    return redactor(models, camera=camera, step_s=step_s).redact(selected(image=image, reason=reason))


def redactor(
    models: Detectors, *, camera: Camera = CAMERA, step_s: float = 0.0, still_s: float = 0.0
) -> CameraRedactor:
    return CameraRedactor("cabinet-7", camera, Redactor(still_s=still_s), models, FakeClock(step_s))


def selected(*, image: Image | None = None, at_ms: int = 1000, reason: SelectReason = SelectReason.FIRST) -> Selected:
    frame = Frame("cam-1", at_ms, ClockQuality.ARRIVAL, f"k{at_ms}", picture() if image is None else image)
    return Selected(frame, reason)
