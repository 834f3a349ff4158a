"""The redactor fails closed: whatever goes wrong, nothing comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.redactor import detect as search
from edge_agent.redactor.cover import COLOUR, Image, Rect
from edge_agent.redactor.detect import Findings
from engines.detection.postprocess import Box, Detection
from engines.errors import InferenceFailed
from engines.manifest import Group
from engines.runtimes.engine import Tensor
from provisioning.contracts.config.processes import Policy
from provisioning.contracts.wire.messages import EdgeDetector, MachineClass
from tests.edge_agent.redacting import (
    CAMERA,
    NoTinyFaces,
    blind_centerface,
    blind_clp,
    detectors,
    one_bus,
    picture,
    redact,
)

FACE = Rect(100, 60, 140, 110)


def _broken(_inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    raise InferenceFailed("nanodet-g-416", "the runtime gave up")


@dataclass
class OneFace(NoTinyFaces):
    """A second face detector that sees a face in every picture in which its place is not covered."""

    looks: list[Image] = field(default_factory=list)

    def detect_pieces(
        self,
        picture: Image,
        *,
        scale: float = 1.0,
        thresholds: Mapping[Group, float] | None = None,
        run_px: int = 0,
        small_only: bool = False,
    ) -> list[Detection]:
        self.looks.append(picture)
        return [] if _is_paint(picture[60:110, 100:140]) else [Detection("face", 0.9, Box(*FACE))]


@dataclass
class SharpCenterFace:
    """CenterFace, seeing a face of 40 x 50 pixels at `FACE` unless paint is there."""

    looks: list[NDArray[np.uint8]] = field(default_factory=list)

    def __call__(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        (tensor,) = inputs.values()
        self.looks.append(tensor[0, ::-1].transpose(1, 2, 0).astype(np.uint8))
        outputs = blind_centerface(inputs)
        if not _is_paint(self.looks[-1][62:108, 102:138]):
            row, column = round((FACE.y0 + FACE.y1) / 8), round((FACE.x0 + FACE.x1) / 8)
            outputs["heat"][0, 0, row, column] = 0.9
            outputs["scale"][0, :, row, column] = np.log([50 / 4, 40 / 4])
        return outputs


@dataclass
class WanderingFace:
    """CenterFace, finding a face first in the middle and then in a corner of every window, in so many looks."""

    faces: int
    looks: int = 0

    def __call__(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        outputs = blind_centerface(inputs)
        rows, columns = outputs["heat"].shape[2:]
        self.looks += 1
        if self.looks > self.faces:
            return outputs
        row, column = (rows // 2, columns // 2) if self.looks == 1 else (5, 5)
        outputs["heat"][0, 0, row, column] = 0.9
        outputs["scale"][0] = np.log(6)
        return outputs


def _is_paint(part: NDArray[Any]) -> bool:
    return bool(np.abs(part.astype(int) - COLOUR).max() < 12)


def test_what_is_found_is_covered_in_the_published_bytes() -> None:
    redacted = redact(detectors(OneFace()))
    published = cv2.imdecode(np.frombuffer(redacted.picture, np.uint8), cv2.IMREAD_COLOR)
    assert published is not None
    assert np.abs(published[62:108, 102:138].astype(int) - COLOUR).max() < 12
    assert [(b.x0, b.y0, b.x1, b.y1) for b in redacted.snapshot.redaction.regions] == [(92, 50, 148, 120)]


def test_the_second_look_sees_the_encoded_bytes_and_not_the_frame() -> None:
    faces, centerface = OneFace(), SharpCenterFace()
    redacted = redact(detectors(faces, centerface=centerface), image=picture(320, 192))  # stretched to nothing else
    published = cv2.imdecode(np.frombuffer(redacted.picture, np.uint8), cv2.IMREAD_COLOR)
    assert published is not None
    assert len(faces.looks) == 1, "the raw picture"
    assert len(centerface.looks) == 1
    assert (centerface.looks[0] == published).all()


def test_what_only_the_second_look_finds_is_covered_and_looked_at_again() -> None:
    centerface = SharpCenterFace()
    redacted = redact(detectors(NoTinyFaces(), centerface=centerface), image=picture(320, 192))
    published = cv2.imdecode(np.frombuffer(redacted.picture, np.uint8), cv2.IMREAD_COLOR)
    assert published is not None
    assert _is_paint(published[62:108, 102:138])
    assert len(centerface.looks) == 2, "what would be published, and that with one more cover"


def test_what_shows_beside_new_covers_is_covered_three_times() -> None:
    centerface = WanderingFace(faces=3)
    redacted = redact(detectors(NoTinyFaces(), centerface=centerface), image=picture(1280, 720))
    assert redacted.picture
    assert centerface.looks == 4, "at the encoded picture, and at three more covers"


def test_a_face_that_shows_after_three_more_covers_is_withheld() -> None:
    centerface = WanderingFace(faces=4)
    with pytest.raises(RedactionUnavailable) as caught:
        redact(detectors(NoTinyFaces(), centerface=centerface), image=picture(1280, 720))
    assert caught.value.drop is DropReason.SECOND_LOOK
    assert centerface.looks == 4, "at the encoded picture, and at three more covers"


def test_a_model_that_fails_withholds_the_picture() -> None:
    with pytest.raises(RedactionUnavailable, match="could not run") as caught:
        redact(detectors(nanodet=_broken))
    assert caught.value.drop is DropReason.REDACTION_UNAVAILABLE


@pytest.mark.parametrize("search", ["machines", "people"])
def test_a_provider_that_fails_at_one_of_the_two_precisions_withholds_the_picture(search: str) -> None:
    models, broken = detectors(), detectors(nanodet=_broken).machines
    with pytest.raises(RedactionUnavailable, match="could not run") as caught:
        redact(replace(models, machines=broken) if search == "machines" else replace(models, people=broken))
    assert caught.value.drop is DropReason.REDACTION_UNAVAILABLE


def test_outputs_of_another_model_withhold_the_picture() -> None:
    with pytest.raises(RedactionUnavailable):
        redact(detectors(nanodet=blind_clp))


def test_too_slow_is_too_late() -> None:
    with pytest.raises(RedactionUnavailable, match="limit") as caught:
        redact(detectors(), step_s=11.0)
    assert caught.value.drop is DropReason.REDACTION_TIMEOUT


def test_more_regions_than_can_be_told_withhold_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Rect(x, y, x + 1, y + 1) for x in range(0, 300, 4) for y in range(0, 190, 4))
    monkeypatch.setattr(search, "search_picture", lambda *_: Findings((), 0, many))
    with pytest.raises(RedactionUnavailable, match="cannot cover"):
        redact(detectors())


def test_bands_of_the_policy_are_always_covered() -> None:
    camera = CAMERA.model_copy(update={"policy": Policy(always_cover=((0.0, 0.0, 1.0, 0.1),))})
    regions = redact(detectors(), camera=camera).snapshot.redaction.regions
    assert [(b.x0, b.y0, b.x1, b.y1) for b in regions] == [(0, 0, 320, 20)]


def test_the_published_jpeg_carries_no_metadata() -> None:
    picture = redact(detectors()).picture
    assert b"Exif" not in picture
    assert not any(picture.count(bytes([0xFF, marker])) for marker in (0xE1, 0xED, 0xFE))


def test_the_envelope_tells_machines_one_count_and_unlabelled_regions() -> None:
    snapshot = redact(detectors(nanodet=one_bus)).snapshot
    assert [machine.cls for machine in snapshot.machines] == [MachineClass.BUS]
    assert snapshot.people == 1
    assert len(snapshot.redaction.regions) == 1, "the person; the bus is too small for a legible plate"
    assert snapshot.redaction.models == {"test": "ab" * 32}
    nanodet = detectors().machines
    assert snapshot.detector == EdgeDetector(
        name="nanodet-g-416", sha256=nanodet.sha256, recipe=search.RECIPE, threshold=search.MACHINE_SCORE
    )
    assert all(machine.score >= snapshot.detector.threshold for machine in snapshot.machines)
