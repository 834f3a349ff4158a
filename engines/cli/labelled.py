"""Scores variants of a detector on labelled pictures, and prints the figures."""

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from engines.accuracy.labels import Labels
from engines.accuracy.score import FLOOR, MACHINES, ScoreTally
from engines.cli.annotate import read_picture
from engines.detection.detector import Detector
from engines.detection.heads import detector_parts
from engines.manifest import Group, Manifest
from engines.runtimes.engine import Engine
from engines.runtimes.selection import Running

NEVER = 1.0
"""Threshold of a group that a detector does not know."""


def scored(
    manifest: Manifest, engines: Sequence[tuple[Engine, Running]], folder: Path, labels: Labels, *, tiles: bool
) -> list[tuple[Running, ScoreTally]]:
    """Score every engine on every labelled picture of `folder`. Raises BadPictureFile, and what a detector raises."""
    _, output = detector_parts(manifest)
    thresholds = {group: output.thresholds.get(group, NEVER) for group in MACHINES}
    floors: dict[Group, float] = dict.fromkeys(MACHINES, FLOOR)
    running = [(Detector(manifest, engine), place, ScoreTally(thresholds)) for engine, place in engines]
    for labelled in labels.pictures:
        picture = read_picture(folder / labelled.file)
        for detector, _, tally in running:
            detect = detector.detect_tiled if tiles else detector.detect
            tally.add(labelled, detect(picture, thresholds=floors))
    return [(place, tally) for _, place, tally in running]


def table(title: str, tally: ScoreTally) -> Table:
    """Lay out the figures: a row a scope that has labels or detections."""
    found = Table("", "labels", "detections", "precision", "recall", "AP .5", title=escape(title))
    for row in tally.rows():
        if row.labels or row.detections:
            cells = (_share(getattr(row, name), row.intervals[name]) for name in ("precision", "recall", "ap"))
            found.add_row(row.scope, str(row.labels), str(row.detections), *cells)
    found.caption = f"{tally.pictures} pictures; class right of those found: {tally.type_right} of {tally.type_of}"
    return found


def _share(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" + (f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else "")
