"""Builds the set: pictures and clips into a folder, and their labels into a file. The same at every run."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

import cv2

from bench.evaluation import plates
from bench.evaluation.photographs import Image, Photographs, drawn, resized
from bench.evaluation.portraits import GRID, TILT_DEG, Portrait, paste, portraits, scene
from bench.evaluation.traffic import ebikes
from edge_agent.evaluation.labels import (
    LabelKind,
    LabelledClip,
    LabelledFrame,
    LabelledPicture,
    Labels,
    Object,
    Variant,
)
from edge_agent.redact_files.video_file import Film

HD: Final = (1280, 720)
FULL_HD: Final = (1920, 1080)
FACE_PX: Final = (8, 12, 16, 20, 30, 40)
FULL_HD_FACE_PX: Final = (8, 12, 20)
OWN_SIZES: Final = (1.0, 0.5, 0.25)
"""At which photographs of people on foot are shown."""
MIN_SIDE_PX: Final = 128
"""Smaller pictures do not leave a site."""
LARGE_PLATE_PX: Final = (90, 60)
SMALL_PLATE_PX: Final = (40, 20)
PLATE_SHARE: Final = 0.09
"""Width of a plate (0.44 m) over the length of a car (4.9 m)."""
CLIP_SIZE: Final = (960, 540)
CLIP_FRAMES: Final = 25
CLIP_RATE: Final = Fraction(10)
CLIP_FACE_PX: Final = (14.0, 16.0, 18.0, 20.0, 22.0, 24.0)
QUALITY: Final = 90

_T = TypeVar("_T")


def backgrounds(photographs: Photographs, size: tuple[int, int]) -> list[Image]:
    """Returns streets, a square, a skyline and a city at night, cut to `size`."""
    return [filled(photographs.picture(one["package"], one["file"]), size) for one in drawn()["backgrounds"]]


class Builder:
    """Writes into `folder`, which should lie in memory: photographs of people are in it."""

    def __init__(self, folder: Path, photographs: Photographs) -> None:
        self._folder = folder
        self._photographs = photographs
        self._portraits = portraits(photographs)
        self._pictures: list[LabelledPicture] = []
        self._clips: list[LabelledClip] = []

    def build(self) -> Labels:
        """All of it."""
        self._close_ups()
        self._scenes()
        self._people()
        self._plates()
        for name, image, objects in ebikes():
            self._picture(name, image, objects)
        self._empty()
        self._moving()
        self._talking()
        return Labels(pictures=tuple(self._pictures), clips=tuple(self._clips))

    def backgrounds(self, size: tuple[int, int]) -> list[Image]:
        """Streets, a square, a skyline and a city at night."""
        return backgrounds(self._photographs, size)

    def _scenery(self, size: tuple[int, int]) -> list[tuple[Image, list[Object]]]:
        """The same, each with who walks there: on the square people of 13 to 30 px, in the others none."""
        boxes = [
            [_placed(box, self._photographs.picture(one["package"], one["file"]), size) for box in one["people"]]
            for one in drawn()["backgrounds"]
        ]
        return list(zip(self.backgrounds(size), boxes, strict=True))

    def _close_ups(self) -> None:
        for number, portrait in enumerate(self._portraits):
            self._picture(f"close/{number:03}", portrait.image, portrait.objects(pasted=False))

    def _scenes(self) -> None:
        kinds = {
            "plain": self._portraits,
            "masked": [portrait.masked() for portrait in self._portraits],
            "roll": [p.tilted(TILT_DEG * (-1) ** n) for n, p in enumerate(self._portraits)],
        }
        for name, busts in kinds.items():
            for height in FACE_PX:
                self._scene_of(f"{name}/{height:02}", busts, height, HD)
        for height in FULL_HD_FACE_PX:
            self._scene_of(f"plain-1080/{height:02}", self._portraits, height, FULL_HD)

    def _scene_of(self, name: str, busts: list[Portrait], height: float, size: tuple[int, int]) -> None:
        chance = Random(f"{name}")
        scenery = cycle(self._scenery(size))
        for number, some in enumerate(chunks(chance.sample(busts, len(busts)), GRID[0] * GRID[1])):
            background, walkers = next(scenery)
            image, objects = scene(background, list(some), height, chance)
            self._picture(f"{name}-{number}", image, [*objects, *walkers])

    def _people(self) -> None:
        for number, entry in enumerate(drawn()["people"]):
            photograph = self._photographs.picture(entry["package"], entry["file"])
            for scale in OWN_SIZES:
                if min(photograph.shape[:2]) * scale < MIN_SIDE_PX:
                    continue
                image = resized(photograph, scale)
                objects = [_object(LabelKind.HEAD, box, scale) for box in entry["heads"]]
                objects += [_object(LabelKind.PERSON, box, scale) for box in entry["people"]]
                objects += [_object(LabelKind.FACE, one["box"], scale, one["pose"]) for one in entry["faces"]]
                self._picture(f"people/{number:02}-{round(scale * 100):03}", image, objects)

    def _plates(self) -> None:
        cars, motorcycle = drawn()["vehicles"][:2], drawn()["vehicles"][2]
        kinds: list[tuple[LabelKind, list[Any], tuple[plates.Design, ...], int]] = [
            (LabelKind.PLATE, cars, (plates.BLUE, plates.GREEN, plates.YELLOW), 1),
            (LabelKind.EBIKE_PLATE, [motorcycle], (plates.EBIKE_WHITE, plates.EBIKE_GREEN), 2),
        ]
        for kind, vehicles, designs, each in kinds:
            for width in LARGE_PLATE_PX:
                for number, (image, box) in enumerate(self.borne(vehicles, designs, each, width)):
                    plate = Object(kind=kind, box=box, synthetic=True)
                    self._picture(f"{kind}/{width}-{number:02}", image, [plate])
            for width, across in zip(SMALL_PLATE_PX, (2, 4), strict=True):
                borne = self.borne(vehicles, designs, each, width)
                backgrounds = cycle(self.backgrounds(HD)[1::2])
                for number, some in enumerate(chunks(borne, across * (across - 1 if across > 2 else across))):
                    image, objects = _car_park(next(backgrounds), some, across, kind)
                    self._picture(f"{kind}/{width}-{number:02}", image, objects)

    def borne(
        self, vehicles: Iterable[Any], designs: Iterable[plates.Design], each: int, width: float
    ) -> Iterator[tuple[Image, tuple[float, float, float, float]]]:
        """Every vehicle with every design in every place, one at a time, scaled so that the plate has `width` px."""
        chance = Random(width)
        for vehicle in vehicles:
            photograph = self._photographs.picture(vehicle["package"], vehicle["file"])
            scale = width / (PLATE_SHARE * vehicle["length_px"])
            image = resized(photograph, scale)
            for design in designs:
                for place, (x, y) in vehicle["places"].items():
                    for _ in range(each):
                        skew = {"nose": 0.3, "tail": -0.3}.get(place, 0.0)
                        plate = plates.drawn(design, chance)
                        done, box = plates.put(image, plate, (x * scale, y * scale), width, skew)
                        yield done, (box[0], box[1], box[2], box[3])

    def _empty(self) -> None:
        for number, (image, walkers) in enumerate(self._scenery(HD)):
            self._picture(f"empty/{number}", image, walkers)

    def _moving(self) -> None:
        """Busts that walk through a scene, each a track."""
        for number, background in enumerate(self.backgrounds(CLIP_SIZE)[:3]):
            chance = Random(number)
            busts = chance.sample(self._portraits, len(CLIP_FACE_PX))
            rows = [round((i + 0.3) * CLIP_SIZE[1] / len(busts)) for i in range(len(busts))]
            walkers = [
                (bust.patch(height), chance.randrange(100, 700), row, chance.choice((-5, -3, 3, 5)))
                for bust, height, row in zip(busts, CLIP_FACE_PX, rows, strict=True)
            ]
            frames, shown = [], []
            for at in range(CLIP_FRAMES):
                image, objects = background.copy(), []
                for track, ((patch, there), x, y, pace) in enumerate(walkers, start=1):
                    paste(image, patch, x + pace * at, y + at % 3)
                    objects += [
                        one.model_copy(update={"track": track})
                        for one in there.objects(x + pace * at, y + at % 3, pasted=True)
                        if one.kind is LabelKind.FACE
                    ]
                frames.append(LabelledFrame(number=at, objects=tuple(objects)))
                shown.append(image)
            self._film(f"clips/walking-{number}.mp4", shown)
            self._clips.append(LabelledClip(file=f"clips/walking-{number}.mp4", frames=tuple(frames)))

    def _talking(self) -> None:
        """A man in a car, who talks and turns his head. Labelled every tenth frame, in between by straight lines."""
        clip = drawn()["clip"]
        file = self._folder / "clips/talking.mp4"
        file.write_bytes(self._photographs.read(clip["package"], clip["file"]))
        known = {int(number): box for number, box in clip["face"].items()}
        frames = tuple(LabelledFrame(number=n, objects=(_between(known, n),)) for n in range(max(known) + 1))
        self._clips.append(LabelledClip(file="clips/talking.mp4", frames=frames))

    def _picture(self, name: str, image: Image, objects: list[Object]) -> None:
        file = self._folder / f"{name}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise ValueError(f"{name} cannot be encoded")
        file.write_bytes(data.tobytes())
        self._pictures.append(LabelledPicture(file=f"{name}.jpg", objects=tuple(objects)))

    def _film(self, name: str, images: list[Image]) -> None:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with Film(file, rate=CLIP_RATE, time_base=1 / CLIP_RATE, aspect=Fraction(1)) as film:
            for at, image in enumerate(images):
                film.add(image, at)


def chunks(items: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    """So many at a time, the last with what is left."""
    rest = iter(items)
    while some := tuple(islice(rest, size)):
        yield some


def _placed(box: list[float], image: Image, size: tuple[int, int]) -> Object:
    """A person of a picture where `filled` puts him."""
    scale = _filling(image, size)
    x, y = (max(0.0, (side * scale - room) / 2) for side, room in zip(image.shape[1::-1], size, strict=True))
    x0, y0, x1, y1 = (round(v * scale, 2) for v in box)
    return Object(kind=LabelKind.PERSON, box=(x0 - x, y0 - y, x1 - x, y1 - y))


def _filling(image: Image, size: tuple[int, int]) -> float:
    return float(max(size[0] / image.shape[1], size[1] / image.shape[0])) + 1e-6


def filled(image: Image, size: tuple[int, int]) -> Image:
    """The middle of a picture, scaled and cut to (width, height)."""
    width, height = size
    large = resized(image, _filling(image, size))
    x, y = (large.shape[1] - width) // 2, (large.shape[0] - height) // 2
    return large[y : y + height, x : x + width].copy()


def _car_park(
    background: Image, some: Iterable[tuple[Image, tuple[float, float, float, float]]], across: int, kind: LabelKind
) -> tuple[Image, list[Object]]:
    """Photographs of vehicles side by side in one picture."""
    image, objects = background.copy(), []
    down = across if across == 2 else across - 1
    width, height = image.shape[1] // across, image.shape[0] // down
    for number, (vehicle, box) in enumerate(some):
        x, y = number % across * width, number // across * height
        x, y = x + max(0, width - vehicle.shape[1]) // 2, y + max(0, height - vehicle.shape[0]) // 2
        paste(image, vehicle, x, y)
        x0, y0, x1, y1 = box
        objects.append(Object(kind=kind, box=(x0 + x, y0 + y, x1 + x, y1 + y), synthetic=True))
    return image, objects


def _object(kind: LabelKind, box: list[float], scale: float, pose: str = "plain") -> Object:
    x0, y0, x1, y1 = (round(v * scale, 2) for v in box)
    return Object(kind=kind, box=(x0, y0, x1, y1), variant=Variant(pose))


def _between(known: dict[int, list[float]], number: int) -> Object:
    before, after = max(n for n in known if n <= number), min(n for n in known if n >= number)
    part = (number - before) / (after - before) if after > before else 0.0
    x0, y0, x1, y1 = (a + part * (b - a) for a, b in zip(known[before], known[after], strict=True))
    return Object(kind=LabelKind.FACE, box=(round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2)), track=1)
