"""Cuts pictures into tiles, for models that see a part better than the whole, and joins the detections.

A wide picture is cut into squares: a square model that sees all of it sees everything small. A model that takes any
size sees what is small in one pass, and what is large in the whole picture at its trained size. A picture larger than a
model's reach is cut into pieces: a face of 20 pixels is found in 50 megapixels, in bounded memory.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engines.detection.postprocess import Box, Detection, suppress
from engines.detection.preprocess import Picture, Size
from engines.errors import TooManyTiles

MOST_TILES = 512
"""Most tiles of one search. An ordinary picture has 3 or 4, one of 64 megapixels at most 80; 16384 x 1 would have
16,385, which asked for 32 GiB as one batch."""

NEARLY_SQUARE = 1.2
"""Longer side by shorter: below this ratio, tiles would show no more than the whole picture."""

EDGE_PX = 2.0
VEHICLE_EDGE_SHARE = 0.01
"""Share of the tile's longer side within which a vehicle counts as cut by its edge: 4 pixels of NanoDet's input. Half
a parked car that ended 2.3 pixels from the edge of 720 suppressed the whole one, and was taken for a car that shows its
front. Covers are judged by `EDGE_PX`: one piece too many is covered."""
PIECE_SHARE = 0.8
SPAN_SHARE = 0.95
"""Share of a tile from which a machine spans it. Such a machine is larger than the tile, so the whole picture shows it.
If not, the detection is false: NanoDet took railings in the squares of a street clip for cars of their size, at .62."""

COARSE_SHARE = 0.1
"""Side of an object, as a share of the picture's longer side, from which the trained size counts: NanoDet's 42 px."""
VEHICLE_SHARE = 1 / 3
"""Side of a vehicle from which the trained size alone counts: a pass took railings for a car of half the picture."""
HALF_SHARE = 0.2
"""Share of an object's box from which a box within it is a half of it, not a small object before or behind it."""
HALF_SCORE = 0.5
"""Share of a half's score that the whole object must have: two cars side by side are no halves of a doubtful third."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangular part of a picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int

    def cut(self, picture: Picture) -> Picture:
        """Return a view of the picture's pixels."""
        return picture[self.y : self.y + self.height, self.x : self.x + self.width]

    def placed(self, detection: Detection) -> Detection:
        """Move a detection within the tile to picture pixels."""
        box = detection.box
        moved = Box(box.x0 + self.x, box.y0 + self.y, box.x1 + self.x, box.y1 + self.y)
        return Detection(detection.class_name, detection.score, moved)


