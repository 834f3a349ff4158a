"""A fixed camera's snapshots, searched whole and searched where they changed: milliseconds, and what is covered.

`python -m bench.stillness [--case NAME] [--lines 720] [--deface]`. Each snapshot of every film but its first counts. What decides is
how much of what is labelled the whole search covers and the search in part does not.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from time import process_time
from typing import Final

import numpy as np

from bench.deface_peer import Deface
from bench.evaluation.photographs import Photographs
from bench.stillness.camera import Shot
from bench.stillness.cases import CASES, Case
from bench.stillness.footage import STREET
from edge_agent.errors import RedactionUnavailable
from edge_agent.redaction import recipe
from edge_agent.redaction.file_redactor import look, pixels
from edge_agent.redaction.labels import Object
from edge_agent.redaction.share import Share
from edge_agent.redaction.verdict import Mask, judge, painted
from edge_agent.redactor import Redactors
from edge_agent.redactor.redactor import CameraRedactor
from provisioning.contracts.config import Policy

STILL_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Searched:
    """One snapshot by one way of searching."""

    cpu_ms: float
    mask: Mask
    covered: tuple[bool, ...]
    in_part: bool
    withheld: bool = False


@dataclass(slots=True)
class Tally:
    """Both ways of searching, of every snapshot but each film's first."""

    cpu_ms: list[tuple[float, float]] = field(default_factory=list)
    """Whole, and where it changed."""
    deface_ms: list[float] = field(default_factory=list)
    parts: int = 0
    withheld: list[tuple[bool, bool]] = field(default_factory=list)
    painted: list[tuple[float, float]] = field(default_factory=list)
    """Share of the picture that only the whole search covers, and only the one in part."""
    objects: dict[str, Counter[tuple[bool, bool]]] = field(default_factory=dict)
    """By kind, size and variant: covered by the whole search, and by the one in part."""

    def add(self, labels: list[Object], whole: Searched, part: Searched) -> None:
        """A snapshot."""
        self.cpu_ms.append((whole.cpu_ms, part.cpu_ms))
        self.parts += part.in_part
        self.withheld.append((whole.withheld, part.withheld))
        if whole.withheld or part.withheld:
            return  # nothing is published by one of them: there is nothing to compare
        self.painted.append((float((whole.mask & ~part.mask).mean()), float((part.mask & ~whole.mask).mean())))
        for label, *covered in zip(labels, whole.covered, part.covered, strict=True):
            x0, y0, x1, y1 = label.box
            size = f"{y1 - y0:.0f}" if label.kind.value == "face" else ""
            name = f"{label.kind.value} {size} {label.variant.value}" if size else label.kind.value
            self.objects.setdefault(name, Counter())[covered[0], covered[1]] += 1

    def lines(self, name: str) -> Iterator[str]:
        """For the reader."""
        whole_ms, part_ms = (fmean(one[way] for one in self.cpu_ms) for way in (0, 1))
        lost, gained = (100 * fmean(one[way] for one in self.painted) for way in (0, 1))
        all_of = sum(self.objects.values(), Counter[tuple[bool, bool]]())
        both, lost_of, gained_of = all_of[True, True], all_of[True, False], all_of[False, True]
        withheld = " and ".join(str(sum(one[way] for one in self.withheld)) for way in (0, 1))
        peer = f", deface {fmean(self.deface_ms):.0f}" if self.deface_ms else ""
        yield (
            f"{name}: {whole_ms:.0f} and {part_ms:.0f} CPU ms a snapshot ({part_ms / whole_ms:.2f}){peer}, "
            f"{self.parts} of {len(self.cpu_ms)} in part, {withheld} withheld; only the whole paints {lost:.2f} % of the picture, only the part "
            f"{gained:.2f} %"
        )
        yield (
            f"  labelled {all_of.total()}: covered by both {both}, by the whole alone {lost_of}, by the part alone "
            f"{gained_of}; missed of what the whole covers {_percent(Share(lost_of, both + lost_of))}"
        )
        for kind, counts in sorted(self.objects.items()):
            if counts[True, False] or counts[False, True]:
                yield (
                    f"    {kind}: {counts.total()}, both {counts[True, True]}, whole alone {counts[True, False]}, "
                    f"part alone {counts[False, True]}"
                )


def _percent(share: Share) -> str:
    low, high = share.interval
    return f"{100 * share.hits / max(1, share.of):.2f} % ({100 * low:.2f}-{100 * high:.2f}) of {share.of}"


def measure(case: Case, ways: tuple[Redactors, Redactors], tally: Tally, deface: Deface | None) -> None:
    """Every film of a case, both ways in turn on the same snapshots."""
    for film in case.films():
        cameras = [way.for_camera(way.config.cameras[0]) for way in ways]
        for number, shot in enumerate(film):
            labels = [one for one in shot.objects if judge([one], np.zeros(shot.image.shape[:2], np.bool_), ())]
            whole, part = (_searched(camera, shot, labels, number, case.every_ms) for camera in cameras)
            if number:
                tally.add(labels, whole, part)
                if deface is not None:
                    tally.deface_ms.append(deface.look(shot.image).cpu_ms)


def _searched(camera: CameraRedactor, shot: Shot, labels: list[Object], number: int, every_ms: int) -> Searched:
    began = process_time()
    try:
        redacted = look(camera, number, number * every_ms, shot.image)
    except RedactionUnavailable:
        nothing = np.ones(shot.image.shape[:2], np.bool_)
        return Searched((process_time() - began) * 1000, nothing, (True,) * len(labels), in_part=False, withheld=True)
    cpu_ms = (process_time() - began) * 1000
    facts = redacted.snapshot.redaction
    mask = painted(pixels(redacted), facts.regions)
    covered = tuple(verdict.is_covered for verdict in judge(labels, mask, facts.regions))
    return Searched(cpu_ms, mask, covered, facts.policy.endswith("+still"))


def main() -> None:
    """All cases, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench.stillness", description=__doc__)
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="again for more; without it all")
    parser.add_argument("--lines", type=int, action="append", choices=(720, 1080))
    parser.add_argument("--street", type=Path, default=STREET, help="vtest.avi")
    parser.add_argument("--deface", action="store_true", help="deface on the same snapshots")
    options = parser.parse_args()
    photographs, whole = Photographs(), recipe.load_redactors(None, Policy(), "auto")
    settings = [whole.config.redactor.model_copy(update={"still_s": seconds}) for seconds in (0.0, STILL_S)]
    never, part = (whole.under(whole.config.model_copy(update={"redactor": one})) for one in settings)
    for lines in options.lines or (720, 1080):
        for name in options.case or CASES:
            tally = Tally()
            case = CASES[name](lines, photographs, options.street)
            if options.deface:
                with Deface() as deface:
                    measure(case, (never, part), tally, deface)
            else:
                measure(case, (never, part), tally, None)
            for line in tally.lines(f"{name}, {lines} lines"):
                print(line, flush=True)


if __name__ == "__main__":
    main()
