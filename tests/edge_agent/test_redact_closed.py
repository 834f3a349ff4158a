"""The redactor fails closed: whatever goes wrong, nothing comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import Frame, Redacted, Selected, SelectReason
from edge_agent.redactor import search
from edge_agent.redactor.cover import COLOUR, Rect
from edge_agent.redactor.redactor import CameraRedactor
from edge_agent.redactor.search import Detectors, Findings, Image, TinyFaces
from engines.catalog import Catalog
from engines.detection import Box, Detection
from engines.detector import Detector
from engines.engine import Tensor, TensorSpec
from engines.errors import InferenceFailed
from provisioning.contracts.config import Camera, Policy, Redactor, RtspSource
from provisioning.contracts.messages import ClockQuality, MachineClass

CAMERA = Camera(id="cam-1", source=RtspSource(url="rtsp://127.0.0.1/a"))
FACE = Rect(100, 60, 140, 110)


@dataclass
class FakeEngine:
    """A model whose every answer the test decides: here a CenterFace-shaped silence, or a failure."""

    name: str
    answer: Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
    sha256: str = "ab" * 32
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self.answer(inputs)


def _blind_nanodet(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    batch = next(iter(inputs.values())).shape[0]
    cells = {8: 2704, 16: 676, 32: 169}
    classes = {f"class_{s}": np.zeros((batch, n, 80), np.float32) for s, n in cells.items()}
    return {**classes, **{f"box_{s}": np.zeros((batch, n, 44), np.float32) for s, n in cells.items()}}


def _blind_centerface(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    batch, _, height, width = next(iter(inputs.values())).shape
    planes = {"heat": 1, "scale": 2, "offset": 2}
    return {k: np.zeros((batch, n, height // 4, width // 4), np.float32) for k, n in planes.items()}


def _blind_clp(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    batch, _, height, width = next(iter(inputs.values())).shape
    priors = sum(2 * -(-height // s) * -(-width // s) for s in (8, 16, 32))
    return {"loc": np.zeros((batch, priors, 4), np.float32), "conf": np.zeros((batch, priors, 2), np.float32)}


def _broken(_inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    raise InferenceFailed("nanodet-g-416", "the runtime gave up")


@dataclass
class OneFace:
    """A second face detector that sees a face in every picture in which its place is not covered."""

    looks: list[Image] = field(default_factory=list)

    def detect(self, picture: Image, threshold: float) -> list[Detection]:
        self.looks.append(picture)
        covered = np.abs(picture[60:110, 100:140].astype(int) - COLOUR).max() < 12
        return [] if covered else [Detection("face", 0.9, Box(*FACE))]


@dataclass
class WanderingFace:
    """A second face detector that finds a face in another place at every look: covering can never satisfy it."""

    looks: int = 0

    def detect(self, picture: Image, threshold: float) -> list[Detection]:
        self.looks += 1
        return [Detection("face", 0.9, Box(70.0 * self.looks, 10, 70.0 * self.looks + 30, 40))]


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


def _detectors(
    faces: TinyFaces | None = None, nanodet: Callable[[Mapping[str, Tensor]], dict[str, Tensor]] = _blind_nanodet
) -> Detectors:
    catalog = Catalog()
    answers = {"nanodet-g-416": nanodet, "centerface": _blind_centerface, "clp-det": _blind_clp}
    made = [Detector(catalog.manifest(name), FakeEngine(name, answer)) for name, answer in answers.items()]
    return Detectors(made[0], made[1], made[2], faces, {"test": "ab" * 32})


def _picture(width: int = 320, height: int = 200) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(90, 250, (height, width, 3), dtype=np.uint8)


def _redact(
    detectors: Detectors, *, image: Image | None = None, camera: Camera = CAMERA, step_s: float = 0.0
) -> Redacted:
    frame = Frame("cam-1", 1000, ClockQuality.ARRIVAL, "k1", _picture() if image is None else image)
    redactor = CameraRedactor("cabinet-7", camera, Redactor(), detectors, FakeClock(step_s))
    return redactor.redact(Selected(frame, SelectReason.FIRST))


def test_what_is_found_is_covered_in_the_published_bytes() -> None:
    redacted = _redact(_detectors(OneFace()))
    published = cv2.imdecode(np.frombuffer(redacted.picture, np.uint8), cv2.IMREAD_COLOR)
    assert published is not None
    assert np.abs(published[62:108, 102:138].astype(int) - COLOUR).max() < 12
    assert [(b.x0, b.y0, b.x1, b.y1) for b in redacted.snapshot.redaction.regions] == [(92, 50, 148, 120)]


def test_the_second_look_sees_the_encoded_bytes_and_not_the_frame() -> None:
    faces = OneFace()
    redacted = _redact(_detectors(faces))
    published = cv2.imdecode(np.frombuffer(redacted.picture, np.uint8), cv2.IMREAD_COLOR)
    assert published is not None
    assert len(faces.looks) == 2
    assert (faces.looks[-1] == published).all()


def test_a_face_that_shows_after_one_more_cover_is_withheld() -> None:
    faces = WanderingFace()
    with pytest.raises(RedactionUnavailable) as caught:
        _redact(_detectors(faces))
    assert caught.value.drop is DropReason.SECOND_LOOK
    assert faces.looks == 3, "the search, the look at the encoded picture, one more cover and a look at that"


def test_a_model_that_fails_withholds_the_picture() -> None:
    with pytest.raises(RedactionUnavailable, match="could not run") as caught:
        _redact(_detectors(nanodet=_broken))
    assert caught.value.drop is DropReason.REDACTION_UNAVAILABLE


def test_outputs_of_another_model_withhold_the_picture() -> None:
    with pytest.raises(RedactionUnavailable):
        _redact(_detectors(nanodet=_blind_clp))


def test_too_slow_is_too_late() -> None:
    with pytest.raises(RedactionUnavailable, match="limit") as caught:
        _redact(_detectors(), step_s=11.0)
    assert caught.value.drop is DropReason.REDACTION_TIMEOUT


def test_more_regions_than_can_be_told_withhold_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Rect(x, y, x + 1, y + 1) for x in range(0, 300, 4) for y in range(0, 190, 4))
    monkeypatch.setattr(search, "look", lambda *_: Findings((), 0, many))
    with pytest.raises(RedactionUnavailable, match="cannot cover"):
        _redact(_detectors())


def test_bands_of_the_policy_are_always_covered() -> None:
    camera = CAMERA.model_copy(update={"policy": Policy(always_cover=((0.0, 0.0, 1.0, 0.1),))})
    regions = _redact(_detectors(), camera=camera).snapshot.redaction.regions
    assert [(b.x0, b.y0, b.x1, b.y1) for b in regions] == [(0, 0, 320, 20)]


def test_the_published_jpeg_carries_no_metadata() -> None:
    picture = _redact(_detectors()).picture
    assert b"Exif" not in picture
    assert not any(picture.count(bytes([0xFF, marker])) for marker in (0xE1, 0xED, 0xFE))


def _one_bus(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    outputs = _blind_nanodet(inputs)
    outputs["class_32"][0, 30, 5] = 0.8  # COCO's bus, in the middle of a 13 × 13 map
    outputs["class_32"][0, 40, 0] = 0.6  # a person
    outputs["box_32"][0, [30, 40], 1::11] = 9.0  # one stride to each side
    return outputs


def test_the_envelope_tells_machines_one_count_and_unlabelled_regions() -> None:
    snapshot = _redact(_detectors(nanodet=_one_bus)).snapshot
    assert [machine.cls for machine in snapshot.machines] == [MachineClass.BUS]
    assert snapshot.people == 1
    assert len(snapshot.redaction.regions) == 1, "the person; the bus is too small for a legible plate"
    assert snapshot.redaction.models == {"test": "ab" * 32}