def tiles_of(size: Size, *, reach_px: int | None = None) -> list[Tile]:
    """List the whole picture as a tile, and for a wide or tall one the overlapping squares that cover it.

    If the shorter side is well over `reach_px`, pieces of about that size are added. Raises TooManyTiles.
    """
    width, height = size
    short, long = min(size), max(size)
    whole = Tile(0, 0, width, height)
    if reach_px is not None and short > reach_px * NEARLY_SQUARE:
        tiles = [*tiles_of(size), *pieces_of(size, reach_px**2, reach_px // 8)]
        _check_count(len(tiles), size)
        return tiles
    if long < short * NEARLY_SQUARE:
        return [whole]
    count = math.ceil(long / short)
    _check_count(1 + count, size)
    starts = _starts(long, short, count)
    along_x = [Tile(start, 0, short, short) for start in starts]
    along_y = [Tile(0, start, short, short) for start in starts]
    return [whole, *(along_x if width > height else along_y)]


def views_of(size: Size, *, reach_px: int | None = None) -> list[Tile]:
    """List the whole picture as a tile, for one pass over it, and pieces of one that is beyond the model's reach.

    `reach_px`: side of a square of as many pixels as the model searches at once. Raises TooManyTiles.
    """
    whole = Tile(0, 0, *size)
    if reach_px is None or size[0] * size[1] <= (reach_px * NEARLY_SQUARE) ** 2:
        return [whole]
    pieces = pieces_of(size, reach_px**2, reach_px // 8)
    _check_count(1 + len(pieces), size)
    return [whole, *pieces]


def pieces_of(size: Size, area_px: int, overlap_px: int) -> list[Tile]:
    """List the fewest equal pieces, of at most `area_px` each, that cover a picture; neighbours share `overlap_px`.

    An object smaller than the overlap lies whole in one of them. Raises TooManyTiles.
    """
    across = down = 1
    width, height = size
    while width * height > area_px and max(width, height) > 2 * overlap_px:
        _check_count(across * down, size)
        if width >= height:
            across += 1
        else:
            down += 1
        width, height = _piece(size[0], across, overlap_px), _piece(size[1], down, overlap_px)
    _check_count(across * down, size)
    columns, rows = _starts(size[0], width, across), _starts(size[1], height, down)
    return [Tile(x, y, width, height) for y in rows for x in columns]


def _check_count(count: int, size: Size) -> None:
    """Check the number of tiles before they are made. Raises TooManyTiles."""
    if count > MOST_TILES:
        raise TooManyTiles(size, MOST_TILES)


def _piece(side: int, count: int, overlap: int) -> int:
    return min(side, math.ceil((side + (count - 1) * overlap) / count))


def _starts(side: int, piece: int, count: int) -> list[int]:
    return [0] if count == 1 else [round(index * (side - piece) / (count - 1)) for index in range(count)]


def joined(views: Sequence[tuple[Tile, Sequence[Detection]]], size: Size, overlap: float) -> list[Detection]:
    """Join the detections of all views, best first: each object once, without parts cut off by a tile's edge.

    Boxes of a view are in its own pixels. `overlap` is the IoU above which two of a group are the same object. A
    person is never dropped for filling a tile: one cover too many is better than one too few.
    """
    placed = [
        (tile.placed(one), _is_cut(tile, one, size))
        for tile, found in views
        for one in found
        if one.group == "person" or not _spans(tile, one, size)
    ]
    pieces = dict.fromkeys(one for one, cut in placed if cut and any(_within(one, other) for other, _ in placed))
    kept = [_as_sure_as(one, pieces) for one, _ in placed if one not in pieces]
    return _unique(kept, overlap)


def _unique(found: Sequence[Detection], overlap: float) -> list[Detection]:
    """Return each object once, best first."""
    unique: list[Detection] = []
    for group in dict.fromkeys(one.group for one in found):
        members = [one for one in found if one.group == group]
        boxes = np.array([one.box for one in members], np.float32)
        scores = np.array([one.score for one in members], np.float32)
        unique += [members[index] for index in suppress(boxes, scores, overlap)]
    return sorted(unique, key=lambda one: -one.score)


def merged(fine: Sequence[Detection], coarse: Sequence[Detection], size: Size, overlap: float) -> list[Detection]:
    """Merge a pass with the detections that are not small in the whole picture at the trained size, best first.

    A pass shows a large object beyond the sizes of the training: it takes a car that fills half of a picture for two
    halves. Each object is once in the answer, without its halves.
    """
    longest = max(size)
    wholes = [one for one in coarse if _side(one) >= COARSE_SHARE * longest]
    fine = [one for one in fine if one.group != "vehicle" or _side(one) < VEHICLE_SHARE * longest]
    halves = [one for one in fine if any(_is_half(one, whole) for whole in wholes)]
    return _unique(
        [*(_as_sure_as(one, halves) for one in wholes), *(one for one in fine if one not in halves)], overlap
    )


def _side(one: Detection) -> float:
    return max(one.box.width, one.box.height)


def _is_half(one: Detection, whole: Detection) -> bool:
    return (
        _within(one, whole)
        and one.box.width * one.box.height >= HALF_SHARE * whole.box.width * whole.box.height
        and whole.score >= HALF_SCORE * one.score
    )


def _as_sure_as(whole: Detection, pieces: Collection[Detection]) -> Detection:
    """Raise a vehicle's score to that of its best piece: a tile shows it larger than the whole picture does."""
    if whole.group != "vehicle":
        return whole
    return replace(whole, score=max([whole.score, *(one.score for one in pieces if _within(one, whole))]))


def _is_cut(tile: Tile, detection: Detection, size: Size) -> bool:
    """True if a box ends at an edge of the tile that is no edge of the picture."""
    box, near = detection.box, EDGE_PX
    if detection.group == "vehicle":
        near = max(near, VEHICLE_EDGE_SHARE * max(tile.width, tile.height))
    return (
        (tile.x > 0 and box.x0 <= near)
        or (tile.y > 0 and box.y0 <= near)
        or (tile.x + tile.width < size[0] and box.x1 >= tile.width - near)
        or (tile.y + tile.height < size[1] and box.y1 >= tile.height - near)
    )


def _spans(tile: Tile, detection: Detection, size: Size) -> bool:
    """True if a box spans a tile that is only a part of the picture in that direction."""
    box = detection.box
    return (tile.width < size[0] and box.width >= SPAN_SHARE * tile.width) or (
        tile.height < size[1] and box.height >= SPAN_SHARE * tile.height
    )


def _within(piece: Detection, other: Detection) -> bool:
    """True if at least `PIECE_SHARE` of a box lies in a larger one of its group."""
    a, b = piece.box, other.box
    area = a.width * a.height
    if piece.group != other.group or area >= b.width * b.height:
        return False
    shared = max(0.0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0.0, min(a.y1, b.y1) - max(a.y0, b.y0))
    return shared >= PIECE_SHARE * area
