"""Scenes of a fixed camera with who comes into them: portraits that walk, stop and stand, and vehicles that park."""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Final

from bench.edge.stillness.camera import Shot, shifted
from bench.evaluation import plates
from bench.evaluation.builder import Builder, chunks
from bench.evaluation.photographs import Image, Photographs, drawn
from bench.evaluation.portraits import TILT_DEG, Portrait, paste, portraits
from edge_agent.evaluation.labels import LabelKind, Object
from edge_agent.redactor.still_places import LOOKS

SNAPSHOTS: Final = 12
"""A second apart: with the whole search that is due after ten."""


class Way(Enum):
    """How somebody is in a scene."""

    STANDS = auto()
    STOPS = auto()
    WALKS = auto()


PEOPLE: Final = (
    (8, Way.STANDS),
    (8, Way.WALKS),
    (12, Way.STANDS),
    (12, Way.STOPS),
    (12, Way.WALKS),
    (16, Way.STOPS),
    (20, Way.WALKS),
    (30, Way.WALKS),
    (40, Way.STOPS),
)
"""Height of the face in pixels; each in a lane of his own, so that nobody hides another."""
STOPS_AT: Final = 4
PACES: Final = (0.024, 0.035, 0.047)
"""Of the picture's width, a second."""
SWAY: Final = 0.15
"""Share of a face's height by which somebody who sits for an hour moves to each side between snapshots."""
SEATED: Final = LOOKS + 4
"""Snapshots of an hour and a little more."""
PARKING: Final = (None, -0.55, -0.06, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.12, 0.5, None)
"""Where a vehicle is, from where it parks, in ways from there out of the picture; None: not there."""
MOVEMENTS: Final = len(PARKING)

Film = Iterator[Shot]
Busts = Callable[[Sequence[Portrait]], list[Portrait]]


def plain(busts: Sequence[Portrait]) -> list[Portrait]:
    """As they are."""
    return list(busts)


def masked(busts: Sequence[Portrait]) -> list[Portrait]:
    """With a drawn mask each."""
    return [bust.masked() for bust in busts]


def tilted(busts: Sequence[Portrait]) -> list[Portrait]:
    """Turned in the plane, one to the left and one to the right."""
    return [bust.tilted(TILT_DEG * (-1) ** number) for number, bust in enumerate(busts)]


class Scenes:
    """The scenes of the evaluation set in one size, (width, height)."""

    def __init__(self, size: tuple[int, int], photographs: Photographs) -> None:
        self._size = size
        self._builder = Builder(Path(), photographs)  # nothing of it is written
        self._busts = portraits(photographs)

    def people(self, kind: Busts) -> Iterator[Film]:
        """Each scene, with somebody else's portraits."""
        busts = kind(self._busts)
        for number, background in enumerate(self._builder.backgrounds(self._size)):
            chance = Random(number)
            yield _passing(background, chance.sample(busts, len(PEOPLE)), chance)

    def seated(self, kind: Busts) -> Iterator[Film]:
        """Each scene, with people who stay where they are for longer than an hour, and move a little."""
        busts = kind(self._busts)
        for number, background in enumerate(self._builder.backgrounds(self._size)):
            chance = Random(number)
            yield _seated(background, chance.sample(busts, len(PEOPLE)), chance)

    def cars(self, plate_px: float, rows: int) -> Iterator[Film]:
        """Both cars with every plate in every place, so many in a picture, each a row."""
        return self._parking(drawn()["vehicles"][:2], (plates.BLUE, plates.GREEN, plates.YELLOW), plate_px, rows)

    def motorcycles(self, plate_px: float, rows: int) -> Iterator[Film]:
        """The motorcycle with every plate of an e-bike in every place."""
        return self._parking(drawn()["vehicles"][2:], (plates.EBIKE_WHITE, plates.EBIKE_GREEN), plate_px, rows)

    def _parking(
        self, vehicles: Sequence[object], designs: Sequence[plates.Design], plate_px: float, rows: int
    ) -> Iterator[Film]:
        backgrounds = cycle(self._builder.backgrounds(self._size)[1::2])
        kind = LabelKind.EBIKE_PLATE if designs[0].rows > 1 else LabelKind.PLATE
        borne = self._builder.borne(vehicles, designs, 1, plate_px)
        labelled = (Shot(image, (Object(kind=kind, box=box, synthetic=True),)) for image, box in borne)
        for some in chunks(labelled, rows):
            yield _parked(next(backgrounds), some)


def _passing(background: Image, busts: Sequence[Portrait], chance: Random) -> Film:
    height, width = background.shape[:2]
    patches = [bust.patch(size) for bust, (size, _) in zip(busts, PEOPLE, strict=True)]
    gap = (height - sum(patch.shape[0] for patch, _ in patches)) // len(patches)
    starts = [(chance.randrange(width // 3), chance.choice(PACES) * width) for _ in patches]
    for at in range(SNAPSHOTS):
        image, y = background.copy(), gap // 2
        faces: list[Object] = []
        for (patch, there), (_, way), (start, pace) in zip(patches, PEOPLE, starts, strict=True):
            steps = {Way.STANDS: 0, Way.STOPS: min(at, STOPS_AT), Way.WALKS: at}[way]
            x = start + round(pace * steps)
            paste(image, patch, x, y)
            faces += [one for one in there.objects(x, y, pasted=True) if one.kind is LabelKind.FACE]
            y += patch.shape[0] + gap
        yield Shot(image, tuple(faces))


def _seated(background: Image, busts: Sequence[Portrait], chance: Random) -> Film:
    height, width = background.shape[:2]
    patches = [(bust.patch(size), max(1, round(SWAY * size))) for bust, (size, _) in zip(busts, PEOPLE, strict=True)]
    gap = (height - sum(patch.shape[0] for (patch, _), _ in patches)) // len(patches)
    seats = [chance.randrange(width // 10, width // 2) for _ in patches]
    for _ in range(SEATED):
        image, y = background.copy(), gap // 2
        faces: list[Object] = []
        for ((patch, there), sway), seat in zip(patches, seats, strict=True):
            x, top = seat + chance.randint(-sway, sway), y + chance.randint(-sway, sway)
            paste(image, patch, x, top)
            faces += [one for one in there.objects(x, top, pasted=True) if one.kind is LabelKind.FACE]
            y += patch.shape[0] + gap
        yield Shot(image, tuple(faces))


def _parked(background: Image, vehicles: Sequence[Shot]) -> Film:
    """Each comes in a snapshot after the one above it."""
    height, width = background.shape[:2]
    for at in range(MOVEMENTS + len(vehicles) - 1):
        image = background.copy()
        found: list[Object] = []
        for row, vehicle in enumerate(vehicles):
            place = PARKING[at - row] if 0 <= at - row < MOVEMENTS else None
            if place is None:
                continue
            high, wide = vehicle.image.shape[:2]
            x = (width - wide) // 2 + round(place * (width + wide) / 2)
            y = row * (height // len(vehicles)) + max(0, height // len(vehicles) - high) // 2
            left = max(0, -x)
            paste(image, vehicle.image[:, left : left + width - max(0, x)], max(0, x), y)
            found += [shifted(one, x, y) for one in vehicle.objects]
        yield Shot(image, tuple(found))
