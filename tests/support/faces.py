"""Photographs with faces labelled by hand, from the catalog (kind `photo`). Boxes are forehead to chin, in pixels."""

from typing import Final

import cv2
import numpy as np

from bench.evaluation.audit import Image
from edge_agent.redactor.cover import Rect
from engines.catalog.catalog import Catalog

LABELS: Final[dict[str, tuple[tuple[int, int, int, int], ...]]] = {
    "faces-1": ((830, 430, 1035, 665), (420, 370, 600, 600), (1470, 210, 1690, 440)),
    "faces-2": ((1435, 160, 1645, 395), (360, 135, 530, 420), (900, 220, 1075, 470)),
    "faces-3": ((1500, 295, 1690, 575), (1080, 205, 1295, 515), (590, 320, 795, 600)),
    "faces-4": ((660, 55, 850, 315), (985, 175, 1165, 415), (255, 195, 425, 445), (1275, 135, 1440, 400)),
    "faces-5": (
        (1115, 190, 1290, 445), (1410, 395, 1605, 680), (595, 410, 770, 680), (785, 95, 950, 330),
        (375, 875, 575, 1180),
    ),
    "faces-6": ((680, 325, 865, 645), (1175, 300, 1375, 590), (260, 470, 470, 765), (1480, 245, 1705, 590)),
}  # fmt: skip
"""22 faces: frontal, three-quarter, looking down and one in profile."""


def photo(catalog: Catalog, name: str, width: int) -> tuple[Image, list[Rect]]:
    """One photograph at `width` pixels, and its faces there."""
    image = cv2.imdecode(np.frombuffer(catalog.read(name), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    scale = width / image.shape[1]
    resized = cv2.resize(image, (width, round(image.shape[0] * scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8), [Rect(*(v * scale for v in label)) for label in LABELS[name]]


def street(catalog: Catalog, number: int, size: tuple[int, int]) -> Image:
    """Frame `number` of the street clip, stretched to `size` (width, height)."""
    capture = cv2.VideoCapture(str(catalog.path("bikes")))
    for _ in range(number):
        capture.grab()
    read, image = capture.read()
    capture.release()
    assert read
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def with_faces(
    catalog: Catalog,
    background: Image,
    name: str,
    height: int,
    *,
    tilt_deg: float = 0.0,
    moved: tuple[float, float] = (0.0, 0.0),
) -> tuple[Image, list[Rect]]:
    """A street with the heads of one photograph pasted in, faces `height` pixels high; and where they are.

    `moved`: shares of the width and height by which they lie elsewhere than by default.

    Tilted ones turn about the middle of the face; where it is is then told for the upright one.
    """
    source, faces = photo(catalog, name, 1920)
    scene, placed = background.copy(), []
    rows, columns = scene.shape[:2]
    for number, face in enumerate(faces):
        scale, margin = height / face.height, 0.6
        x0, y0 = (max(0, int(v)) for v in (face.x0 - margin * face.width, face.y0 - margin * face.height))
        middle = ((face.x0 + face.x1) / 2, (face.y0 + face.y1) / 2)
        turn = cv2.getRotationMatrix2D(middle, tilt_deg, 1.0)
        turned = (
            cv2.warpAffine(source, turn, source.shape[1::-1], borderMode=cv2.BORDER_REPLICATE) if tilt_deg else source
        )
        head = turned[y0 : int(face.y1 + margin * face.height), x0 : int(face.x1 + margin * face.width)]
        small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        x = int(columns * (0.08 + 0.2 * number + moved[0]))
        y = int(rows * (0.25 + 0.12 * (number % 3) + moved[1]))
        scene[y : y + small.shape[0], x : x + small.shape[1]] = small
        placed.append(
            Rect(*(o + (v - s) * scale for o, v, s in zip((x, y, x, y), face, (x0, y0, x0, y0), strict=True)))
        )
    return scene, placed
