"""Computes covers and paints them. Pure geometry: no model, no decision what a thing is.

Rectangles are float (x0, y0, x1, y1) in pixels, origin top left. Covers grow outward and are clipped to the picture, so
rounding can only cover more.
"""

from collections.abc import Iterable
from math import ceil, floor, inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.detection.postprocess import Box as Found
from provisioning.contracts.wire.messages import MAX_BOXES, Box

Image = NDArray[np.uint8]
"""Array of H×W×3, BGR."""

COLOUR: Final = (64, 64, 64)
"""One constant colour. No mosaic and no blur: an 8×8 mosaic still let a Haar cascade find 2-5 of 43 faces."""

FACE_GROWTH: Final = 1.4
"""Factor by which a face's box grows. Detectors box eyes to chin; a face is known by hair and jaw too.

1.4 is what recall was measured with.
"""
FACE_MARGIN: Final = (8.0, 0.4)
"""Least margin to each side in pixels, but no more than this share of the longer side.

A small box is off by more, and of a masked face it holds the upper half. With it 20 instead of 18 of 22 masked faces of
16 px, and 37 instead of 33 of 44 tilted ones of 8 px are covered, for 0.2 % of the picture.
"""
PERSON_MARGINS: Final = ((0.02, 2.0, 0.06), (0.06, 6.0, 0.12), (0.01, 1.0, 0.03))
"""Margins of a person to each side, above and below, as (share of a large box, pixels of a small box, largest share).

Of 133 heads in 80 pictures of 30 photographs the boxes of people alone cover 129 with the last all around, with these,
and with .03 above and nothing else; with no margin 123.
"""
TALL: Final = 0.3
"""Share of the picture's height from which a person is tall in it: the detector then sees enough of the body."""
TALL_MARGINS: Final = ((0.01, 2.0, 0.06), (0.04, 6.0, 0.12), (0.0, 1.0, 0.03))
"""Margins of a tall person.

Of 142 heads in 96 pictures of 38 photographs the boxes of people alone cover the same 141 with these, with .03 above
and
nothing else, and with `PERSON_MARGINS`, which cover 0.8 % more of them needlessly.
"""
HEAD_ZONE: Final = (0.35, 1.0)
"""Zone of a tall person's head from the top, the larger of these shares of height and of width.

A head is there, whether the person stands, sits or bends. Of a bust it is all.
"""
NARROWER: Final = 0.08
"""Share of a tall person's width by which the cover is narrower at each side below the head's zone.

At the feet it is half as much of the height. A box is easily too large by so much, and no head is there to be
uncovered.
"""
PLATE_GROWTH: Final = 1.3
SADDLE: Final = 0.35
"""Height of the saddle below the top of a two-wheeler's box, as a share of its height: below it is machine alone."""
RIDER_HEIGHT: Final = 1.25
"""Height of a rider over the top of the machine's box, in heights of the box: a tall person standing up."""
RIDER_OVERHANG: Final = 0.12
"""Overhang of elbows and a pillion rider's back beyond the machine's box, as a share of its width."""
RIDER_REACH: Final = (0.5, 0.35)
"""Reach of a certain rider's block beyond the person's box, as shares of it: to each side, and above."""
PLATE_BANDS: Final = (
    (1.0, (0.22, 0.62, 0.78, 0.98)),
    (1.25, (0.28, 0.4, 0.72, 0.98)),
    (1.7, (0.2, 0.44, 0.8, 0.9)),
    (inf, (0.24, 0.48, 0.76, 0.94)),
)
"""Bands of plates on whole vehicles, as shares of the box, each up to a width by height.

In a tall box the plate sits low: it is a truck, a bus, or a car seen from above. Of 381 photographed plates 286 lie
under these bands, which paint .26 of a box, and 269 under `CUT_OFF_BAND` on all vehicles, which paints .30.
"""
CUT_OFF_BAND: Final = (0.18, 0.48, 0.82, 0.95)
"""Band of a vehicle that the picture's edge cuts off: the proportions of its box say nothing."""
SIDE_ON: Final = 2.2
"""Width by height from which a vehicle is seen from the side; three-quarter views reach 2."""
EDGE_PX: Final = 2.0
BAND_FROM_PX: Final = 80
"""Least width of a vehicle for a band: on a narrower one a plate, a quarter of it, has under 3 px a character.

A recogniser reads none of 215 plates whose letters are 4 px high, 3 of 5 px. At 80 x 50 px one vehicle in 20 has 5 px.
"""
LOWEST_FRONT: Final = 1.6
"""Width by height of the lowest car from the front: one under 50 px high is as far as a front under 80 px wide."""


