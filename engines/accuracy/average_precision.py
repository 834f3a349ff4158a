"""Computes precision, recall and average precision of scored hits, with intervals by resampling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SEED: Final = 20261128
RESAMPLES: Final = 1000
CONFIDENCE: Final = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hits:
    """Detections that count, as scores and whether each is right, and the number of labels that count."""

    scores: Floats
    right: NDArray[np.bool_]
    labels: int

    @staticmethod
    def joined(several: Sequence["Hits"]) -> "Hits":
        """Put the detections of several pictures together."""
        return Hits(
            np.concatenate([one.scores for one in several] or [np.zeros(0)]),
            np.concatenate([one.right for one in several] or [np.zeros(0, np.bool_)]),
            sum(one.labels for one in several),
        )


def precision(hits: Hits) -> float | None:
    """Return the share of detections that are right; None without detections."""
    return float(hits.right.mean()) if hits.right.size else None


def recall(hits: Hits) -> float | None:
    """Return the share of labels that were found; None without labels."""
    return int(hits.right.sum()) / hits.labels if hits.labels else None


def average_precision(hits: Hits) -> float | None:
    """Return the area under the curve of best precision at each recall or more, over all points (PASCAL VOC 2010).

    Detections of one score enter together, so that their order does not matter. None without labels.
    """
    if not hits.labels:
        return None
    order = np.argsort(-hits.scores, kind="stable")
    scores, right = hits.scores[order], hits.right[order]
    ends = np.flatnonzero(np.diff(scores, append=-np.inf))
    found = np.cumsum(right)[ends]
    best = np.maximum.accumulate((found / (ends + 1))[::-1])[::-1]
    return float(np.sum(np.diff(found, prepend=0) / hits.labels * best))


def interval(measure: Callable[[Hits], float | None], by_place: Sequence[Hits]) -> tuple[float, float] | None:
    """Return both ends of the measure's 95 % interval over resampled places; None with fewer than two places.

    Pictures of one place resemble one another: drawing them one by one would promise more than they can.
    """
    places = [one for one in by_place if one.labels or one.scores.size]
    if len(places) < 2:
        return None
    random = np.random.default_rng(SEED)
    values = []
    for _ in range(RESAMPLES):
        drawn = random.integers(0, len(places), len(places))
        value = measure(Hits.joined([places[index] for index in drawn]))
        if value is not None:
            values.append(value)
    if not values:
        return None
    tail = (1 - CONFIDENCE) / 2 * 100
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
