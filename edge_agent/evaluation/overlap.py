"""Matches hits of a detector with labelled faces."""

from collections.abc import Iterable
from typing import Final

from engines.detection.postprocess import Box as Rect

INNER: Final = 0.8
"""Share of each side, around the middle, that is the inner part of a box: a hit counts if it touches that."""


def on_face(hit: Rect, face: Rect) -> bool:
    """True if a hit touches the inner part of a face."""
    dx, dy = face.width * (1 - INNER) / 2, face.height * (1 - INNER) / 2
    return hit.x0 < face.x1 - dx and face.x0 + dx < hit.x1 and hit.y0 < face.y1 - dy and face.y0 + dy < hit.y1


def overlapping(hits: Iterable[Rect], faces: Iterable[Rect]) -> list[Rect]:
    """Return the hits that lie on a labelled face."""
    labelled = tuple(faces)
    return [hit for hit in hits if any(on_face(hit, face) for face in labelled)]
