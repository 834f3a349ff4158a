"""Prints the covers of single pictures, and sets those of two machines side by side.

`python -m bench.evaluation.covers FOLDER NAME...` prints a line of JSON a picture of a set that `--build` made;
`python -m bench.evaluation.covers --beside ONE OTHER` prints a row of a table for each picture of two such outputs.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from edge_agent.evaluation.labels import read
from edge_agent.evaluation.score import judge, over_cover, painted
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.file_redactor import pixels, read_picture, redact_image

Corners = tuple[int, int, int, int]
LABELS = "labels.json"
PATIENCE_S = 86_400.0
"""Time limit of a picture: an emulated processor passes any that is meant for a real one."""
HEAD = "| picture | labelled | covered | covers | the same to the pixel | farthest edge, px | over-cover |"


class Covered(BaseModel):
    """Covers of one redacted picture, and the score of its labels."""

    name: str
    pixels: str
    """Hash of the decoded picture before redaction."""
    covers: tuple[Corners, ...]
    labelled: int
    covered: int
    over: float
    """Share of the picture that is covered needlessly."""


def covers(folder: Path, names: Iterable[str]) -> Iterator[Covered]:
    """Redact pictures of a set by their names without `.jpg`, each with a redactor without state.

    Raises:
        KeyError: the set has no such picture.
        RedactionUnavailable: one is withheld.
    """
    pictures = {picture.file.removesuffix(".jpg"): picture for picture in read(folder / LABELS).pictures}
    redactors = file_policy.load_redactors(None, file_policy.read_policy([]))
    settings = redactors.config.redactor.model_copy(update={"timeout_s": PATIENCE_S})
    patient = redactors.under(redactors.config.model_copy(update={"redactor": settings}))
    (camera,) = patient.config.cameras
    for name in names:
        picture = pictures[name]
        image = read_picture(folder / picture.file)
        redacted = redact_image(patient.for_camera(camera), 0, 0, image)
        regions = redacted.snapshot.redaction.regions
        mask = painted(pixels(redacted), regions)
        scores = judge(picture.objects, mask, regions)
        yield Covered(
            name=name,
            pixels=hashlib.sha256(image.tobytes()).hexdigest(),
            covers=tuple((box.x0, box.y0, box.x1, box.y1) for box in regions),
            labelled=len(scores),
            covered=sum(score.is_covered for score in scores),
            over=over_cover(picture.objects, mask),
        )


def row(one: Covered, other: Covered) -> str:
    """Format the difference of two redactions of the same picture.

    Raises:
        ValueError: the pictures were not the same.
    """
    if (one.name, one.pixels) != (other.name, other.pixels):
        raise ValueError(f"{one.name} and {other.name} are two pictures: build one set and redact it on both machines")
    same = set(one.covers) & set(other.covers)
    pairs = [(set(one.covers) - same, other.covers), (set(other.covers) - same, one.covers)]
    farthest = max((_distance(cover, there) for alone, there in pairs for cover in alone), default=0)
    counts = f"{one.labelled} | {one.covered} / {other.covered} | {len(one.covers)} / {len(other.covers)}"
    return f"| `{one.name}` | {counts} | {len(same)} | {farthest} | {one.over:.3%} / {other.over:.3%} |"


def _distance(cover: Corners, others: Iterable[Corners]) -> int:
    """Return by how many pixels the worst edge of a cover is off from the likest of others."""
    return min((max(abs(a - b) for a, b in zip(cover, other, strict=True)) for other in others), default=max(cover))


def _read(file: Path) -> list[Covered]:
    return [Covered.model_validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]


def main() -> int:
    """The exit code of the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.evaluation.covers", description=__doc__)
    parser.add_argument("--beside", action="store_true", help="compare two outputs of this command")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("names", nargs="+", metavar="NAME")
    options = parser.parse_args()
    if options.beside:
        print(HEAD, "|---" * HEAD.count(" | ") + "|---|", sep="\n")
        for one, other in zip(_read(options.folder), _read(Path(options.names[0])), strict=True):
            print(row(one, other))
        return 0
    for covered in covers(options.folder, options.names):
        print(covered.model_dump_json(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
