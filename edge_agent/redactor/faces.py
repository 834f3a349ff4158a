"""Finds faces: small ones in the raw picture, and all that still show in the bytes that would be published.

YuNet in the enlarged picture finds the small ones, at a fifth of what CenterFace would cost there, and CenterFace
decides where YuNet has a doubt. CenterFace at the picture's own size is both the search for the others and the search
that the centre will repeat.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import sqrt
from typing import Final

from edge_agent.redactor import cover, small_faces
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.detectors import Detectors
from edge_agent.redactor.enlarged import Enlarged
from edge_agent.redactor.search_regions import Places, found_in
from edge_agent.redactor.still_places import IsStill, never
from engines.detection.postprocess import Detection
from engines.manifest import Group

SCALE: Final = 2.0
"""Scale at which small faces are searched.

Of 88 faces of 12 px in 720p, pasted without a body, YuNet found 31 at the picture's own size and 62 at twice it; of 8
px
9 and 38.
"""
SMALL_PICTURE_PX: Final = 3_700_000
"""A smaller picture is enlarged to this, up to three times: that is 720p at twice its size, and a little more.

At exactly twice (2560x1440 instead of 2592x1472) 74 instead of 78 of 81 masked faces of 20 px were covered.
"""
LARGEST_SCALE: Final = 3.0
ENLARGED_PX: Final = 6_000_000
"""A larger picture is enlarged to no more than this, which is 1080p at twice its size, or by `LEAST_SCALE` if more."""
LEAST_SCALE: Final = 1.5
RUN_PX: Final = 4_400_000
"""Most pixels of one run of YuNet: half of a 1080p picture at twice its size, since the model is light."""
BELIEVED: Final = ((24.0, 0.10), (64.0, 0.5), (float("inf"), 0.8))
"""Longer side of a box → the score from which YuNet is believed, at a policy's threshold of .2.

It is sure of what is large enough: of its false boxes from .15 on, those over 24 px are most of the area (0.4 of 0.5 %
of a street picture), and at 1080p those over 64 px cover 9 % of it. CenterFace finds the faces that it leaves there.
The smallest are believed from .1 on: of 1,512 masked or tilted faces of 10 to 22 px the search for faces alone covers
1,350, and 1,340 from .15 on, with .02 % less of a street picture.
"""
BELIEVED_AT: Final = 0.2
STILL_FROM_PX: Final = 14.0
"""Longer side of a face from which it is asked again in a place that has been still for an hour."""
PLAIN: Final = 2.0
"""Score that it needs then, in shares of a policy's threshold: .4 of .2.

On two films of a crossing the faces of a cyclist scored .67 to .75 so, 40 others, on asphalt, hedges and walls, .35 and
less.
"""
PORTION: Final = 2 * small_faces.AT_A_TIME
"""Windows that one thread searches in one go."""
SECOND_SCORE: Final = 0.3
"""Score below the centre's threshold (`canary_threshold`, 0.35): a face that the centre would find is covered first."""
CONTEXT_PX: Final = 64
"""Pixels around a place: a detector judges a place by its surroundings as well."""
WHOLE_FROM: Final = 0.5
"""Windows that make up more than this share of a picture are dearer than the picture."""


@dataclass(frozen=True, slots=True)
class SmallFaces:
    """The small faces of a first search, best first."""

    sure: tuple[Rect, ...]
    doubtful: tuple[Rect, ...]


def small(image: Image, detectors: Detectors, threshold: float, where: Places = None) -> SmallFaces:
    """Search small faces in a raw picture."""
    scale = max(LEAST_SCALE, min(SCALE, _to(image, ENLARGED_PX)), min(LARGEST_SCALE, _to(image, SMALL_PICTURE_PX)))
    found = _found(image, scale, where, lambda part, by: _tiny_faces(part, detectors, small_faces.LEAST, by))
    believed = [d.score >= _believed_from(d, threshold / BELIEVED_AT) for d in found]
    sure = tuple(_rect(d) for d, is_sure in zip(found, believed, strict=True) if is_sure)
    return SmallFaces(sure, tuple(_rect(d) for d, is_sure in zip(found, believed, strict=True) if not is_sure))


