"""Finds licence plates: in the whole picture, and enlarged at doubts and on machines that bear one.

The detector wants a plate of 100 pixels and more. At a picture's own size it is sure of few small ones, but it has a
faint idea of most, and is right about nearly all that it is shown at three times their size.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import prod
from typing import Final

from edge_agent.redactor import cover
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.search_regions import Places, found_in
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from provisioning.contracts.wire.messages import Box

Shares = tuple[float, float, float, float]

DOUBT: Final = (0.001, 120.0)
"""Least score and largest width of a doubt that is searched enlarged: about 8 places in a street picture.

Of 24 drawn plates of 60 px in 720p streets 3 are covered without it and 19 with it, at the place and size that they
have.
"""
ENLARGED_SHARE: Final = 0.25
"""In a window the detector is believed from this share of the policy's threshold on."""
WINDOW_PX: Final = (160, 80)
TENSOR_PX: Final = (480, 240)
"""Size of a window's tensor, one at a time: a run of more does not fit the caches.

Eight take 50 CPU ms, 55 as a batch.
"""
DOUBTS: Final = 12
MACHINES: Final = 8
TWO_WHEELERS: Final = 4
HALVES: Final = ((-0.05, -0.1, 0.65, 1.1), (0.35, -0.1, 1.05, 1.1))
"""Halves of a two-wheeler's box: its small plate sits at either end and at any height, with two rows of letters.

Stretched to twice their width such plates look more like those that the detector knows. Of 48 drawn ones of 40 to 90 px
on bicycles of a street clip 41 are covered without these windows and 45 with them.
"""
HALF_SHARE: Final = 0.1
"""In a half, and from farther off, the detector is believed from this share of the policy's threshold on."""
LOWER_PART: Final = (-0.05, 0.25, 1.05, 1.05)
"""Part of a machine's box in which it bears a plate."""
NEAR_PX: Final = 60
"""Least width of a machine: on a narrower one a plate, a quarter of its width, is not legible."""
LARGEST: Final = 0.7
"""Largest share of its window: a larger box is no plate."""
LARGE_PX: Final = 64.0
"""Width from which a plate found at a doubt has to be confirmed from farther off.

Enlarged three times it fills half of its window, and so does a street corner, a tarpaulin or two cars behind one
another. In tuning pictures, half of them with drawn plates, 170 finds of this size are 134 plates and 36 others, which
make up six tenths of what all finds cover needlessly.
"""
FARTHER: Final = (3.0, 4.4)
"""Widths of the two windows that confirm, in widths of the plate.

Both scores together confirm the 134, all of them with .03 and more, and 5 of the others. Either alone loses one or two
plates.
"""
MOST_CONFIRMED: Final = 4
"""Most plates that are searched again: any more are covered as they are."""
SAME: Final = 0.3
"""Intersection over union from which two boxes are the same plate."""


def ideas(image: Image, detector: Detector, where: Places = None) -> list[Detection]:
    """Search a raw picture for anything that may be a plate, however faint."""
    return found_in(image, where, lambda part: detector.detect_pieces(part, thresholds={"plate": DOUBT[0]}))


def plates(
    image: Image,
    found: Sequence[Detection],
    vehicles: Sequence[Rect],
    two_wheelers: Sequence[Rect],
    detector: Detector,
    threshold: float,
) -> list[Rect]:
    """Find plates in a raw picture; `found`: its `ideas`; `vehicles` and `two_wheelers`: machines that may bear one."""
    sure = [_rect(d) for d in found if d.score >= threshold]
    doubtful = (_rect(d) for d in found if d.score < threshold and d.box.width <= DOUBT[1])
    doubts = _in_windows(image, [*islice(_apart(doubtful, image), DOUBTS)], detector, threshold * ENLARGED_SHARE)
    parts = _parts([*vehicles, *two_wheelers], (LOWER_PART,), MACHINES, image)
    halves = _parts(two_wheelers, HALVES, TWO_WHEELERS, image)
    return [
        *sure,
        *confirmed(image, doubts, detector, threshold * HALF_SHARE),
        *_in_windows(image, parts, detector, threshold * ENLARGED_SHARE),
        *_in_windows(image, halves, detector, threshold * HALF_SHARE),
    ]


