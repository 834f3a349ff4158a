"""A camera's policy may leave out the searches that smaller faces need; the envelope says so, and the rest stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from edge_agent.redactor.cover import Image
from edge_agent.redactor.redactor import POLICY
from edge_agent.redactor.small_faces import TENSOR_PX
from engines.detection.postprocess import Box, Detection
from engines.manifest import Group
from engines.runtimes.engine import Tensor
from provisioning.contracts.config.processes import Camera, Policy
from provisioning.contracts.smallest_face import HEIGHTS, SmallestFacePx
from tests.edge_agent.redacting import CAMERA, NoTinyFaces, blind_centerface, detectors, picture, redact

SIZE = (1280, 720)
DOUBTS = [Detection("face", 0.05, Box(20 * n, 40 * m, 20 * n + 12, 40 * m + 14)) for n in range(60) for m in range(4)]


@dataclass
class Doubtful(NoTinyFaces):
    """Notes how far the picture is enlarged, and doubts many small faces."""

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
        return DOUBTS


@dataclass
class CenterFace:
    """Notes how many pictures of which width it searches, and finds nothing."""

    searched: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        count, _, _, width = next(iter(inputs.values())).shape
        self.searched.append((width, count))
        return blind_centerface(inputs)


def _searched(height: SmallestFacePx) -> tuple[float, int, int]:
    """Return the enlargement, the windows, and the searches of the encoded picture."""
    faces, eye = Doubtful(), CenterFace()
    camera: Camera = CAMERA.model_copy(update={"policy": Policy(smallest_face_px=height)})
    redact(detectors(faces, centerface=eye), image=picture(*SIZE), camera=camera)
    windows = sum(count for width, count in eye.searched if width == TENSOR_PX)
    return round(faces.scales[0], 2), windows, sum(count for width, count in eye.searched if width == SIZE[0])


@pytest.mark.parametrize(("height", "searched"), [(8, (2.0, 48, 1)), (12, (2.0, 44, 1)), (16, (2.0, 44, 1))])
def test_only_searches_for_small_faces_are_left_out(height: SmallestFacePx, searched: tuple[float, int, int]) -> None:
    assert _searched(height) == searched


@pytest.mark.parametrize("height", HEIGHTS.values())
def test_the_envelope_names_the_smallest_face(height: SmallestFacePx) -> None:
    camera: Camera = CAMERA.model_copy(update={"policy": Policy(smallest_face_px=height)})
    redaction = redact(detectors(), camera=camera).snapshot.redaction
    assert redaction.smallest_face_px == height
    assert redaction.policy == (POLICY if height == 8 else f"{POLICY}+from{height}")
    assert ("smallest_face_px" in redaction.model_dump_json()) == (height != 8)
