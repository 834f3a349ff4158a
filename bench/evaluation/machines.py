"""`python -m bench.evaluation machines`: judge the detector of machines on raw and on redacted pictures.

Raw pictures are searched as the edge does it, redacted ones as the cluster's parser does it, with the product's model
and thresholds; average precision is over all scores. Pictures in drawn weather are counted apart, and so are parts of
the set: by the day of labelling, by light, and those of fixed street cameras. With --json the same for programs.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.evaluation import machine_pictures
from bench.evaluation.kept import Kept, kept
from bench.evaluation.machine_pictures import Shown
from bench.evaluation.photographs import Image, Photographs
from edge_agent.errors import RedactionUnavailable
from edge_agent.evaluation.score import painted
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.file_redactor import pixels, redact_image
from edge_agent.redactor import PEOPLE, Redactors, detect
from engines.accuracy.average_precision import Hits, interval, recall
from engines.accuracy.labels import LabelBox, LabelledPicture
from engines.accuracy.matching import Match
from engines.accuracy.score import CLASSES, FLOOR, HEIGHTS, MACHINES, ScoreTally
from engines.catalog.catalog import Catalog
from engines.cli.labelled import table
from engines.detection.detector import Detector
from engines.detection.postprocess import Box as Rect
from engines.manifest import Group
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import Policy
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from ray_cluster.inference.colour import light, main_colour
from ray_cluster.inference.masking import hidden, machine_in, without_riders

WORST: Final = 10
THREADS: Final = 2


@dataclass(slots=True)
class Figures:
    """The figures of one part of the set."""

    raw: ScoreTally
    redacted: ScoreTally
    withheld: int = 0
    edge_found: int = 0
    parser_found: int = 0
    both_found: int = 0
    colours: dict[str, list[bool]] = field(default_factory=lambda: {"raw": [], "redacted": []})
    kept: list[Kept] = field(default_factory=list)

    def kept_rows(self) -> Iterator[tuple[str, Hits, tuple[float, float] | None]]:
        """Yield the machines kept, by class and by height, with intervals over places."""
        scopes = [("all machines", self.kept)]
        scopes += [(name, [one for one in self.kept if one.machine.class_name == name]) for name in CLASSES]
        for low, high in HEIGHTS:
            some = [one for one in self.kept if low <= one.machine.box[3] - one.machine.box[1] < high]
            scopes.append((f"from {low} px", some))
        for name, some in scopes:
            if some:
                places = [
                    _as_hits([one for one in some if one.place == place]) for place in {one.place for one in some}
                ]
                yield name, _as_hits(some), interval(recall, places)

    def reasons(self) -> Counter[tuple[str, str]]:
        """Count the machines that are not kept, by class and by what covers most of them."""
        return Counter((one.machine.class_name, one.cause) for one in self.kept if not one.is_kept)

    def worst(self) -> list[Kept]:
        return sorted((one for one in self.kept if one.painted), key=lambda one: -one.painted)[:WORST]

    def as_json(self) -> dict[str, Any]:
        return {
            "raw": self.raw.as_json(),
            "redacted": self.redacted.as_json(),
            "withheld": self.withheld,
            "archived": {"edge": self.edge_found, "parser": self.parser_found, "both": self.both_found},
            "colour": {name: {"right": sum(some), "of": len(some)} for name, some in self.colours.items()},
            "kept": [
                {"scope": name, "kept": int(hits.right.sum()), "of": hits.labels, "interval": ends}
                for name, hits, ends in self.kept_rows()
            ],
            "not_kept": [
                {"class": name, "cause": cause, "count": count} for (name, cause), count in self.reasons().most_common()
            ],
            "worst": [
                {"file": one.file, "class": one.machine.class_name, "box": one.machine.box, "share": one.painted}
                | {"cause": one.cause}
                for one in self.worst()
            ],
        }


class Judge:
    """Searches, redacts and searches again, picture by picture."""

    def __init__(self) -> None:
        self._redactors: Redactors = file_policy.load_redactors(None, Policy())
        parser_model = ClusterConfig.model_fields["parser_model"].default
        catalog = Catalog(None)
        self._edge = Detector.load(catalog, catalog.fitted(PEOPLE), threads=THREADS)
        self._parser = Detector.load(catalog, catalog.fitted(parser_model), threads=THREADS)
        self._edge_scores: dict[Group, float] = dict.fromkeys(MACHINES, detect.MACHINE_SCORE)
        self._parser_scores: dict[Group, float] = dict.fromkeys(
            MACHINES, float(ClusterConfig.model_fields["parser_threshold"].default)
        )
        self.parts: dict[str, Figures] = {}

    def add(self, shown: Shown) -> None:
        """Judge one picture, for each part of the set that it belongs to."""
        labelled, image = shown.labelled, shown.image
        parts = [
            self.parts.setdefault(name, Figures(ScoreTally(self._edge_scores), ScoreTally(self._parser_scores)))
            for name in shown.parts
        ]
        floors: dict[Group, float] = dict.fromkeys(MACHINES, FLOOR)
        found = self._edge.detect_tiled(image, thresholds=floors, reach_px=detect.REACH_PX)
        raw, *_ = [figures.raw.add(labelled, found) for figures in parts]
        try:
            redacted = redact_image(self._redactors.for_camera(self._redactors.config.cameras[0]), 0, 0, image)
        except RedactionUnavailable:
            for figures in parts:
                figures.withheld += 1
            return
        published, regions = pixels(redacted), redacted.snapshot.redaction.regions
        (found,) = self._parser.detect_tiled_many([published], thresholds=floors)
        after, *_ = [figures.redacted.add(labelled, found) for figures in parts]
        edge, parser = _found(raw), _found(after)
        raw_colours = _colours(labelled, image, raw, ())
        redacted_colours = _colours(labelled, published, after, regions)
        judged = kept(labelled, painted(published, regions), lambda: self._redactors.covers_by_cause(image))
        for figures in parts:
            figures.edge_found += len(edge)
            figures.parser_found += len(parser)
            figures.both_found += len(edge & parser)
            figures.colours["raw"] += raw_colours
            figures.colours["redacted"] += redacted_colours
            figures.kept += judged


def main(arguments: Sequence[str]) -> int:
    """The exit code of the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.evaluation machines", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(arguments)
    judge = Judge()
    for shown in machine_pictures.pictures(Photographs(machine_pictures.packages())):
        judge.add(shown)
    if options.json:
        print(json.dumps({name: figures.as_json() for name, figures in judge.parts.items()}))
        return 0
    out = Console(soft_wrap=True, highlight=False)
    for name, figures in judge.parts.items():
        _show(out, name, figures)
    return 0