class Rect(Found):
    """A rectangle in float pixels, as a detector gives it, that can grow and be divided."""

    __slots__ = ()

    def grown(self, factor: float) -> "Rect":
        """Grow around the same centre, `factor` times as wide and high."""
        dx, dy = self.width * (factor - 1) / 2, self.height * (factor - 1) / 2
        return Rect(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)

    def common(self, other: "Rect") -> float:
        """Area that two rectangles share."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(width, 0.0) * max(height, 0.0)

    def overlap(self, other: "Rect") -> float:
        """Computes the intersection over the union of two rectangles."""
        shared = self.common(other)
        return shared / max(1e-9, self.width * self.height + other.width * other.height - shared)

    def share_in(self, other: "Rect") -> float:
        """Computes the share of this rectangle that lies in another."""
        return self.common(other) / max(1e-9, self.width * self.height)

    def moved(self, x: float, y: float) -> "Rect":
        """Move by `x` and `y`, at the same size."""
        return Rect(self.x0 + x, self.y0 + y, self.x1 + x, self.y1 + y)

    def at(self, shares: tuple[float, float, float, float]) -> "Rect":
        """Return the part given by shares of the sides."""
        x0, y0, x1, y1 = shares
        return Rect(
            self.x0 + x0 * self.width, self.y0 + y0 * self.height, self.x0 + x1 * self.width, self.y0 + y1 * self.height
        )


def face(found: Rect) -> Rect:
    """Cover a face with its hair and jaw."""
    longer = max(found.width, found.height)
    least = min(FACE_MARGIN[0], FACE_MARGIN[1] * longer)
    dx, dy = (max(least, side * (FACE_GROWTH - 1) / 2) for side in (found.width, found.height))
    return Rect(found.x0 - dx, found.y0 - dy, found.x1 + dx, found.y1 + dy)


def pedestrian(person: Rect) -> Rect:
    """Cover a person on foot whole; a detector's box tends to cut hair and shoes, hence the margin."""
    return _with_margins(person, PERSON_MARGINS)


def tall_pedestrian(person: Rect) -> tuple[Rect, ...]:
    """Cover a person taller than `TALL` of the picture: with margins at the head, narrower than the box below.

    An elbow or a foot may stand out; of the evaluation's 400 heads the same 378 are covered at the first search.
    """
    whole = _with_margins(person, TALL_MARGINS)
    aside, below = NARROWER * person.width, NARROWER / 2 * person.height
    neck = person.y0 + max(HEAD_ZONE[0] * person.height, HEAD_ZONE[1] * person.width)
    if neck >= person.y1 - below:
        return (whole,)
    head = Rect(whole.x0, whole.y0, whole.x1, neck)
    return head, Rect(person.x0 + aside, neck, person.x1 - aside, person.y1 - below)


def _with_margins(person: Rect, margins: Iterable[tuple[float, float, float]]) -> Rect:
    lengths = (person.width, person.height, person.height)
    side, top, bottom = (
        max(least * length, min(pixels, most * length))
        for length, (least, pixels, most) in zip(lengths, margins, strict=True)
    )
    return Rect(person.x0 - side, person.y0 - top, person.x1 + side, person.y1 + bottom)


def rides(person: Rect, machine: Rect) -> bool:
    """True if a person sits on a two-wheeler: centred over it, head above it, feet above the road, of its size."""
    centre = (person.x0 + person.x1) / 2
    return (
        machine.x0 <= centre <= machine.x1
        and 0.2 * machine.width < person.width < 1.3 * machine.width
        and person.height > 0.5 * machine.height
        and person.y0 < machine.y0 + SADDLE * machine.height
        and machine.y0 < person.y1 < machine.y1 - 0.02 * machine.height
    )


def rider(machine: Rect, person: Rect) -> tuple[Rect, Rect]:
    """Cover a rider from the saddle up: by a block of the machine's box, and by the person's box above the saddle.

    The block does not depend on the rider, so that what remains visible of the machine does not either.
    """
    saddle = machine.y0 + SADDLE * machine.height
    overhang = RIDER_OVERHANG * machine.width
    block = Rect(machine.x0 - overhang, machine.y0 - RIDER_HEIGHT * machine.height, machine.x1 + overhang, saddle)
    grown = pedestrian(person)
    return block, Rect(grown.x0, grown.y0, grown.x1, max(saddle, grown.y0 + 1))


