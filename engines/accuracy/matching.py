"""Matches detections with labels, one picture at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engines.detection.postprocess import GROUP_OF, Box, Detection
from engines.manifest import ClassName, Group

IOU: Final = 0.5
"""Intersection over union from which two boxes are the same object."""
IN_IGNORED: Final = 0.5
"""Share of a detection's area in a region that is not labelled, from which it does not count."""


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled object. One that does not count is difficult, or outside what is being scored."""

    class_name: ClassName
    box: Box
    counts: bool = True

    @property
    def group(self) -> Group:
        return GROUP_OF[self.class_name]


@dataclass(frozen=True, slots=True)
class Match:
    """A detection with its label. `label` None: false, unless it lies where nothing is labelled (`counts` False)."""

    detection: Detection
    label: Label | None
    counts: bool


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes; 0 for boxes without an area."""
    shared = common(one, other)
    return shared / (one.width * one.height + other.width * other.height - shared) if shared else 0.0


def common(one: Box, other: Box) -> float:
    """Return the area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width * height if width > 0 and height > 0 else 0.0


def matches(
    labels: Sequence[Label], detections: Sequence[Detection], ignored: Sequence[Box], iou: float = IOU
) -> list[Match]:
    """Match each detection, best first, with the free label of its group that it overlaps most.

    A label that counts goes before one that does not, as in COCO's evaluation.
    """
    free = list(labels)
    found = []
    for detection in sorted(detections, key=lambda one: -one.score):
        rivals = [
            (label.counts, shared, -index)
            for index, label in enumerate(free)
            if label.group == detection.group and (shared := overlap(label.box, detection.box)) >= iou
        ]
        if rivals:
            label = free.pop(-max(rivals)[2])
            found.append(Match(detection, label, label.counts))
        else:
            area = detection.box.width * detection.box.height
            hidden = any(common(region, detection.box) >= IN_IGNORED * area for region in ignored)
            found.append(Match(detection, None, not hidden))
    return found
