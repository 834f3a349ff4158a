"""Draws e-bike plates over the plates of two-wheelers in photographed traffic."""

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Final

from bench.evaluation import machine_pictures, plates
from bench.evaluation.photographs import Image, Photographs, resized
from edge_agent.evaluation.labels import LabelKind, Object

LINES: Final = (720, 1080)
DESIGNS: Final = (plates.EBIKE_WHITE, plates.EBIKE_GREEN)


def ebikes() -> Iterator[tuple[str, Image, list[Object]]]:
    """Yield each photograph at each height, once with white plates and once with green ones: name, picture, labels."""
    entries = [one for one in machine_pictures.drawn()["pictures"] if "two_wheeler_plates" in one]
    packages = [one for one in machine_pictures.packages() if one.name in {entry["package"] for entry in entries}]
    photographs = Photographs(packages)
    for (number, entry), lines, design in product(enumerate(entries), LINES, DESIGNS):
        name = f"{LabelKind.EBIKE_PLATE}/traffic-{lines}-{number:02}-{design.name}"
        photograph, chance = photographs.picture(entry["package"], entry["file"]), Random(name)
        scale = lines / photograph.shape[0]
        image = resized(photograph, scale)
        people = [Object(kind=LabelKind.PERSON, box=_scaled(box, scale)) for box in entry["people"]]
        drawn = []
        for x0, y0, x1, y1 in (_scaled(box, scale) for box in entry["two_wheeler_plates"]):
            width = max(x1 - x0, (y1 - y0) * design.size[0] / design.size[1])
            plate = plates.drawn(design, chance)
            image, (left, top, right, bottom) = plates.put(image, plate, ((x0 + x1) / 2, (y0 + y1) / 2), width, 0.0)
            drawn.append(Object(kind=LabelKind.EBIKE_PLATE, box=(left, top, right, bottom), synthetic=True))
        yield name, image, [*people, *drawn]


def _scaled(box: list[float], scale: float) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (edge * scale for edge in box)
    return x0, y0, x1, y1
