"""Searches a raw picture for everything that must be covered, and for the machines that may be reported.

The recipe and its figures are in docs/redaction.md. In short: a person is covered without a face being found, and a
face
without a person being found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

from edge_agent.redactor import cover, faces, people
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.detectors import Detectors
from edge_agent.redactor.plates import ideas as find_ideas
from edge_agent.redactor.plates import plates as find_plates
from edge_agent.redactor.search_regions import Places, touches
from edge_agent.redactor.still_places import IsStill, never
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.manifest import Group
from provisioning.contracts.config.processes import Policy
from provisioning.contracts.wire.messages import MAX_BOXES, EdgeDetector, Machine, MachineClass

Cause = Literal["people", "riders", "plates", "bands", "faces"]

MACHINE_SCORE: Final = 0.4
"""Score from which a machine is reported and a person counted: 32 of 38 people, 4 false, on a labelled street clip."""
RIDER_SCORE: Final = 0.18
"""Score from which a person on a certain two-wheeler is a rider: helmet and coat look little like a pedestrian."""
TWO_WHEELER_SCORE: Final = 0.3
"""Score from which a two-wheeler may carry a rider, though it is too doubtful to be reported."""
PLATE_BEARER_SCORE: Final = 0.25
"""Score from which a vehicle may carry a plate, though not reported: half a car at the picture's edge scored .29."""
PEOPLE_REACH_PX: Final = 1280
"""NanoDet sees a piece of this side at a third of its size: a walker of 75 px is 25 px high there."""
REACH_PX: Final = 1920
"""Side of the pieces in which machines are searched in a larger picture: seen at .44 of their size, in one pass."""
RECIPE: Final = f"pass-{REACH_PX}"
"""Names in every envelope how machines are searched; another way has another name."""

NONE: Final = 2.0
"""No score reaches it: such objects are not searched."""
MACHINES: Final[dict[Group, float]] = {
    "person": NONE,
    "two_wheeler": TWO_WHEELER_SCORE,
    "vehicle": PLATE_BEARER_SCORE,
}
PEOPLE: Final[dict[Group, float]] = {"two_wheeler": NONE, "vehicle": PLATE_BEARER_SCORE}
"""The squares for people see vehicles too, at no cost: they confirm doubtful ones, and are reported nowhere."""
SAME: Final = 0.5
"""Intersection over union from which two searches see the same vehicle."""
PART: Final = 0.5
"""A doubtful vehicle this much within a reported one is a part of that, which has a band."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The result of one search. `covers` carries no label: the cause of a cover goes no further."""

    machines: tuple[Machine, ...]
    people: int
    covers: tuple[Rect, ...]
    doubtful: tuple[Machine, ...] = ()
    """Machines of lower score, by which the tracker recognises a machine too."""


def search_picture(
    image: Image, detectors: Detectors, policy: Policy, where: Places = None, is_still: IsStill = never
) -> Findings:
    """Search one picture (H×W×3, BGR): for machines and people everywhere, for faces and plates in `where`.

    `is_still`: tells the places that have not changed for an hour, where a face or a person on foot must be plain.

    Raises:
        engines.errors.EngineError: a model could not run; nothing may be published then.
    """
    height, width = image.shape[:2]
    seen, covers = _search(image, detectors, policy, where, is_still)
    bearers = [d for d in seen if d.group != "person"]
    machines = [_machine(d, width, height) for d in bearers if d.score >= MACHINE_SCORE]
    doubtful = [_machine(d, width, height) for d in bearers if d.score < MACHINE_SCORE]
    return Findings(
        machines=tuple(machines[:MAX_BOXES]),
        people=sum(d.group == "person" and d.score >= MACHINE_SCORE for d in seen),
        covers=tuple(chain.from_iterable(covers.values())),
        doubtful=tuple(doubtful[:MAX_BOXES]),
    )


def detector_of(machines: Detector) -> EdgeDetector:
    """Describe the detector of `Findings.machines` for the envelope."""
    return EdgeDetector(name=machines.name, sha256=machines.sha256, recipe=RECIPE, threshold=MACHINE_SCORE)


def covers_by_cause(image: Image, detectors: Detectors, policy: Policy) -> Mapping[Cause, Sequence[Rect]]:
    """Return the covers of `search_picture` by cause, to measure over-cover: the agent itself does not call this."""
    return _search(image, detectors, policy, None, never)[1]