def _found(
    image: Image, scale: float, where: Places, search: Callable[[Image, float], list[Detection]]
) -> list[Detection]:
    """Search a picture that `search` enlarges, or places of one that is enlarged already."""
    if where is None:
        return search(image, scale)
    enlarged = Enlarged(image, scale)
    found = found_in(enlarged.image, enlarged.places(where), lambda part: search(part, 1.0))
    return [enlarged.back(one) for one in found]


def settle(
    image: Image,
    first: SmallFaces,
    detectors: Detectors,
    threshold: float,
    known: Sequence[Rect],
    is_still: IsStill = never,
) -> Callable[[], list[Rect]]:
    """Begin to search doubts again where nothing is `known` to be covered; call the result for the small faces.

    The windows are split into portions: a free core takes the next one. A face in a place that has been still for an
    hour is one only if CenterFace sees it plainly.
    """
    windows = small_faces.windows(image, first.doubtful, [*known, *first.sure])
    portions = [windows[begin : begin + PORTION] for begin in range(0, len(windows), PORTION)]
    looks = [
        detectors.beside.begin(partial(small_faces.settled, image, some, detectors.faces, threshold))
        for some in portions
    ]

    def found() -> list[Rect]:
        # From the end: the spare thread begins at the front.
        faces = [*first.sure, *chain.from_iterable([look() for look in reversed(looks)])]
        return [face for face in faces if not is_still(face) or _is_plain(image, face, detectors, threshold)]

    return found


def _is_plain(image: Image, face: Rect, detectors: Detectors, threshold: float) -> bool:
    """Ask CenterFace once more, enlarged. Smaller and larger faces than it judges well so are believed."""
    windows = small_faces.windows(image, [face], ())
    if not windows or max(face.width, face.height) < STILL_FROM_PX:
        return True
    return bool(small_faces.settled(image, windows, detectors.faces, PLAIN * threshold / small_faces.BELIEVED))


def showing(image: Image, detectors: Detectors, threshold: float, where: Places = None) -> list[Rect]:
    """Find faces of any size in a picture to be published, as the centre will search for them."""
    eye = detectors.last_look or detectors.faces
    found = found_in(image, where, lambda part: eye.detect_pieces(part, thresholds={"face": threshold}))
    return [_rect(d) for d in found]


def showing_near(image: Image, places: Sequence[Rect], detectors: Detectors) -> list[Rect]:
    """Find faces by every detector around `places`, which have changed, or in the whole picture if that is cheaper."""
    height, width = image.shape[:2]
    grown = [Rect(p.x0 - CONTEXT_PX, p.y0 - CONTEXT_PX, p.x1 + CONTEXT_PX, p.y1 + CONTEXT_PX) for p in places]
    windows = cover.to_boxes(grown, width, height)
    if sum((w.x1 - w.x0) * (w.y1 - w.y0) for w in windows) > WHOLE_FROM * width * height:
        windows = cover.to_boxes([Rect(0, 0, width, height)], width, height)
    found: list[Rect] = []
    for window in windows:
        part = image[window.y0 : window.y1, window.x0 : window.x1]
        faces = showing(part, detectors, SECOND_SCORE)
        own = _tiny_faces(part, detectors, BELIEVED_AT)
        faces += [_rect(d) for d in own if d.score >= _believed_from(d, SECOND_SCORE / BELIEVED_AT)]
        found += [face.moved(window.x0, window.y0) for face in faces]
    return found


def _tiny_faces(part: Image, detectors: Detectors, least: float, scale: float = 1.0) -> list[Detection]:
    scores: Mapping[Group, float] = {"face": least}
    return detectors.tiny_faces.detect_pieces(part, scale=scale, thresholds=scores, run_px=RUN_PX, small_only=scale > 1)


def _believed_from(face: Detection, factor: float) -> float:
    """Return the score from which YuNet is believed; `factor` raises or lowers it."""
    side = max(face.box.width, face.box.height)
    return min(0.95, factor * next(score for largest, score in BELIEVED if side <= largest))


def _rect(detection: Detection) -> Rect:
    return Rect(*detection.box)


def _to(image: Image, pixels: int) -> float:
    """Return the scale at which a picture has so many pixels."""
    return sqrt(pixels / (image.shape[0] * image.shape[1]))
