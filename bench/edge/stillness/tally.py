"""What two ways of searching the same snapshots came to."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from edge_agent.evaluation.labels import LabelKind, Object
from edge_agent.evaluation.metrics import Share
from edge_agent.evaluation.score import Mask

Covered = Counter[tuple[bool, bool]]
"""How many are covered where all was searched, and where it changed."""


@dataclass(frozen=True, slots=True)
class Searched:
    """One snapshot by one way of searching. `mask`: None where nothing may be published."""

    cpu_ms: float
    mask: Mask | None
    covered: tuple[bool, ...]
    in_part: bool


@dataclass(slots=True)
class Tally:
    """Pairs are of the whole search, and of the one where it changed."""

    cpu_ms: list[tuple[float, float]] = field(default_factory=list)
    deface_ms: list[float] = field(default_factory=list)
    parts: int = 0
    withheld: tuple[int, int] = (0, 0)
    alone: list[tuple[float, float]] = field(default_factory=list)
    """Share of the picture that only one of them paints."""
    kinds: dict[str, Covered] = field(default_factory=dict)

    def add(self, labels: Sequence[Object], whole: Searched, part: Searched) -> None:
        """A snapshot. Of one that is withheld by either nothing can be compared."""
        self.cpu_ms.append((whole.cpu_ms, part.cpu_ms))
        self.parts += part.in_part
        if whole.mask is None or part.mask is None:
            self.withheld = (self.withheld[0] + (whole.mask is None), self.withheld[1] + (part.mask is None))
            return
        self.alone.append((float((whole.mask & ~part.mask).mean()), float((part.mask & ~whole.mask).mean())))
        for label, by_whole, by_part in zip(labels, whole.covered, part.covered, strict=True):
            self.kinds.setdefault(_kind(label), Counter())[by_whole, by_part] += 1

    def lines(self, name: str) -> Iterator[str]:
        """For the reader: the sums, then each kind of which the two cover different ones."""
        whole_ms, part_ms = (fmean(one[way] for one in self.cpu_ms) for way in (0, 1))
        peer = f", deface {fmean(self.deface_ms):.0f}" if self.deface_ms else ""
        yield (
            f"{name}: CPU ms a snapshot {whole_ms:.0f} whole, {part_ms:.0f} where it changed "
            f"({part_ms / whole_ms:.2f}){peer}; {self.parts} of {len(self.cpu_ms)} in part; "
            f"{self.withheld[0]} and {self.withheld[1]} withheld"
        )
        painted = [100 * fmean(one[way] for one in self.alone) for way in (0, 1)]
        yield f"  painted by one alone, of the picture: {painted[0]:.2f} and {painted[1]:.2f} %"
        yield f"  {_told(sum(self.kinds.values(), Counter()))}"
        for kind, covered in sorted(self.kinds.items()):
            if covered[True, False] or covered[False, True]:
                yield f"    {kind}: {_told(covered)}"


def _kind(label: Object) -> str:
    if label.kind is not LabelKind.FACE:
        return str(label.kind)
    return f"{label.variant} {label.kind} of {label.box[3] - label.box[1]:.0f} px"


def _told(covered: Covered) -> str:
    both, lost, won = covered[True, True], covered[True, False], covered[False, True]
    low, high = Share(lost, both + lost).interval
    return (
        f"of {covered.total()} the whole covers {both + lost}, of these {lost} are uncovered where it changed "
        f"({100 * low:.1f}-{100 * high:.1f} %); {won} only there"
    )
