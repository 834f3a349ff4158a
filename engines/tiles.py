"""A wide picture as squares: a square model that sees all of it sees everything small."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.detection import Box, Detection, suppress
from engines.pictures import Picture, Size

NEARLY_SQUARE = 1.2
"""Longer side by shorter: below this, tiles would show what the whole picture shows."""

EDGE_PX = 2.0
PIECE_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int

    def cut(self, picture: Picture) -> Picture:
        """A view of the picture's pixels."""
        return picture[self.y : self.y + self.height, self.x : self.x + self.width]

    def placed(self, detection: Detection) -> Detection:
        """A detection within the tile as one within the picture."""
        box = detection.box
        moved = Box(box.x0 + self.x, box.y0 + self.y, box.x1 + self.x, box.y1 + self.y)
        return Detection(detection.class_name, detection.score, moved)


def tiles_of(size: Size) -> list[Tile]:
    """The whole picture, and for a wide or a tall one the overlapping squares that cover it."""
    width, height = size
    short, long = min(size), max(size)
    whole = Tile(0, 0, width, height)
    if long < short * NEARLY_SQUARE:
        return [whole]
    count = math.ceil(long / short)
    starts = [round(index * (long - short) / (count - 1)) for index in range(count)]
    along_x = [Tile(start, 0, short, short) for start in starts]
    along_y = [Tile(0, start, short, short) for start in starts]
    return [whole, *(along_x if width > height else along_y)]


def joined(views: Sequence[tuple[Tile, Sequence[Detection]]], size: Size, overlap: float) -> list[Detection]:
    """The detections of all views as one list, best first: each thing once, and no pieces cut off by a tile's edge.

    Boxes of a view are in its own pixels. `overlap` is the IoU above which two of a group are the same thing.
    """
    placed = [(tile.placed(one), _is_cut(tile, one, size)) for tile, found in views for one in found]
    kept = [one for one, cut in placed if not (cut and any(_within(one, other) for other, _ in placed))]
    unique: list[Detection] = []
    for group in dict.fromkeys(one.group for one in kept):
        members = [one for one in kept if one.group == group]
        boxes = np.array([one.box for one in members], np.float32)
        scores = np.array([one.score for one in members], np.float32)
        unique += [members[index] for index in suppress(boxes, scores, overlap)]
    return sorted(unique, key=lambda one: -one.score)


def _is_cut(tile: Tile, detection: Detection, size: Size) -> bool:
    """Whether a box ends at an edge of the tile that is none of the picture."""
    box = detection.box
    return (
        (tile.x > 0 and box.x0 <= EDGE_PX)
        or (tile.y > 0 and box.y0 <= EDGE_PX)
        or (tile.x + tile.width < size[0] and box.x1 >= tile.width - EDGE_PX)
        or (tile.y + tile.height < size[1] and box.y1 >= tile.height - EDGE_PX)
    )


def _within(piece: Detection, other: Detection) -> bool:
    """Whether a box lies mostly in a larger one of its group."""
    a, b = piece.box, other.box
    area = a.width * a.height
    if piece.group != other.group or area >= b.width * b.height:
        return False
    shared = max(0.0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0.0, min(a.y1, b.y1) - max(a.y0, b.y0))
    return shared >= PIECE_SHARE * area
