"""Portraits made small, masked or tilted, and pasted into street scenes; where their faces and heads then are."""

from dataclasses import dataclass, replace
from math import ceil, cos, hypot, radians, sin
from random import Random
from typing import Any, Final

import cv2
import numpy as np

from bench.evaluation.photographs import Image, Photographs, drawn
from edge_agent.evaluation.labels import LabelKind, Object, Variant
from engines.detection.postprocess import Box as Rect

TILT_DEG: Final = 30.0
MASK: Final = (205, 190, 150)
"""BGR: a surgical mask."""
FEATHER: Final = 0.08
"""Share of a patch's side over which it fades into the scene."""
SPACE: Final = (1.0, 0.7, 1.3)
"""What of the bust goes along, in faces: to each side, above, below. As far as the photograph reaches."""
GRID: Final = (7, 3)
"""Places in a scene, across and down."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A photograph of one person. `head` is labelled on those that show hair and shoulders."""

    image: Image
    face: Rect
    variant: Variant
    head: Rect | None

    def masked(self) -> "Portrait":
        """A mask from the bridge of the nose to below the chin, with straps to the ears."""
        image, face = self.image.copy(), self.face
        x, y = (face.x0 + face.x1) / 2, face.y0 + 0.74 * face.height
        half = (0.43 * face.width, 0.27 * face.height)
        for side in (-1, 1):
            ear = (round(x + side * 0.5 * face.width), round(face.y0 + 0.5 * face.height))
            cv2.line(image, (round(x + side * half[0] * 0.8), round(y)), ear, MASK, max(1, round(face.width / 40)))
        cv2.ellipse(image, ((x, y), (2 * half[0], 2 * half[1]), 0), MASK, -1, cv2.LINE_AA)
        fold = tuple(int(v * 0.85) for v in MASK)
        for step in (-0.3, 0.0, 0.3):
            at = round(y + step * half[1])
            cv2.line(image, (round(x - half[0] * 0.7), at), (round(x + half[0] * 0.7), at), fold, 1, cv2.LINE_AA)
        return replace(self, image=image, variant=Variant.MASKED, head=None)

    def tilted(self, degrees: float) -> "Portrait":
        """Turned in the plane about the face; the face's box is that of the turned ellipse inside it."""
        height, width = self.image.shape[:2]
        x, y = (self.face.x0 + self.face.x1) / 2, (self.face.y0 + self.face.y1) / 2
        turn = cv2.getRotationMatrix2D((x, y), degrees, 1.0)
        image = cv2.warpAffine(self.image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        a, b, angle = self.face.width / 2, self.face.height / 2, radians(degrees)
        dx, dy = hypot(a * cos(angle), b * sin(angle)), hypot(a * sin(angle), b * cos(angle))
        face = Rect(x - dx, y - dy, x + dx, y + dy)
        return replace(self, image=np.asarray(image, np.uint8), face=face, variant=Variant.ROLL, head=None)

    def patch(self, height: float) -> "tuple[Image, Portrait]":
        """The bust with a face of `height` px, and the portrait in its coordinates."""
        scale = height / self.face.height
        aside, above, below = SPACE
        x0 = max(0, int(self.face.x0 - aside * self.face.width))
        y0 = max(0, int(self.face.y0 - above * self.face.height))
        x1, y1 = ceil(self.face.x1 + aside * self.face.width), ceil(self.face.y1 + below * self.face.height)
        cut = self.image[y0:y1, x0:x1]
        size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
        small = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
        ratio = (size[0] / cut.shape[1], size[1] / cut.shape[0])
        head = None if self.head is None else _moved(self.head, x0, y0, ratio)
        return small, replace(self, image=small, face=_moved(self.face, x0, y0, ratio), head=head)

    def objects(self, x: int = 0, y: int = 0, *, pasted: bool) -> list[Object]:
        """Its labels with its corner at (x, y); pasted ones carry a label of the patch as a person."""
        found = [Object(kind=LabelKind.FACE, box=_at(self.face, x, y), variant=self.variant, synthetic=pasted)]
        if self.head is not None:
            found.append(Object(kind=LabelKind.HEAD, box=_at(self.head, x, y), synthetic=pasted))
        height, width = self.image.shape[:2]
        whole = Rect(0, 0, width, height)
        return [*found, Object(kind=LabelKind.PERSON, box=_at(whole, x, y), synthetic=pasted)]


def portraits(photographs: Photographs) -> list[Portrait]:
    """All of them, in the order of the label file."""
    return [_portrait(photographs, entry) for entry in drawn()["portraits"]]


def scene(background: Image, busts: list[Portrait], height: float, chance: Random) -> tuple[Image, list[Object]]:
    """A copy of the background with as many busts as it has places, faces of `height` px."""
    image, objects = background.copy(), []
    rows, columns = image.shape[:2]
    across, down = GRID
    cells = [(column, row) for row in range(down) for column in range(across)]
    chance.shuffle(cells)
    for portrait, (column, row) in zip(busts, cells, strict=False):
        small, there = portrait.patch(height)
        free = (columns // across - small.shape[1], rows // down - small.shape[0])
        x = column * (columns // across) + chance.randrange(max(1, free[0]))
        y = row * (rows // down) + chance.randrange(max(1, free[1]))
        paste(image, small, x, y)
        objects += there.objects(x, y, pasted=True)
    return image, objects


def paste(scene: Image, patch: Image, x: int, y: int) -> None:
    """Lay a patch over a scene, fading at its edges."""
    height, width = patch.shape[:2]
    part = scene[y : y + height, x : x + width]
    patch = patch[: part.shape[0], : part.shape[1]]
    ramps = [np.minimum(np.arange(n) + 1, n - np.arange(n)) / max(1.0, FEATHER * n) for n in patch.shape[:2]]
    alpha = np.minimum(1.0, np.minimum(ramps[0][:, None], ramps[1][None, :]))[:, :, None]
    part[:] = np.round(alpha * patch + (1 - alpha) * part).astype(np.uint8)


def _portrait(photographs: Photographs, entry: dict[str, Any]) -> Portrait:
    head = Rect(*entry["head"]) if "head" in entry else None
    image = photographs.picture(entry["package"], entry["file"])
    return Portrait(image, Rect(*entry["face"]), Variant(entry["pose"]), head)


def _moved(rect: Rect, x: float, y: float, ratio: tuple[float, float]) -> Rect:
    return Rect((rect.x0 - x) * ratio[0], (rect.y0 - y) * ratio[1], (rect.x1 - x) * ratio[0], (rect.y1 - y) * ratio[1])


def _at(rect: Rect, x: int, y: int) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (round(v, 2) for v in (rect.x0 + x, rect.y0 + y, rect.x1 + x, rect.y1 + y))
    return x0, y0, x1, y1
