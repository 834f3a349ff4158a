"""Whether what a detector found lies on a labelled face."""

from collections.abc import Iterable
from typing import Final

from engines.detection.postprocess import Box as Rect

INNER: Final = 0.8
"""A hit counts against a face when it touches the inner part of its box: this much of each side, around the middle."""


def on_face(hit: Rect, face: Rect) -> bool:
    """Whether a hit touches the inner part of a face."""
    dx, dy = face.width * (1 - INNER) / 2, face.height * (1 - INNER) / 2
    return hit.x0 < face.x1 - dx and face.x0 + dx < hit.x1 and hit.y0 < face.y1 - dy and face.y0 + dy < hit.y1


def overlapping(hits: Iterable[Rect], faces: Iterable[Rect]) -> list[Rect]:
    """The hits that lie on a labelled face."""
    labelled = tuple(faces)
    return [hit for hit in hits if any(on_face(hit, face) for face in labelled)]
