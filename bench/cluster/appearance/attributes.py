"""Type and colour against what a person saw."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.cluster.appearance.degraded import SEED, degraded
from bench.cluster.appearance.pictures import Labelled
from edge_agent.evaluation.metrics import Share
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.postprocess import Box, Detection
from engines.detection.preprocess import Picture
from engines.manifest import Group
from provisioning.contracts.wire.messages import Box as Whole
from provisioning.contracts.wire.messages import Machine, MachineClass
from ray_cluster.inference.colour import light, main_colour
from ray_cluster.inference.masking import enough, hidden, machine_in, without_riders

MODEL = "nanodet-g-416"
THRESHOLDS: Mapping[Group, float] = {"vehicle": 0.4, "two_wheeler": 0.4}
"""Of the cluster's parser."""
SAME = 0.5


def types(pictures: Mapping[str, Picture], machines: Sequence[Labelled]) -> dict[str, Any]:
    """Which labelled machines the parser's detector finds, and how many of those it calls what they are."""
    detector = Detector.load(Catalog(), MODEL, threads=2)
    seen = {
        name: detector.detect_tiled(picture, thresholds=THRESHOLDS)
        for name, picture in pictures.items()
        if any(one.picture == name for one in machines)
    }
    found = [(one, _best(one, seen[one.picture])) for one in machines]
    there = [(one, detection) for one, detection in found if detection is not None]
    wrong = [
        f"{one.picture}: {'/'.join(one.classes)} called {d.class_name}"
        for one, d in there
        if d.class_name not in one.classes
    ]
    groups = sum(d.group in {_group(name) for name in one.classes} for one, d in there)
    return {
        "found": Share(len(there), len(machines)),
        "right type of those found": Share(len(there) - len(wrong), len(there)),
        "right group of those found": Share(groups, len(there)),
        "wrong": wrong,
    }


def colours(pictures: Mapping[str, Picture], machines: Sequence[Labelled]) -> dict[str, Any]:
    """How many of the colours that are named are right: as labelled, and in other light."""
    random = np.random.default_rng(SEED)
    counts: dict[str, list[bool | None]] = {"as it is": []}
    wrong = []
    for one in machines:
        named = _colour(pictures[one.picture], one, Box(*map(float, one.box)))
        counts["as it is"].append(None if named is None else named in one.colours)
        if named is not None and named not in one.colours:
            wrong.append(f"{one.picture}: {'/'.join(one.colours)} called {named}")
        for kind, query in degraded(pictures[one.picture], Box(*map(float, one.box)), random).items():
            if kind != "mirrored":
                named = _colour(query.picture, one, query.box)
                counts.setdefault(kind, []).append(None if named is None else named in one.colours)
    found: dict[str, Any] = {}
    for kind, answers in counts.items():
        said = [answer for answer in answers if answer is not None]
        found[kind] = {"named": Share(len(said), len(answers)), "right": Share(sum(said), len(said))}
    return found | {"wrong": wrong}


def _colour(picture: Picture, one: Labelled, box: Box) -> str | None:
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (max(0, round(edge)) for edge in box)
    machine = Machine(cls=MachineClass(one.classes[0]), score=1, box=Whole(x0=x0, y0=y0, x1=x1, y1=y1))
    covered = hidden(width, height, ())
    crop, gains = machine_in(picture, machine, covered), light(picture, without_riders(covered, [machine]))
    named = main_colour(crop, machine.cls, gains) if enough(crop) else None
    return None if named is None else named[0].value


def _best(one: Labelled, seen: Sequence[Detection]) -> Detection | None:
    same = [(overlap, d) for d in seen if d.group != "person" and (overlap := _overlap(one.box, d.box)) >= SAME]
    return max(same, key=lambda pair: pair[0])[1] if same else None


def _group(name: str) -> str:
    return "two_wheeler" if MachineClass(name).is_two_wheeler else "vehicle"


def _overlap(box: tuple[int, int, int, int], other: Box) -> float:
    width = min(box[2], other.x1) - max(box[0], other.x0)
    height = min(box[3], other.y1) - max(box[1], other.y0)
    shared = max(width, 0) * max(height, 0)
    return shared / ((box[2] - box[0]) * (box[3] - box[1]) + other.width * other.height - shared)