def confirmed(image: Image, found: Sequence[Rect], detector: Detector, threshold: float) -> list[Rect]:
    """Return the plates that are small, or that windows around them show again.

    The scores of both windows count together, as their geometric mean: it has to reach `threshold`.
    """
    large = sorted((plate for plate in found if plate.width >= LARGE_PX), key=lambda plate: -plate.width)
    refused = [
        plate
        for plate in large[:MOST_CONFIRMED]
        if prod(_score_again(image, plate, times, detector) for times in FARTHER) < threshold ** len(FARTHER)
    ]
    return [plate for plate in found if plate not in refused]


def _score_again(image: Image, plate: Rect, times: float, detector: Detector) -> float:
    """Return the score of a plate in a window of so many of its widths, at least that of a doubt."""
    width = times * max(plate.width, plate.height)
    window = _around(plate, image, (round(width), round(width * WINDOW_PX[1] / WINDOW_PX[0])))
    cut = image[window.y0 : window.y1, window.x0 : window.x1]
    found = detector.detect_many([cut], size=TENSOR_PX, thresholds={"plate": DOUBT[0]}, at_a_time=1)[0]
    same = (d.score for d in found if plate.overlap(_rect(d).moved(window.x0, window.y0)) >= SAME)
    return max(same, default=DOUBT[0])


def _in_windows(image: Image, windows: Sequence[Box], detector: Detector, threshold: float) -> list[Rect]:
    cuts = [image[window.y0 : window.y1, window.x0 : window.x1] for window in windows]
    batch = detector.detect_many(cuts, size=TENSOR_PX, thresholds={"plate": threshold}, at_a_time=1)
    return [
        _rect(plate).moved(window.x0, window.y0)
        for window, found in zip(windows, batch, strict=True)
        for plate in found
        if plate.box.width <= LARGEST * (window.x1 - window.x0)
    ]


def _apart(doubts: Iterable[Rect], image: Image) -> Iterator[Box]:
    """Yield a window around each doubt, but for one that lies well inside a window before it."""
    taken: list[Box] = []
    for doubt in doubts:
        window = _around(doubt, image)
        across, down = (window.x1 - window.x0) / 8, (window.y1 - window.y0) / 8
        if not any(
            abs(window.x0 - t.x0) <= across and abs(window.y0 - t.y0) <= down and _holds(t, doubt) for t in taken
        ):
            taken.append(window)
            yield window


def _holds(window: Box, doubt: Rect) -> bool:
    """True if the doubt lies in the window.

    Windows at the picture's edge were moved, so near ones need not hold the same.
    """
    return window.x0 <= doubt.x0 and doubt.x1 <= window.x1 and window.y0 <= doubt.y0 and doubt.y1 <= window.y1


def _around(doubt: Rect, image: Image, size: tuple[int, int] = WINDOW_PX) -> Box:
    """Return a window of this size with the doubt in its middle, moved into the picture."""
    height, width = image.shape[:2]
    across, down = min(size[0], width), min(size[1], height)
    x = round(min(max(0.0, (doubt.x0 + doubt.x1 - across) / 2), width - across))
    y = round(min(max(0.0, (doubt.y0 + doubt.y1 - down) / 2), height - down))
    return Box(x0=x, y0=y, x1=x + across, y1=y + down)


def _parts(machines: Iterable[Rect], parts: Sequence[Shares], most: int, image: Image) -> list[Box]:
    """Return parts of at most `most` machines that are near enough to read a plate, the largest first."""
    near = sorted((m for m in machines if m.width >= NEAR_PX), key=lambda m: -m.width)[:most]
    boxes = (cover.to_boxes([machine.at(part)], image.shape[1], image.shape[0]) for machine in near for part in parts)
    return list(dict.fromkeys(box[0] for box in boxes if box))


def _rect(detection: Detection) -> Rect:
    return Rect(*detection.box)