def _show(out: Console, name: str, figures: Figures) -> None:
    out.print(table(f"{name}, raw", figures.raw))
    out.print(table(f"{name}, redacted", figures.redacted))
    for which, some in figures.colours.items():
        out.print(f"{name}, {which}: colour right of those found: {sum(some)} of {len(some)}")
    lost = figures.edge_found - figures.both_found
    out.print(
        f"{name}: the edge finds {figures.edge_found} machines in raw pictures, the parser {figures.parser_found} in "
        f"redacted ones; {lost} of the edge's are lost; {figures.withheld} pictures withheld"
    )
    shares = Table(f"{name}: machines kept", "kept", "of", "share")
    for scope, hits, ends in figures.kept_rows():
        share = f"{hits.right.mean():.3f}" + (f" ({ends[0]:.2f}–{ends[1]:.2f})" if ends else "")
        shares.add_row(scope, str(int(hits.right.sum())), str(hits.labels), share)
    out.print(shares)
    reasons = Table(f"{name}: why not kept", "mostly under", "machines")
    for (class_name, cause), count in figures.reasons().most_common():
        reasons.add_row(class_name, cause, str(count))
    out.print(reasons)
    for one in figures.worst():
        box = ",".join(f"{edge:.0f}" for edge in one.machine.box)
        out.print(f"  {one.file} {one.machine.class_name} {box}: {one.painted:.0%} painted, mostly by {one.cause}")


def _found(matches: Sequence[Match]) -> set[LabelBox]:
    return {_box(one.label.box) for one in matches if one.label is not None and one.counts}


def _colours(labelled: LabelledPicture, image: Image, matches: Sequence[Match], regions: Sequence[Box]) -> list[bool]:
    """Tell for each machine that was found, and whose colour is labelled and told, whether it is the right one."""
    wanted: dict[LabelBox, str] = {one.box: one.colour for one in labelled.machines if one.colour is not None}
    height, width = image.shape[:2]
    covered = hidden(width, height, regions)
    machines = [_machine(one, width, height) for one in matches]
    gains = light(image, without_riders(covered, machines))
    right = []
    for match, machine in zip(matches, machines, strict=True):
        colour = wanted.get(_box(match.label.box)) if match.label is not None and match.counts else None
        if colour is not None and (named := main_colour(machine_in(image, machine, covered), machine.cls, gains)):
            right.append(named[0].value == colour)
    return right


def _machine(match: Match, width: int, height: int) -> Machine:
    x0, y0, x1, y1 = (round(edge) for edge in match.detection.box)
    box = Box(x0=min(x0, width - 1), y0=min(y0, height - 1), x1=max(x0 + 1, x1), y1=max(y0 + 1, y1))
    return Machine(cls=MachineClass(match.detection.class_name), score=min(1.0, match.detection.score), box=box)


def _box(box: Rect) -> LabelBox:
    return box.x0, box.y0, box.x1, box.y1


def _as_hits(some: Sequence[Kept]) -> Hits:
    right = np.array([one.is_kept for one in some], np.bool_)
    return Hits(np.zeros(len(some)), right, len(some))