def _machines_and_people(image: Image, detectors: Detectors, policy: Policy) -> tuple[list[Detection], list[Rect]]:
    """Search machines in one pass, and people in squares: a pass loses some that are near. Best first.

    The second list are the vehicles that the squares show beside people.
    """
    walking = min(people.FAINT * policy.person_threshold / 0.25, RIDER_SCORE)
    squares = detectors.people.detect_squares(image, thresholds=PEOPLE | {"person": walking}, reach_px=PEOPLE_REACH_PX)
    machines = detectors.machines.detect_tiled(image, thresholds=MACHINES, reach_px=REACH_PX)
    on_foot = [one for one in squares if one.group == "person"]
    seen = sorted([*on_foot, *machines], key=lambda one: -one.score)
    return seen, [_rect(one) for one in squares if one.group == "vehicle"]


def _search(
    image: Image, detectors: Detectors, policy: Policy, where: Places, is_still: IsStill
) -> tuple[list[Detection], dict[Cause, list[Rect]]]:
    """Search machines and people, and compute the covers. Each search is on one core, beside the others."""
    height, width = image.shape[:2]
    begin = detectors.beside.begin
    small = begin(lambda: faces.small(image, detectors, policy.face_threshold, where))
    ideas = begin(lambda: find_ideas(image, detectors.plates, where))
    seen, in_squares = _machines_and_people(image, detectors, policy)
    two_wheelers, vehicles = ([d for d in seen if d.group == group] for group in ("two_wheeler", "vehicle"))
    walkers = [d for d in seen if d.group == "person"]
    on_foot, riders = _people_covers(image, walkers, two_wheelers, detectors.people, policy, is_still)
    plate_ideas = ideas()  # first: while the search for small faces still runs, there is time for it
    settled = faces.settle(image, small(), detectors, policy.face_threshold, [*on_foot, *riders], is_still)
    near = [[b for b in map(_rect, some) if touches(b, where)] for some in (vehicles, two_wheelers)]
    plates = find_plates(image, plate_ideas, near[0], near[1], detectors.plates, policy.plate_threshold)
    covers: dict[Cause, list[Rect]] = {
        "people": on_foot,
        "riders": riders,
        "plates": [plate.grown(cover.PLATE_GROWTH) for plate in plates],
        "bands": _bands(vehicles, in_squares, plates, width, height),
        "faces": [cover.face(face) for face in settled()],
    }
    return seen, covers


def _bands(
    vehicles: Sequence[Detection], in_squares: Sequence[Rect], plates: Sequence[Rect], width: int, height: int
) -> list[Rect]:
    """Return the plate bands of vehicles that are reported, doubtful and confirmed, or cut off by the picture's edge.

    `in_squares`: vehicles of the other search, which confirm a doubtful one that is no part of a reported one.
    """
    reported = [_rect(one) for one in vehicles if one.score >= MACHINE_SCORE]
    bands = []
    for vehicle in vehicles:
        rect = _rect(vehicle)
        is_sure = vehicle.score >= MACHINE_SCORE or (
            any(rect.overlap(other) >= SAME for other in in_squares)
            and not any(rect.share_in(other) >= PART for other in reported)
        )
        is_whole = not cover.at_edge(rect, width, height)
        if not is_whole or (is_sure and cover.shows_plate(rect)):
            band = cover.plate_band(rect, plates, is_whole=is_whole)
            bands += [band] if band is not None else []
    return bands


def _people_covers(
    image: Image,
    found: Sequence[Detection],
    two_wheelers: Sequence[Detection],
    detector: Detector,
    policy: Policy,
    is_still: IsStill,
) -> tuple[list[Rect], list[Rect]]:
    """Return the covers of people on foot, and those of riders. `found`: people, best first."""
    riders: list[Rect] = []
    certain: list[Rect] = []
    walkers: list[Detection] = []
    for person in found:
        rect, likely = _rect(person), person.score >= policy.person_threshold
        ridden = [
            _rect(m)
            for m in two_wheelers
            if (likely or (person.score >= RIDER_SCORE and m.score >= MACHINE_SCORE)) and cover.rides(rect, _rect(m))
        ]
        if not ridden:
            walkers.append(person)
        elif person.score >= people.CERTAIN:
            certain.append(rect)
            riders += cover.certain_rider(ridden[0], rect)
        elif any(rect.share_in(one) >= people.PART for one in certain):
            riders += cover.certain_rider(ridden[0], rect)
        else:
            riders += cover.rider(ridden[0], rect)
    tall_px = cover.TALL * image.shape[0]
    on_foot: list[Rect] = []
    for walker in people.covered(image, walkers, detector, policy.person_threshold, is_still):
        on_foot += cover.tall_pedestrian(walker) if walker.height > tall_px else (cover.pedestrian(walker),)
    return on_foot, riders


def _rect(detection: Detection) -> Rect:
    return Rect(*detection.box)


def _machine(detection: Detection, width: int, height: int) -> Machine:
    (box,) = cover.to_boxes([_rect(detection)], width, height)
    return Machine(cls=MachineClass(detection.class_name), score=round(min(1.0, detection.score), 4), box=box)
