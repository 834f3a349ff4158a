"""Compares the covers of a camera that has seen an hour of its scene with those of one that sees it for the first time.

`python -m bench.edge.stillness.hour`: people who sit for an hour (plain and masked portraits in the scenes of the
evaluation set, 8 to 40 px high, each a little elsewhere in every snapshot), and two films of a crossing over and over,
whose walls, hedges and asphalt stay. Only snapshots after the hour count; *whole* is the camera that has no memory.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from bench.edge.stillness import footage, scenes
from bench.edge.stillness.camera import Camera, Shot
from bench.edge.stillness.cases import BY_NIGHT
from bench.edge.stillness.scenes import SEATED, Film, Scenes
from bench.edge.stillness.searches import labels_of, searched
from bench.edge.stillness.tally import Tally
from bench.evaluation.builder import HD
from bench.evaluation.photographs import Photographs
from edge_agent.redact_files import file_policy
from edge_agent.redactor import Redactors
from edge_agent.redactor.still_places import LOOKS, STILL_S
from engines.catalog.catalog import Catalog
from provisioning.contracts.config.processes import Policy

EVERY_S = STILL_S / LOOKS
FILMS = ("crossing-truck", "crossing-cyclist")


@dataclass
class FilmTime:
    """The time of the film."""

    at_s: float = 0.0

    def now_ms(self) -> int:
        """Milliseconds since the film began."""
        return round(self.at_s * 1000)

    def monotonic_s(self) -> float:
        """Seconds since the film began."""
        return self.at_s

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Nobody waits here."""
        return event.wait(timeout_s)


def measure(films: Iterator[Film], redactors: Redactors, time: FilmTime) -> Tally:
    """Redact films of an hour; count their last snapshots, with the memory of the hour and without."""
    tally = Tally()
    for film in films:
        camera = redactors.for_camera(redactors.config.cameras[0])
        for number, shot in enumerate(film):
            time.at_s = number * EVERY_S
            labels = labels_of(shot)
            since_an_hour = searched(camera, shot, labels, number, round(EVERY_S * 1000))
            if number >= LOOKS:
                fresh = redactors.for_camera(redactors.config.cameras[0])
                tally.add(labels, searched(fresh, shot, labels, number, round(EVERY_S * 1000)), since_an_hour)
    return tally


def _crossings() -> Iterator[Film]:
    for name in FILMS:
        pictures = footage.pictures(Catalog().path(name), 0.1)
        yield (Shot(image, ()) for image in islice(cycle(pictures), SEATED))


def main() -> None:
    """Measure and print."""
    time = FilmTime()
    redactors = Redactors.load(file_policy.load_redactors(None, Policy()).config, time)
    some = Scenes(HD, Photographs())
    print(*measure(_crossings(), redactors, time).lines("crossings"), sep="\n", flush=True)
    for light, camera in (("day", Camera()), ("night", Camera(noise=4, exposure=BY_NIGHT))):
        for kind in (scenes.plain, scenes.masked):
            films = (camera.shots(film, seed) for seed, film in enumerate(some.seated(kind)))
            print(*measure(films, redactors, time).lines(f"{kind.__name__}, {light}"), sep="\n", flush=True)


if __name__ == "__main__":
    main()
