"""A camera's policy may leave out the searches that smaller faces need; the envelope says so, and the rest stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from edge_agent.redactor.cover import Image
from edge_agent.redactor.redactor import POLICY
from edge_agent.redactor.small_faces import SEARCHES
from engines.detection.postprocess import Box, Detection
from engines.manifest import Group
from engines.runtimes.engine import Tensor
from provisioning.contracts.config.processes import Camera, Policy
from provisioning.contracts.smallest_face import HEIGHTS, SmallestFacePx
from tests.edge_agent.redacting import CAMERA, NoTinyFaces, blind_centerface, detectors, picture, redact

SIZE = (1280, 720)


@dataclass
class Doubtful(NoTinyFaces):
    """Notes how far the picture is enlarged, and doubts one small face in its middle."""

    scales: list[float] = field(default_factory=list)

    def detect_pieces(
        self,
        picture: Image,
        *,
        scale: float = 1.0,
        thresholds: Mapping[Group, float] | None = None,
        run_px: int = 0,
        small_only: bool = False,
    ) -> list[Detection]:
        self.scales.append(scale)
        return [Detection("face", 0.05, Box(630, 350, 642, 364))]


@dataclass
class CenterFace:
    """Notes the width and height of what it searches, and finds nothing."""

    sizes: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        height, width = next(iter(inputs.values())).shape[2:]
        self.sizes.append((width, height))
        return blind_centerface(inputs)


def _camera(height: SmallestFacePx) -> Camera:
    return CAMERA.model_copy(update={"policy": Policy(smallest_face_px=height)})


@pytest.mark.parametrize("height", HEIGHTS.values())
def test_the_published_picture_is_searched_alike_whatever_the_smallest_face(height: SmallestFacePx) -> None:
    faces, eye = Doubtful(), CenterFace()
    redact(detectors(faces, centerface=eye), image=picture(*SIZE), camera=_camera(height))
    assert eye.sizes == [(SEARCHES[height].tensor_px,) * 2, (1280, 736)]


def test_the_picture_is_enlarged_and_windows_are_searched_no_further_than_the_smallest_face_needs() -> None:
    scales = []
    for height in HEIGHTS.values():
        faces = Doubtful()
        redact(detectors(faces), image=picture(*SIZE), camera=_camera(height))
        scales += faces.scales
    assert scales == sorted(scales, reverse=True)
    assert scales[0] > scales[-1]
    assert SEARCHES[16].tensor_px < SEARCHES[8].tensor_px


@pytest.mark.parametrize(("height", "recipe"), [(8, POLICY), (12, f"{POLICY}+from12"), (16, f"{POLICY}+from16")])
def test_the_envelope_names_the_smallest_face(height: SmallestFacePx, recipe: str) -> None:
    redaction = redact(detectors(), camera=_camera(height)).snapshot.redaction
    assert (redaction.smallest_face_px, redaction.policy) == (height, recipe)
    assert ("smallest_face_px" in redaction.model_dump_json()) == (height != 8)
