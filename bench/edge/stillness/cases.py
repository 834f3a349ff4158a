"""What a fixed camera may see, and how it may see it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench.edge.stillness import footage, scenes
from bench.edge.stillness.camera import Camera, Shot
from bench.edge.stillness.scenes import Busts, Film, Scenes
from bench.evaluation.builder import FULL_HD, HD
from bench.evaluation.photographs import Photographs, resized
from engines.catalog.catalog import Catalog

SIZES: Final = {720: HD, 1080: FULL_HD}
BY_NIGHT: Final = 0.35
"""Of the light of the photograph."""
STREET_LINES: Final = 576
PLATES: Final = {720: (40.0, 2), 1080: (60.0, 2)}
"""Width of a plate in pixels, and how many cars fit under one another."""


@dataclass(frozen=True, slots=True)
class Case:
    """Films whose snapshots are so far apart."""

    films: Callable[[], Iterator[Film]]
    every_ms: int = 1000


Make = Callable[[int, Photographs, Path], Case]
"""For so many lines, from these photographs, with vtest.avi there."""


def _people(camera: Camera, kind: Busts, lines: int, photographs: Photographs, _street: Path) -> Case:
    return Case(lambda: _seen(camera, Scenes(SIZES[lines], photographs).people(kind)))


def _cars(lines: int, photographs: Photographs, _street: Path) -> Case:
    return Case(lambda: _seen(Camera(), Scenes(SIZES[lines], photographs).cars(*PLATES[lines])))


def _motorcycles(lines: int, photographs: Photographs, _street: Path) -> Case:
    return Case(lambda: _seen(Camera(), Scenes(SIZES[lines], photographs).motorcycles(60.0, 1)))


def _walkers(every_ms: int, lines: int, _photographs: Photographs, street: Path) -> Case:
    shown = footage.pictures(street, every_ms / 1000)
    return Case(lambda: iter([footage.walked(shown, lines / STREET_LINES)]), every_ms)


def _bikes(lines: int, _photographs: Photographs, _street: Path) -> Case:
    shown = footage.pictures(Catalog().path("bikes"), 0.5)
    scale = lines / shown[0].shape[0]
    return Case(lambda: iter([(Shot(resized(image, scale), ()) for image in shown)]), 500)


def _seen(camera: Camera, films: Iterator[Film]) -> Iterator[Film]:
    return (camera.shots(film, seed) for seed, film in enumerate(films))


CASES: Final[dict[str, Make]] = {
    "plain": partial(_people, Camera(), scenes.plain),
    "masked": partial(_people, Camera(), scenes.masked),
    "tilted": partial(_people, Camera(), scenes.tilted),
    "night, 4 levels": partial(_people, Camera(noise=4, exposure=BY_NIGHT), scenes.plain),
    "night, 8 levels": partial(_people, Camera(noise=8, exposure=BY_NIGHT), scenes.plain),
    "dusk": partial(_people, Camera(drift=0.02), scenes.plain),
    "trembling": partial(_people, Camera(shake_px=2), scenes.plain),
    "cars": _cars,
    "motorcycles": _motorcycles,
    "street, 1 a second": partial(_walkers, 1000),
    "street, 2 a second": partial(_walkers, 500),
    "bikes": _bikes,
}
