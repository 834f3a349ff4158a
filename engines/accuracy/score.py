"""Scores detections on labelled pictures, by class and by height: at thresholds, and over all scores."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from engines.accuracy.average_precision import Hits, average_precision, interval, precision, recall
from engines.accuracy.labels import LabelledPicture
from engines.accuracy.matching import IOU, Label, Match, matches
from engines.detection.postprocess import GROUP_OF, Box, Detection
from engines.manifest import ClassName, Group

CLASSES: Final[tuple[ClassName, ...]] = ("car", "bus", "truck", "bicycle", "motorcycle")
MACHINES: Final[tuple[Group, ...]] = ("vehicle", "two_wheeler")
LEAST_PX: Final = 16
"""Labels lower than this do not count."""
HEIGHTS: Final[tuple[tuple[int, float], ...]] = ((16, 24), (24, 40), (40, 80), (80, np.inf))
FLOOR: Final = 0.05
"""Lowest score that enters average precision: below, a head yields noise that moves it by less than .01."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the labels that is scored by itself. Among its classes, one of the label's group is right.

    Attributes:
        heights: lowest and first not included, in pixels of the label.
    """

    name: str
    classes: frozenset[ClassName]
    heights: tuple[float, float] = (LEAST_PX, np.inf)


def _scopes() -> tuple[Scope, ...]:
    every = frozenset(CLASSES)
    groups = {group: frozenset(name for name in CLASSES if GROUP_OF[name] == group) for group in MACHINES}
    return (
        Scope("all machines", every),
        Scope("vehicles", groups["vehicle"]),
        Scope("two-wheelers", groups["two_wheeler"]),
        *(Scope(name, frozenset({name})) for name in CLASSES),
        *(Scope(_height_name(*heights), every, heights=heights) for heights in HEIGHTS),
    )


def _height_name(low: float, high: float) -> str:
    return f"{low:.0f} px and more" if high == np.inf else f"{low:.0f} to {high - 1:.0f} px high"


SCOPES: Final = _scopes()


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one scope; each with its interval where there are two places or more."""

    scope: str
    labels: int
    detections: int
    precision: float | None
    recall: float | None
    ap: float | None
    intervals: Mapping[str, tuple[float, float] | None]

    def as_json(self) -> dict[str, Any]:
        figures = {"precision": self.precision, "recall": self.recall, "ap": self.ap}
        return {"scope": self.scope, "labels": self.labels, "detections": self.detections} | {
            name: {"value": value, "interval": self.intervals[name]} for name, value in figures.items()
        }


def _by_place() -> dict[str, list[Hits]]:
    return defaultdict(list)


def _by_scope() -> dict[str, dict[str, list[Hits]]]:
    return defaultdict(_by_place)


@dataclass(slots=True)
class ScoreTally:
    """Collects pictures; `rows` computes the figures. `thresholds`: those of the product, by group."""

    thresholds: Mapping[Group, float]
    pictures: int = 0
    type_right: int = 0
    type_of: int = 0
    _hits: dict[str, dict[str, list[Hits]]] = field(default_factory=_by_scope)
    _counted: dict[str, dict[str, list[Hits]]] = field(default_factory=_by_scope)

    def add(self, picture: LabelledPicture, detections: Sequence[Detection]) -> list[Match]:
        """Count one picture, and return its matches at the thresholds, class aside."""
        place = picture.place or picture.file
        over = [one for one in detections if one.group in MACHINES and one.score >= self.thresholds[one.group]]
        for scope in SCOPES:
            self._hits[scope.name][place].append(_hits(scope, picture, detections))
            self._counted[scope.name][place].append(_hits(scope, picture, over))
        self.pictures += 1
        found = matches(labels_of(picture), over, [Box(*region) for region in picture.ignore])
        typed = [(one.label.class_name, one.detection.class_name) for one in found if one.label and one.counts]
        self.type_right += sum(wanted == got for wanted, got in typed)
        self.type_of += len(typed)
        return found

    def rows(self) -> list[Row]:
        """Compute precision and recall at the thresholds and average precision over all scores, scope by scope."""
        rows = []
        for scope in SCOPES:
            over = [Hits.joined(some) for some in self._counted[scope.name].values()]
            every = [Hits.joined(some) for some in self._hits[scope.name].values()]
            counted, whole = Hits.joined(over), Hits.joined(every)
            rows.append(
                Row(
                    scope.name,
                    whole.labels,
                    counted.right.size,
                    precision(counted),
                    recall(counted),
                    average_precision(whole),
                    {
                        "precision": interval(precision, over),
                        "recall": interval(recall, over),
                        "ap": interval(average_precision, every),
                    },
                )
            )
        return rows

    def as_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures,
            "iou": IOU,
            "thresholds": dict(self.thresholds),
            "type": {"right": self.type_right, "of": self.type_of},
            "rows": [row.as_json() for row in self.rows()],
        }


def labels_of(picture: LabelledPicture, counts: Callable[[Label], bool] = lambda _label: True) -> list[Label]:
    """Return the picture's labels; those that are difficult, too low or refused by `counts` do not count."""
    labels = [Label(one.class_name, Box(*one.box), not one.difficult) for one in picture.machines]
    return [replace(label, counts=label.counts and label.box.height >= LEAST_PX and counts(label)) for label in labels]


def _hits(scope: Scope, picture: LabelledPicture, detections: Sequence[Detection]) -> Hits:
    low, high = scope.heights
    labels = labels_of(picture, lambda label: low <= label.box.height < high)
    labels = [one for one in labels if one.class_name in scope.classes]
    chosen = [one for one in detections if one.class_name in scope.classes]
    found = [
        one
        for one in matches(labels, chosen, [Box(*region) for region in picture.ignore])
        if one.counts and (one.label is not None or low <= one.detection.box.height < high)
    ]
    return Hits(
        np.array([one.detection.score for one in found], np.float64),
        np.array([one.label is not None for one in found], np.bool_),
        sum(one.counts for one in labels),
    )
