"""The parser: machines in pictures that arrived, several pictures at once."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from engines.detection import Detection
from engines.errors import EngineError
from engines.manifest import Group
from engines.pictures import Picture
from provisioning.contracts.messages import MAX_BOXES, Box, Machine, MachineClass
from ray_cluster.errors import NotJpeg, Unavailable
from ray_cluster.jpeg import decode
from ray_cluster.photo import Parsed, Photo, Unreadable

_MACHINES: Final = frozenset({"vehicle", "two_wheeler"})


class Finds(Protocol):
    """What is needed of `engines.detector.Detector`."""

    def detect_tiled_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        """Detections of each picture, best first, boxes in its pixels. Tiled: a square model sees little of 16:9."""


class Parser:
    """Decodes and detects. One instance may be called from several threads."""

    def __init__(self, detector: Finds, *, threshold: float) -> None:
        self._detector = detector
        self._thresholds: dict[Group, float] = {"vehicle": threshold, "two_wheeler": threshold}

    def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """One answer for each photo, in order; one that cannot be decoded costs the others nothing.

        Raises:
            Unavailable: the engine failed.
        """
        answers: dict[int, Parsed | Unreadable] = {}
        pictures: dict[int, Picture] = {}
        for index, photo in enumerate(photos):
            try:
                pictures[index] = decode(photo)
            except NotJpeg as error:
                answers[index] = Unreadable(str(error))
        if pictures:
            try:
                found = self._detector.detect_tiled_many(list(pictures.values()), thresholds=self._thresholds)
            except EngineError as error:
                raise Unavailable(f"parser: {error}") from error
            for index, detections in zip(pictures, found, strict=True):
                answers[index] = _parsed(detections)
        return [answers[index] for index in range(len(photos))]


def _parsed(detections: Sequence[Detection]) -> Parsed:
    """People become a number here: their boxes end with this call."""
    machines: list[Machine] = []
    people = 0
    for detection in detections:
        if detection.group == "person":
            people += 1
        elif detection.group in _MACHINES and len(machines) < MAX_BOXES:
            box = _pixels(detection)
            if box is not None:
                score = min(max(float(detection.score), 0.0), 1.0)
                machines.append(Machine(cls=MachineClass(detection.class_name), score=score, box=box))
    return Parsed(tuple(machines), people)


def _pixels(detection: Detection) -> Box | None:
    """The box in whole pixels; None where rounding leaves nothing of it."""
    x0, y0, x1, y1 = (
        round(float(edge)) for edge in (detection.box.x0, detection.box.y0, detection.box.x1, detection.box.y1)
    )
    return Box(x0=x0, y0=y0, x1=x1, y1=y1) if x1 > x0 >= 0 and y1 > y0 >= 0 else None
