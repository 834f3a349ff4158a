"""Measures what the parser saves, and the archive gains, by reusing the machines of the edge.

Run it alone with `python -m bench.cluster.reuse`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.console import Console

from bench.edge.drawn_street import street
from bench.measure import Comparison, compare, cpu_ms
from edge_agent.frames import Redacted
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.file_redactor import redact_image
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from provisioning.contracts.config.processes import Policy
from provisioning.contracts.wire.messages import EdgeDetector
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Parsed, Photo, Reported

MODEL: Final = "nanodet-g-416"
THRESHOLD: Final = 0.4
PICTURES: Final = 8
SIZE: Final = (1920, 1080)
EVERY: Final = 10
"""Frames of the street clip from one that is redacted to the next."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Machines of one frame: found before the paint, found after it, compared, and different among these."""

    raw: int
    covered: int
    compared: int
    differing: int


def measure(_scratch: Path) -> Iterator[Comparison]:
    """Processor time of a 1080p picture in the parser, and machines of the street clip."""
    catalog = Catalog()
    detector = Detector.load(catalog, catalog.fitted(MODEL), threads=1)
    parser = Parser.alone(detector, threshold=THRESHOLD)
    yield _cost(parser, detector)
    seen = list(clip(parser))
    raw, covered = sum(each.raw for each in seen), sum(each.covered for each in seen)
    yield _count("machines of the street clip", raw, covered, "the parser's own, in the covered pictures")
    differing, compared = sum(each.differing for each in seen), sum(each.compared for each in seen)
    yield _count("machines that only one of both found", differing, compared, "all that were compared")


def clip(parser: Parser) -> Iterator[Seen]:
    """Redact frames of the street clip and parse what would be published."""
    fresh = file_policy.load(None, Policy())
    film = cv2.VideoCapture(str(Catalog().path("bikes")))
    number = 0
    while film.grab():
        if number % EVERY == 0:
            read, image = film.retrieve()
            if read:
                yield _seen(parser, number, redact_image(fresh(), number, number, np.asarray(image, np.uint8)))
        number += 1
    film.release()


def _seen(parser: Parser, number: int, redacted: Redacted) -> Seen:
    snapshot, facts = redacted.snapshot, redacted.snapshot.picture
    if snapshot.detector is None:
        raise AssertionError("the redactor names no detector")
    reported = Reported(snapshot.detector, snapshot.machines, is_trusted=False)
    photo = Photo(redacted.picture, facts.width, facts.height, snapshot.redaction.regions, reported=reported)
    (parsed,) = parser.parse([photo])
    if not isinstance(parsed, Parsed) or parsed.reported is None or parsed.compared is None:
        raise AssertionError(f"frame {number} was not compared: {parsed}")
    compared = parsed.compared
    return Seen(len(parsed.reported), len(parsed.machines), compared.machines, compared.differing)


def _cost(parser: Parser, detector: Detector) -> Comparison:
    pictures = [cv2.imencode(".jpg", street(number, *SIZE))[1].tobytes() for number in range(PICTURES)]
    photos = [Photo(picture, *SIZE, ()) for picture in pictures]
    edge = EdgeDetector(name=detector.name, sha256=detector.sha256, recipe="tiles-1280-fp32", threshold=THRESHOLD)
    reported = [replace(photo, reported=Reported(edge, (), is_trusted=True)) for photo in photos]
    return compare(
        "parse a 1080p picture, machines reused",
        "CPU ms",
        lambda: cpu_ms(lambda: parser.parse(reported)) / PICTURES,
        lambda: cpu_ms(lambda: parser.parse(photos)) / PICTURES,
        baseline_is="with a detection, eight pictures at once",
        runs=3,
    )


def _count(name: str, ours: int, baseline: int, baseline_is: str) -> Comparison:
    return Comparison(name, "machines", ours, baseline, ours / max(1, baseline), baseline_is, 1)


if __name__ == "__main__":
    for result in measure(Path()):
        Console(width=150).print(
            f"{result.name}: {result.ours:.1f} {result.unit}; {result.baseline_is}: {result.baseline:.1f}; "
            f"ratio {result.ratio:.3f}"
        )
