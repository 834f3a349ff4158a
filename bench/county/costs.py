"""What single steps cost on this machine: a commit and its rows, a picture in parser and canary."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from bench.county.centre import OBJECTS, Centre
from bench.county.day import Taken
from bench.county.edges import County
from bench.edge.drawn_street import street
from bench.measure import cpu_ms, wall_ms
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import EdgeDetector, PictureState
from provisioning.retention.clock import read_clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.entries import Entry, Sighting
from ray_cluster.inference.canary import Canary
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Photo, Reported
from ray_cluster.intake.intake import GROUP

COMMITS: Final = (8, 32, 64, 200)
"""Rows of the commits that the line is laid through."""
PICTURE: Final = b"\xff\xd8\xff\xe0" + bytes(100_000 - 4)
_RUNS: Final = 9


@dataclass(frozen=True, slots=True)
class Archiving:
    """Milliseconds of the archiver's one thread."""

    commit_ms: float
    row_ms: float
    lookup_ms: float


def archiving(folder: Path) -> Archiving:
    """A commit, each row in it with 100 KB and three vectors (least squares over medians), and a lookup of eight."""
    numbers = count()
    county = County(lambda taken: now_ms() - 1000 + taken.number % 1000, PICTURE)
    centre = Centre(folder / "beside", now_ms, 1)  # for its synthetic vectors
    archiver = Archiver(folder / "archive", retention_days=30, offset_minutes=480, now=read_clocks())

    def entries(rows: int) -> list[Entry]:
        return [replace(_entry(county, next(numbers)), appearances=centre.looks(OBJECTS)) for _ in range(rows)]

    took: dict[int, list[float]] = {rows: [] for rows in COMMITS}
    for _ in range(_RUNS):
        for rows in COMMITS:
            batch = entries(rows)
            took[rows].append(wall_ms(_commit(archiver, batch)))
    lookups = []
    for _ in range(5 * _RUNS):
        sightings = [each.sighting for each in entries(GROUP)]  # new ones, as nearly all are
        lookups.append(wall_ms(_lookup(archiver, sightings)))
    centre.close()
    medians = [statistics.median(took[rows]) for rows in COMMITS]
    each, fixed = np.polyfit(COMMITS, medians, 1)
    return Archiving(max(0.01, float(fixed)), max(0.001, float(each)), statistics.median(lookups))


def now_ms() -> int:
    """Wall clock."""
    return time.time_ns() // 1_000_000


def networks() -> dict[str, float]:
    """Processor milliseconds of a 1080p picture, by the model's figure; from JPEG on.

    In the parser with a detection and with the edge's machines reused, eight at once, and in the canary.
    """
    pictures = [
        cv2.imencode(".jpg", street(number, 1920, 1080), [cv2.IMWRITE_JPEG_QUALITY, 80])[1] for number in range(8)
    ]
    photos = [Photo(picture.tobytes(), 1920, 1080, ()) for picture in pictures]
    catalog = Catalog()
    detector = Detector.load(catalog, catalog.fitted("nanodet-g-416"), threads=1)
    parser = Parser.alone(detector, threshold=0.4)
    edge = EdgeDetector(name=detector.name, sha256=detector.sha256, recipe="tiles-1280-fp32", threshold=0.4)
    reported = [replace(photo, reported=Reported(edge, (), is_trusted=True)) for photo in photos]
    canary = Canary(Detector.load(catalog, "centerface", threads=1), threshold=0.35)
    return {
        "parser_ms": _each(lambda: parser.parse(photos), 8),
        "reuse_ms": _each(lambda: parser.parse(reported), 8),
        "canary_ms": _each(lambda: canary.inspect(photos), 8),
    }


def _each(work: Callable[[], object], pictures: int) -> float:
    work()
    return statistics.median(cpu_ms(work) for _ in range(3)) / pictures


def _commit(archiver: Archiver, batch: list[Entry]) -> Callable[[], object]:
    return lambda: archiver.commit(batch, now_ms=now_ms())


def _lookup(archiver: Archiver, sightings: list[Sighting]) -> Callable[[], object]:
    return lambda: archiver.known(sightings)


def _entry(county: County, number: int) -> Entry:
    _, payload = county.message(Taken(0.0, number % 17, number % 30, number))
    snapshot, jpeg = codec.decode_snapshot(payload)
    return Entry(snapshot, codec.message_sha256(payload), now_ms(), PictureState.KEPT, jpeg, snapshot.machines)