def certain_rider(machine: Rect, person: Rect) -> tuple[Rect, Rect]:
    """Cover a rider whose place is certain: of the block only what lies within reach of the person's box.

    A block of the machine's box alone is as high again as a rider, and hides the vehicle behind.
    """
    block, own = rider(machine, person)
    aside, above = RIDER_REACH[0] * person.width, RIDER_REACH[1] * person.height
    near = Rect(
        max(block.x0, person.x0 - aside),
        max(block.y0, person.y0 - above),
        min(block.x1, person.x1 + aside),
        block.y1,
    )
    return near, own


def plate_band(vehicle: Rect, plates: Iterable[Rect], *, is_whole: bool) -> Rect | None:
    """Return the band of the plate of a vehicle near enough to read one, if no plate was found on it."""
    if vehicle.width < BAND_FROM_PX or any(_centre_in(plate, vehicle) for plate in plates):
        return None
    if not is_whole:
        return vehicle.at(CUT_OFF_BAND)
    return vehicle.at(next(band for most, band in PLATE_BANDS if vehicle.width < most * vehicle.height))


def shows_plate(vehicle: Rect) -> bool:
    """True if a whole vehicle may show a legible plate: not seen from the side, where none is, and not too far."""
    return vehicle.width < SIDE_ON * vehicle.height and LOWEST_FRONT * vehicle.height >= BAND_FROM_PX


def at_edge(rect: Rect, width: int, height: int) -> bool:
    """True if the picture's edge cuts a thing off, which lowers a detector's score and changes its proportions."""
    return rect.x0 <= EDGE_PX or rect.y0 <= EDGE_PX or rect.x1 >= width - EDGE_PX or rect.y1 >= height - EDGE_PX


def _centre_in(inner: Rect, outer: Rect) -> bool:
    x, y = (inner.x0 + inner.x1) / 2, (inner.y0 + inner.y1) / 2
    return outer.x0 <= x <= outer.x1 and outer.y0 <= y <= outer.y1


def to_boxes(rects: Iterable[Rect], width: int, height: int) -> tuple[Box, ...]:
    """Round to whole-pixel boxes that contain the rectangles, clipped to the picture, without doubles or nested boxes.

    Raises:
        ValueError: more than `MAX_BOXES` remain; such a picture could not be checked.
    """
    corners = {
        (max(0, floor(r.x0)), max(0, floor(r.y0)), min(width, ceil(r.x1)), min(height, ceil(r.y1))) for r in rects
    }
    real = sorted((c for c in corners if c[2] > c[0] and c[3] > c[1]), key=lambda c: (c[0] - c[2]) * (c[3] - c[1]))
    kept: list[tuple[int, int, int, int]] = []
    for c in real:
        if not any(k[0] <= c[0] and k[1] <= c[1] and k[2] >= c[2] and k[3] >= c[3] for k in kept):
            kept.append(c)
    if len(kept) > MAX_BOXES:
        raise ValueError(f"{len(kept)} regions to cover, at most {MAX_BOXES}")
    return tuple(Box(x0=x0, y0=y0, x1=x1, y1=y1) for x0, y0, x1, y1 in sorted(kept))


def paint(image: Image, boxes: Iterable[Box]) -> Image:
    """Copy `image` (H×W×3) with every box filled."""
    covered = image.copy()
    for box in boxes:
        covered[box.y0 : box.y1, box.x0 : box.x1] = COLOUR
    return covered


def mask(boxes: Iterable[Box], width: int, height: int) -> NDArray[np.bool_]:
    """Mask (H×W) of the boxes, true where covered."""
    covered = np.zeros((height, width), dtype=np.bool_)
    for box in boxes:
        covered[box.y0 : box.y1, box.x0 : box.x1] = True
    return covered


def covered_share(rect: Rect, covered: NDArray[np.bool_]) -> float:
    """Covered share of a rectangle, 0..1; 1 for one that lies outside the picture."""
    height, width = covered.shape
    x0, x1 = max(0, floor(rect.x0)), min(width, ceil(rect.x1))
    y0, y1 = max(0, floor(rect.y0)), min(height, ceil(rect.y1))
    if x1 <= x0 or y1 <= y0:
        return 1.0
    return float(covered[y0:y1, x0:x1].mean())
