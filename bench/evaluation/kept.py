"""Tells how much of each labelled machine is left to see after redaction, and what painted the rest.

A machine is *kept* when at most `MOST_PAINTED` of its box lies under paint that is neither a labelled plate's, a
rider's nor that of a person in front. What lies within a fifth of the side of such a label is its margin, and counts as
needed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.evaluation.over_cover import MARGIN
from edge_agent.redactor import cover
from edge_agent.redactor.cover import Rect
from edge_agent.redactor.detect import Cause
from engines.accuracy.labels import LabelledMachine, LabelledPicture
from engines.accuracy.score import LEAST_PX

MOST_PAINTED: Final = 0.3
REST: Final = "second look, text"

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kept:
    """One labelled machine after redaction: the share of its box that is painted needlessly, and the main cause."""

    file: str
    place: str
    machine: LabelledMachine
    painted: float
    cause: str

    @property
    def is_kept(self) -> bool:
        return self.painted <= MOST_PAINTED


def kept(picture: LabelledPicture, paint: Mask, search: Callable[[], Mapping[Cause, Sequence[Rect]]]) -> list[Kept]:
    """Judge every machine that counts. `search`: finds the covers of a first search, by what asked for them."""
    height, width = paint.shape
    needed = _mask([Rect(*box).grown(MARGIN) for box in (*picture.people, *picture.plates)], width, height)
    needless = paint & ~needed
    counted = [one for one in picture.machines if not one.difficult and one.box[3] - one.box[1] >= LEAST_PX]
    boxes = [tuple(max(0, round(edge)) for edge in machine.box) for machine in counted]
    is_painted = any(needless[y0:y1, x0:x1].any() for x0, y0, x1, y1 in boxes)
    causes = search() if is_painted else {}
    masks = {name: _mask(rects, width, height) & needless for name, rects in causes.items()}
    found = []
    for machine, (x0, y0, x1, y1) in zip(counted, boxes, strict=True):
        share = float(needless[y0:y1, x0:x1].mean())
        shares: dict[str, float] = {name: float(mask[y0:y1, x0:x1].mean()) for name, mask in masks.items()}
        shares[REST] = max(0.0, share - sum(shares.values()))
        cause = max(shares, key=lambda name: shares[name]) if share else ""
        found.append(Kept(picture.file, picture.place or picture.file, machine, share, cause))
    return found


def _mask(rects: Sequence[Rect], width: int, height: int) -> Mask:
    return cover.mask(cover.to_boxes(list(rects), width, height), width, height)
