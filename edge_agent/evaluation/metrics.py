"""Sums an evaluation: recall by size, leaks by track, and over-cover, each share with its confidence interval."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, lgamma, log
from statistics import fmean
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from edge_agent.evaluation.labels import LabelKind
from edge_agent.evaluation.score import LabelScore

CONFIDENCE: Final = 0.95
_NAMED: Final = 5
"""Withheld pictures that are shown by name, of each cause; the JSON has all."""
_STEPS: Final = 60
"""Bisections; each halves the error, so the bound is exact to the last digit of a float."""


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, with its Clopper-Pearson interval (Biometrika 26, 1934): exact, and wide for few samples."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """Share, 0..1; None if `of` is 0."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends at 95 % confidence; (0, 1) if `of` is 0."""
        tail = (1 - CONFIDENCE) / 2
        low = 0.0 if self.hits == 0 else _root(lambda p: _at_least(self.hits, self.of, p) - tail)
        high = 1.0 if self.hits == self.of else _root(lambda p: tail - (1 - _at_least(self.hits + 1, self.of, p)))
        return low, high

    def as_json(self) -> dict[str, Any]:
        """Return count, size, share and interval."""
        low, high = self.interval
        return {"covered": self.hits, "of": self.of, "share": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        if not self.of:
            return "–"
        low, high = self.interval
        return f"{self.hits / self.of:.0%} ({low:.0%}–{high:.0%}) of {self.of}"


def _at_least(hits: int, of: int, chance: float) -> float:
    """Probability of at least `hits` successes in `of` trials. Summed from logarithms: factorials overflow a float."""
    if hits > of or chance <= 0:
        return 1.0 if hits <= 0 else 0.0
    if chance >= 1:
        return 1.0
    ways, odds = lgamma(of + 1), (log(chance), log(1 - chance))
    return min(
        1.0,
        sum(
            exp(ways - lgamma(k + 1) - lgamma(of - k + 1) + k * odds[0] + (of - k) * odds[1])
            for k in range(hits, of + 1)
        ),
    )


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


FACE_BINS: Final = ((6.0, "8"), (10.0, "12"), (14.0, "16"), (18.0, "20"), (25.0, "30"), (35.0, "40+"))
"""Lowest height of each bin, px, and the height that it is named for."""
PLATE_BINS: Final = ((10.0, "20"), (30.0, "40"), (50.0, "60+"))
"""The same for widths of plates."""
BELOW: Final = "less"
TALL_PX: Final = 720
"""Pictures with more lines are counted apart: searching as closely would cost too much there."""

_Counts = dict[str, list[int]]


def bin_of(size_px: float, bins: Sequence[tuple[float, str]]) -> str:
    """Name the bin that a size falls into."""
    return next((name for lowest, name in reversed(bins) if size_px >= lowest), BELOW)


@dataclass(slots=True)
class LabelledTrack:
    """One labelled object of one clip through its labelled frames."""

    clip: str
    track: int
    kind: str
    frames: int = 0
    uncovered: int = 0
    longest: int = 0
    """Labelled frames in a row."""
    run: int = 0

    def add(self, *, is_covered: bool) -> None:
        """Count the next labelled frame."""
        self.frames += 1
        self.uncovered += not is_covered
        self.run = 0 if is_covered else self.run + 1
        self.longest = max(self.longest, self.run)


@dataclass(slots=True)
class Figures:
    """Accumulates picture by picture."""

    pictures: int = 0
    withheld: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Cause → pictures and frames that the redactor withheld for it; their objects are counted nowhere."""
    recall: dict[str, _Counts] = field(default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    """Group → bin → [covered, of]."""
    own_cover: dict[str, _Counts] = field(default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    """Plates that were found as plates, the same way."""
    tracks: dict[tuple[str, int], LabelledTrack] = field(default_factory=dict)
    over: list[float] = field(default_factory=list)
    over_empty: list[float] = field(default_factory=list)
    """Over-cover of pictures in which nothing is to be covered."""
    models: dict[str, str] = field(default_factory=dict)

    def add_picture(self, verdicts: Iterable[LabelScore], lines: int) -> None:
        """Count the objects of a picture of so many lines."""
        for one in verdicts:
            x0, y0, x1, y1 = one.label.box
            group = _group(one, lines)
            if one.label.kind in {LabelKind.PLATE, LabelKind.EBIKE_PLATE}:
                name = bin_of(x1 - x0, PLATE_BINS)
                _count(self.own_cover[group][name], yes=one.by_own_cover)
            else:
                name = bin_of(y1 - y0, FACE_BINS)
            _count(self.recall[group][name], yes=one.is_covered)

    def add_frame(self, clip: str, verdicts: Iterable[LabelScore]) -> None:
        """Count the objects of a frame by track, not in recall: frames of one clip resemble one another."""
        for one in verdicts:
            number = one.label.track or 0
            track = self.tracks.setdefault((clip, number), LabelledTrack(clip, number, one.label.kind))
            track.add(is_covered=one.is_covered)

    def shares(self, counts: Mapping[str, _Counts]) -> dict[str, dict[str, Share]]:
        """Convert counts to shares, groups by name and bins by size."""
        order = [BELOW, *(name for _, name in FACE_BINS), *(name for _, name in PLATE_BINS)]
        return {
            group: {name: Share(*bins[name]) for name in sorted(bins, key=order.index)}
            for group, bins in sorted(counts.items())
        }

    def as_json(self) -> dict[str, Any]:
        return {
            "pictures_and_frames": self.pictures,
            "withheld": sum(map(len, self.withheld.values())),
            "withheld_by_cause": self.withheld,
            "recall": _plain(self.shares(self.recall)),
            "found_as_plate": _plain(self.shares(self.own_cover)),
            "tracks": [
                {"clip": t.clip, "track": t.track, "kind": t.kind, "frames": t.frames, "uncovered": t.uncovered,
                 "longest_gap": t.longest}
                for t in self.tracks.values()
            ],
            "over_cover": _over(self.over),
            "over_cover_of_pictures_without_labels": _over(self.over_empty),
            "models": self.models,
        }  # fmt: skip

    def show(self, out: Console) -> None:
        withheld = sum(map(len, self.withheld.values()))
        out.print(f"{self.pictures} pictures and frames, {withheld} withheld", highlight=False)
        for cause, names in self.withheld.items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            out.print(f"  {cause}: {'; '.join(names[:_NAMED])}{more}", highlight=False, markup=False)
        recall = self.shares(self.recall)
        plates = {g: bins for g, bins in recall.items() if "plate" in g}
        faces = {g: bins for g, bins in recall.items() if g not in plates}
        own = {f"{g}, found as a plate": bins for g, bins in self.shares(self.own_cover).items()}
        _table(out, "covered, by height in px (95 % interval)", faces, [name for _, name in FACE_BINS])
        _table(out, "covered, by width in px (95 % interval)", plates | own, [name for _, name in PLATE_BINS])
        if self.tracks:
            table = Table("clip", "track", "kind", "labelled frames", "uncovered", "longest gap", title="clips")
            for t in self.tracks.values():
                table.add_row(t.clip, str(t.track), t.kind, str(t.frames), str(t.uncovered), str(t.longest))
            out.print(table)
        for name, values in (("all pictures", self.over), ("pictures without labels", self.over_empty)):
            if values:
                text = f"over-cover, {name}: mean {fmean(values):.1%}, worst {max(values):.1%} of {len(values)}"
                out.print(text, highlight=False)


def _group(verdict: LabelScore, lines: int) -> str:
    label = verdict.label
    words = [label.kind.replace("_", "-")]
    if label.kind is LabelKind.FACE:
        words.append(label.variant)
    if label.synthetic and label.kind is not LabelKind.FACE:
        words.append("synthetic" if "plate" in label.kind else "pasted")
    tall = f" (over {TALL_PX} lines)" if lines > TALL_PX else ""
    return " ".join(words) + tall


def _count(pair: list[int], *, yes: bool) -> None:
    pair[0] += yes
    pair[1] += 1


def _plain(shares: Mapping[str, Mapping[str, Share]]) -> dict[str, dict[str, Any]]:
    return {group: {name: share.as_json() for name, share in bins.items()} for group, bins in shares.items()}


def _over(values: Sequence[float]) -> dict[str, Any]:
    return {"pictures": len(values), "mean": fmean(values) if values else None, "worst": max(values, default=None)}


def _table(out: Console, title: str, rows: Mapping[str, Mapping[str, Share]], columns: Sequence[str]) -> None:
    if not rows:
        return
    if any(BELOW in bins for bins in rows.values()):
        columns = [BELOW, *columns]
    table = Table("", *columns, title=title)
    for group, bins in rows.items():
        table.add_row(group, *(str(bins.get(name, Share(0, 0))) for name in columns))
    out.print(table)
