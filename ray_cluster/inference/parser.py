"""Detects machines in arriving pictures, several at once, each with its camera's detector: the parser.

A picture is always seen by exactly one detector, which the answer names. If the detector of its camera fails, the
detector of the rest sees it: a customer's broken model costs no message. Machines that the same model found in
the raw picture, at the edge, are reused where the agent is trusted; else they are compared with those found here.
"""

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.errors import EngineError
from engines.manifest import Group
from provisioning.contracts.causes import cluster
from provisioning.contracts.detectors import ParserStatus
from provisioning.contracts.wire.messages import MAX_BOXES, Box, Machine, MachineClass
from ray_cluster.coded_errors import CodedText
from ray_cluster.errors import BadAssignment, NotJpeg, StageFault
from ray_cluster.inference.assignment import MACHINES, Assignment, Choice, default_choice
from ray_cluster.inference.detector_pool import DetectorPool, MachineDetector
from ray_cluster.inference.jpeg import decode
from ray_cluster.inference.masking import hidden
from ray_cluster.inference.picture import DetectorRef, Parsed, Photo, Unreadable
from ray_cluster.inference.reuse import CONFIRMING, comparable, compare

LOG = logging.getLogger(__name__)
MOST_FAULTS: Final = 16
"""Most faults that are kept, the newest; overflow policy: `drop_oldest`."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """Assignment of one call from beginning to end, even if another is adopted meanwhile."""

    assignment: Assignment
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A photo and its pixels."""

    photo: Photo
    picture: Picture


class Parser:
    """Decodes pictures and detects machines. One instance may be called from several threads.

    Args:
        pool: detectors in memory.
        assignment: the first one, whose detectors are not tried yet: see `adopt`.
    """

    def __init__(self, pool: DetectorPool, assignment: Assignment) -> None:
        self._pool = pool
        self._turn = _Turn(assignment, {})
        self._lock = threading.Lock()
        self._pictures: Counter[str] = Counter()
        self._reused: Counter[str] = Counter()
        self._fell_back: Counter[str] = Counter()
        self._faults: dict[str, CodedText] = {}

    @classmethod
    def alone(cls, detector: MachineDetector, *, threshold: float) -> Self:
        """Make a parser with one detector for all cameras."""
        choice = default_choice(detector.name, threshold)
        return cls(DetectorPool(lambda _name: detector, most=1), Assignment(choice, {}, {}))

    def adopt(self, assignment: Assignment, models: Mapping[str, str]) -> None:
        """Use this assignment from the next call on. Its detectors are loaded first, while calls use the old one.

        Raises:
            BadAssignment: a detector does not work here, or is another file than in `models`; the old one stays.
        """
        for name in reversed(assignment.names):  # that of the rest last, so that the others cannot displace it
            wanted = models.get(name)
            try:
                found = self._pool.get(name, wanted)
            except EngineError as error:
                raise self._refused(str(error)) from error
            if wanted is not None and wanted not in found.precisions:
                raise self._refused(
                    f"{name}: the model file here has sha256 {found.sha256}, the head's manifest says {wanted}; "
                    "put the same file and manifest on every machine"
                )
        with self._lock:
            self._turn = _Turn(assignment, dict(models))
            self._faults.clear()

    def note(self, fault: str) -> None:
        """Keep a fault of the assignment for the operator until another is adopted."""
        with self._lock:
            self._faults["assignment"] = CodedText(fault, cluster.ASSIGNMENT_REFUSED(detail=fault))

    def status(self) -> ParserStatus:
        """Return the models, pictures and faults of this parser."""
        with self._lock:
            return ParserStatus(
                models=dict(self._turn.models),
                in_memory=self._pool.names,
                pictures=dict(self._pictures),
                reused=dict(self._reused),
                fell_back=dict(self._fell_back),
                faults=tuple(each.text for each in self._faults.values()),
                reasons=tuple(each.reason for each in self._faults.values()),
            )

    def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """Find the machines of each photo, in order; an unreadable photo does not affect the others.

        Raises:
            StageFault: the detector of the rest failed.
        """
        turn = self._turn
        answers: dict[int, Parsed | Unreadable] = {}
        shown: dict[int, _Shown] = {}
        groups: dict[Choice, list[int]] = {}
        for index, photo in enumerate(photos):
            try:
                shown[index] = _Shown(photo, decode(photo))
            except NotJpeg as error:
                answers[index] = Unreadable(str(error))
            else:
                groups.setdefault(turn.assignment.of(photo.agent_id, photo.camera_id), []).append(index)
        for choice, members in groups.items():
            found = self._detect_or_fall_back(turn, choice, [shown[index] for index in members])
            answers |= zip(members, found, strict=True)
        return [answers[index] for index in range(len(photos))]

    def _detect_or_fall_back(self, turn: _Turn, choice: Choice, shown: Sequence[_Shown]) -> list[Parsed]:
        rest = turn.assignment.rest
        try:
            return self._answer(choice, shown)
        except EngineError as error:
            if choice.name == rest.name:
                raise StageFault(f"parser: {error}") from error
            self._fall_back(choice.name, str(error), len(shown))
        try:
            return self._answer(rest, shown)
        except EngineError as error:
            raise StageFault(f"parser: {error}") from error

    def _answer(self, choice: Choice, shown: Sequence[_Shown]) -> list[Parsed]:
        """Reuse the edge's machines where that is allowed, and detect in the other pictures."""
        detector = self._pool.get(choice.name)
        seen_by = DetectorRef(detector.name, detector.sha256)
        limits = {**detector.thresholds, **dict(choice.thresholds)}
        answers: dict[int, Parsed] = {}
        alone: list[int] = []
        compared: dict[int, tuple[Machine, ...]] = {}
        for index, each in enumerate(shown):
            reported = comparable(each.photo.reported, detector.precisions, limits)
            if reported is None:
                alone.append(index)
            elif each.photo.reported is not None and each.photo.reported.is_trusted:
                edge = each.photo.reported.detector
                answers[index] = Parsed(reported, 0, DetectorRef(edge.name, edge.sha256), reported)
            else:
                compared[index] = reported
        with self._lock:
            self._reused[choice.name] += len(answers)
        found = self._detect(detector, choice, [shown[index].picture for index in alone], dict(choice.thresholds))
        for index, detections in zip(alone, found, strict=True):
            answers[index] = _parsed(detections, seen_by)
        wider = limits | {group: CONFIRMING * limits[group] for group in MACHINES if group in limits}
        found = self._detect(detector, choice, [shown[index].picture for index in compared], wider)
        for (index, reported), detections in zip(compared.items(), found, strict=True):
            answers[index] = _compared(shown[index].photo, reported, detections, limits, seen_by)
        return [answers[index] for index in range(len(shown))]

    def _detect(
        self,
        detector: MachineDetector,
        choice: Choice,
        pictures: Sequence[Picture],
        thresholds: Mapping[Group, float],
    ) -> list[list[Detection]]:
        if not pictures:
            return []
        detect = detector.detect_tiled_many if choice.tiles else detector.detect_many
        found = detect(pictures, thresholds=thresholds)
        with self._lock:
            self._pictures[choice.name] += len(pictures)
        return found

    def _fall_back(self, name: str, fault: str, pictures: int) -> None:
        with self._lock:
            told = CodedText(fault, cluster.DETECTOR_FELL_BACK(name=name, detail=fault))
            is_new = self._faults.pop(name, None) != told
            self._fell_back[name] += pictures
            self._faults[name] = told
            while len(self._faults) > MOST_FAULTS:
                del self._faults[next(iter(self._faults))]
        if is_new:  # a broken model fails on every picture
            LOG.error("%s; the detector of the rest sees its pictures", fault)

    def _refused(self, fault: str) -> BadAssignment:
        refused = BadAssignment(f"assignment refused, the one before stays: {fault}")
        self.note(str(refused))
        return refused


