"""Measures how far two runs of one model agree: the cost of another precision, without labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engines.accuracy.matching import IOU, overlap
from engines.detection.postprocess import Detection
from engines.runtimes.engine import Tensor


@dataclass(slots=True)
class Tally:
    """Counts the detections of a reference and of a candidate over some pictures."""

    pictures: int = 0
    reference: int = 0
    matched: int = 0
    renamed: int = 0
    """Matches with another class of the same group: a van that is now a truck."""
    extra: int = 0
    """Detections of the candidate alone."""
    score_shifts: list[float] = field(default_factory=list)
    """Score of the candidate minus that of the reference, for each match."""
    overlaps: list[float] = field(default_factory=list)
    lost_scores: list[float] = field(default_factory=list)
    """Reference scores of detections that the candidate lacks: near the threshold, or a plain miss."""

    def add(self, reference: Sequence[Detection], candidate: Sequence[Detection], iou: float = IOU) -> None:
        """Count one picture. Each reference detection, best first, takes the best overlapping one of its group."""
        free = list(candidate)
        self.pictures += 1
        self.reference += len(reference)
        for one in sorted(reference, key=lambda detection: -detection.score):
            rivals = [(overlap(one.box, other.box), other) for other in free if other.group == one.group]
            best, other = max(rivals, key=lambda rival: rival[0], default=(0.0, one))
            if best < iou:
                self.lost_scores.append(one.score)
                continue
            free.remove(other)
            self.matched += 1
            self.renamed += other.class_name != one.class_name
            self.score_shifts.append(other.score - one.score)
            self.overlaps.append(best)
        self.extra += len(free)

    @property
    def kept(self) -> float:
        """Share of the reference's detections that the candidate has too; 1 for a reference without detections."""
        return self.matched / self.reference if self.reference else 1.0

    def as_json(self) -> dict[str, float | int]:
        shifts, lost = np.array(self.score_shifts), np.array(self.lost_scores)
        return {
            "pictures": self.pictures,
            "reference": self.reference,
            "matched": self.matched,
            "kept": round(self.kept, 4),
            "renamed": self.renamed,
            "extra": self.extra,
            "score_shift_mean": _rounded(shifts.mean() if shifts.size else 0.0),
            "score_shift_p95": _rounded(np.percentile(np.abs(shifts), 95) if shifts.size else 0.0),
            "overlap_mean": _rounded(np.mean(self.overlaps) if self.overlaps else 1.0),
            "lost_score_max": _rounded(lost.max() if lost.size else 0.0),
        }


def cosine(one: Tensor, other: Tensor) -> float:
    """Return the cosine of two tensors as vectors: 1 for two zero vectors, 0 if only one is zero."""
    a, b = np.asarray(one, np.float64).ravel(), np.asarray(other, np.float64).ravel()
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    if not lengths:
        return float(not a.any() and not b.any())
    return float(np.clip(a @ b / lengths, -1, 1))


def cosines(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the lowest cosine over the batch for each output."""
    return {name: min(cosine(a, b) for a, b in zip(one[name], other[name], strict=True)) for name in one}


def _rounded(value: float | np.floating) -> float:
    return round(float(value), 4)
