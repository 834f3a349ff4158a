"""A box at a time: all that is ever kept of a machine. No pixel, no appearance, no number."""

from math import hypot, log, sqrt
from typing import Final, NamedTuple, Self

from edge_agent.tracker.geometry import Spot
from provisioning.contracts.wire.messages import Machine

MOVED: Final = 0.15
"""Share of its own size that a machine has moved before it counts as moving.

A parked van's ground point strayed by .05 at most in 64 s (docs/tracker.md).
"""
MOVED_PX: Final = 2.0
"""Pixels on top, for small machines: edges are whole pixels."""
GREW: Final = 0.1
"""Share by which width and height must both have changed to say that a box changed all over."""
BORDER_PX: Final = 2
"""Pixels from the picture's edge within which it cuts a box."""


class Mark(NamedTuple):
    """A box at its capture time: milliseconds and pixels."""

    at_ms: int
    x0: float
    y0: float
    x1: float
    y1: float
    whole: bool = True
    """False if the picture's edge cuts it: such a box stays while the machine drives out of it."""

    @classmethod
    def of(cls, at_ms: int, machine: Machine, size: tuple[int, int], scale: float) -> Self:
        """Scale a machine's box in a picture of this size by `scale`."""
        box = machine.box
        whole = min(box.x0, box.y0) >= BORDER_PX and box.x1 <= size[0] - BORDER_PX and box.y1 <= size[1] - BORDER_PX
        return cls(at_ms, box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale, whole)

    @property
    def centre(self) -> Spot:
        """The mean of four edges, so it jitters least: machines are matched by it."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def ground(self) -> Spot:
        """Bottom centre: the one point of a box that is on the road, where lines are drawn.

        The centre of a lorry is 1.5 m above the road and would cross a line a lane away.
        """
        return (self.x0 + self.x1) / 2, self.y1

    @property
    def size(self) -> float:
        """Geometric mean of width and height, pixels: the unit of anything that depends on distance from the camera."""
        return sqrt((self.x1 - self.x0) * (self.y1 - self.y0))

    def moved_from(self, before: "Mark", along: Spot | None = None) -> bool:
        """True if all of the box is elsewhere, in direction `along` (a unit vector) if that is given.

        A box that is cut by an object before the machine moves one edge of a pair. A machine that moves takes both, or
        grows or
        shrinks all over: the roof of a lorry that comes nearer stays where it is.
        """
        dx, dy = _both(self.x0 - before.x0, self.x1 - before.x1), _both(self.y0 - before.y0, self.y1 - before.y1)
        wider, higher = (self.x1 - self.x0) / (before.x1 - before.x0), (self.y1 - self.y0) / (before.y1 - before.y0)
        if abs(_both(log(wider), log(higher))) >= GREW:
            dx, dy = self.way_from(before)
        way = hypot(dx, dy) if along is None else dx * along[0] + dy * along[1]
        return way >= MOVED * min(self.size, before.size) + MOVED_PX

    def way_from(self, before: "Mark") -> Spot:
        """Way of the ground point since `before`, pixels."""
        (x0, y0), (x1, y1) = before.ground, self.ground
        return x1 - x0, y1 - y0


class SeenMachine(NamedTuple):
    """A machine of one look, reduced to what the tracker needs."""

    mark: Mark
    two_wheeler: bool
    certain: bool


def _both(one: float, other: float) -> float:
    if one * other <= 0:
        return 0.0
    return one if abs(one) < abs(other) else other
