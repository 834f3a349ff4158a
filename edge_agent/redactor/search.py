"""Looking: what is in a picture that must be covered, and which machines may be told.

The recipe and its figures are in docs/redaction.md. In short: nobody has to be found as a face to be covered, a person
is enough; and nobody has to be found as a person, a face is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.redactor import cover
from edge_agent.redactor.cover import Rect
from engines.detection import Box as DetectedBox
from engines.detection import Detection
from engines.detector import Detector
from engines.manifest import Group
from provisioning.contracts.config import Policy
from provisioning.contracts.messages import MAX_BOXES, Machine, MachineClass

Image = NDArray[np.uint8]

MACHINE_SCORE: Final = 0.4
"""A machine is told, and a person counted, from this score on: 32 of 38 people, 4 false, on a labelled street clip."""
RIDER_SCORE: Final = 0.18
"""On a certain two-wheeler even a doubtful person is a rider: a helmet and a coat look little like a pedestrian."""
TWO_WHEELER_SCORE: Final = 0.3
"""What somebody may be sitting on, though it is too doubtful to be told."""
PLATE_BEARER_SCORE: Final = 0.25
"""What may carry a plate, though it is too doubtful to be told: half a car at the picture's edge scored .29."""
TINY_FACE_SCORE: Final = 0.35
FACE_SEARCH_PX: Final = 4_200_000
"""Faces are searched in an enlarged picture, up to twice its size and this many pixels: of 22 labelled faces of 12 px
in 720p streets the detector found 4 at the picture's own size and 18 at twice, for 0.16 and 0.62 CPU seconds."""
PLATE_CROP_MIN_PX: Final = 60
PLATE_CROPS: Final = 12


class TinyFaces(Protocol):
    """The second face detector; absent on machines for which it is not built."""

    def detect(self, picture: Image, threshold: float) -> list[Detection]:
        """Faces in picture pixels."""
        ...


@dataclass(frozen=True, slots=True)
class Detectors:
    """The models of one agent, shared by its cameras. `tiny_faces` may be None, and then the envelope says so."""

    machines: Detector
    faces: Detector
    plates: Detector
    tiny_faces: TinyFaces | None
    hashes: dict[str, str]
    """Catalog name → sha256 of what looked at the picture."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one look found. `covers` carries no label: why something is covered is nobody's business further on."""

    machines: tuple[Machine, ...]
    people: int
    covers: tuple[Rect, ...]


def look(image: Image, detectors: Detectors, policy: Policy) -> Findings:
    """Search one picture (H×W×3, BGR).

    Raises:
        engines.errors.EngineError: a model could not run; nothing may be published then.
    """
    height, width = image.shape[:2]
    scores: dict[Group, float] = {
        "person": min(RIDER_SCORE, policy.person_threshold),
        "two_wheeler": TWO_WHEELER_SCORE,
        "vehicle": PLATE_BEARER_SCORE,
    }
    seen = detectors.machines.detect_tiled(image, thresholds=scores)
    people = [d for d in seen if d.group == "person"]
    machines = [d for d in seen if d.group != "person" and d.score >= MACHINE_SCORE]
    two_wheelers = [d for d in seen if d.group == "two_wheeler"]
    vehicles = [_rect(d) for d in seen if d.group == "vehicle"]

    faces = faces_at(image, detectors, policy.face_threshold, enlarge=True)
    plates = _plates(image, [*vehicles, *map(_rect, two_wheelers)], detectors.plates, policy)
    covers = [face.grown(cover.FACE_GROWTH) for face in faces]
    covers += [plate.grown(cover.PLATE_GROWTH) for plate in plates]
    covers += [band for v in vehicles if (band := cover.plate_band(v, plates)) is not None]
    covers += _person_covers(people, two_wheelers, policy)
    covers += [Rect(0, 0, width, height).at(band) for band in policy.always_cover]
    return Findings(
        machines=tuple(_machine(d, width, height) for d in machines[:MAX_BOXES]),
        people=sum(d.score >= MACHINE_SCORE for d in people),
        covers=tuple(covers),
    )


def faces_at(image: Image, detectors: Detectors, threshold: float, *, enlarge: bool) -> list[Rect]:
    """Faces by both detectors, in picture pixels; `enlarge` searches for smaller ones, at several times the cost."""
    height, width = image.shape[:2]
    scale = min(2.0, max(1.0, sqrt(FACE_SEARCH_PX / (width * height)))) if enlarge else 1.0
    size = (round(width * scale), round(height * scale))
    found = [_rect(d) for d in detectors.faces.detect(image, size=size, thresholds={"face": threshold})]
    if detectors.tiny_faces is not None:
        found += map(_rect, detectors.tiny_faces.detect(image, max(threshold, TINY_FACE_SCORE)))
    return found


def _plates(image: Image, machines: Sequence[Rect], detector: Detector, policy: Policy) -> list[Rect]:
    """The whole picture, and each machine large enough by itself at twice its size."""
    thresholds: dict[Group, float] = {"plate": policy.plate_threshold}
    height, width = image.shape[:2]
    found = [_rect(d) for d in detector.detect(image, thresholds=thresholds)]
    near = sorted((m for m in machines if m.width >= PLATE_CROP_MIN_PX), key=lambda m: -m.width)[:PLATE_CROPS]
    for machine in near:
        box = cover.to_boxes([machine.grown(1.1)], width, height)[0]
        crop = image[box.y0 : box.y1, box.x0 : box.x1]
        size = (2 * (box.x1 - box.x0), 2 * (box.y1 - box.y0))
        found += [_rect(_moved(d, box.x0, box.y0)) for d in detector.detect(crop, size=size, thresholds=thresholds)]
    return found


def _person_covers(people: Sequence[Detection], two_wheelers: Sequence[Detection], policy: Policy) -> list[Rect]:
    covers: list[Rect] = []
    for person in people:
        rect, certain = _rect(person), person.score >= policy.person_threshold
        ridden = [
            _rect(m) for m in two_wheelers if (certain or m.score >= MACHINE_SCORE) and cover.rides(rect, _rect(m))
        ]
        if ridden:
            covers += cover.rider(ridden[0], rect)
        elif certain:
            covers.append(cover.pedestrian(rect))
    return covers


def _rect(detection: Detection) -> Rect:
    return Rect(*detection.box)


def _moved(detection: Detection, x: int, y: int) -> Detection:
    x0, y0, x1, y1 = detection.box
    return replace(detection, box=DetectedBox(x0 + x, y0 + y, x1 + x, y1 + y))


def _machine(detection: Detection, width: int, height: int) -> Machine:
    (box,) = cover.to_boxes([_rect(detection)], width, height)
    return Machine(cls=MachineClass(detection.class_name), score=round(min(1.0, detection.score), 4), box=box)