def _parsed(detections: Sequence[Detection], seen_by: DetectorRef) -> Parsed:
    """Convert detections; people become a number here, and their boxes end with this call."""
    people = sum(detection.group == "person" for detection in detections)
    return Parsed(_machines(detections), people, seen_by)


def _compared(
    photo: Photo,
    reported: tuple[Machine, ...],
    detections: Sequence[Detection],
    limits: Mapping[Group, float],
    seen_by: DetectorRef,
) -> Parsed:
    """Convert detections that reach down to doubtful ones, and compare them with the edge's machines."""
    certain = [each for each in detections if each.score >= limits.get(each.group, 0.0)]
    doubtful = [each for each in detections if each.score < limits.get(each.group, 0.0)]
    parsed = _parsed(certain, seen_by)
    covered = hidden(photo.width, photo.height, photo.regions)
    compared = compare(reported, parsed.machines, _machines(doubtful), covered)
    return replace(parsed, reported=reported, compared=compared)


def _machines(detections: Sequence[Detection]) -> tuple[Machine, ...]:
    machines: list[Machine] = []
    for detection in detections:
        if detection.group in MACHINES and len(machines) < MAX_BOXES:
            box = _pixels(detection)
            if box is not None:
                score = min(max(float(detection.score), 0.0), 1.0)
                machines.append(Machine(cls=MachineClass(detection.class_name), score=score, box=box))
    return tuple(machines)


def _pixels(detection: Detection) -> Box | None:
    """Round a box to whole pixels; None if rounding leaves nothing of it."""
    x0, y0, x1, y1 = (
        round(float(edge)) for edge in (detection.box.x0, detection.box.y0, detection.box.x1, detection.box.y1)
    )
    return Box(x0=x0, y0=y0, x1=x1, y1=y1) if x1 > x0 >= 0 and y1 > y0 >= 0 else None
