"""Ranks candidates: likeness × colour × reach, by which the machine could have been there then. Pure.

    like  = p − max(0, n − p + MARGIN)      never above p; p: cosine to the sought machine, n: to the nearest rejected
    score = like × colour × reach           each factor at most 1

*n*: a candidate that looks about as much like a rejected machine falls below all that do not; one that is clearly
nearer to the sought machine (by `MARGIN`) keeps its place. *colour*: `OTHER_COLOUR` if the candidate has a colour that
the owner did not name; an unknown colour lowers nothing. *reach*: 1 if the way from the known sightings next to it can
be gone at the fastest speed of its class, less the faster it would have had to go, and never below `LEAST_REACH`, since
a stolen bicycle may lie in a van.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from center.geometry import Position, distance_m
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass

FASTEST_MPS: Final = {
    MachineClass.BICYCLE: 10.0,
    MachineClass.MOTORCYCLE: 20.0,
    MachineClass.CAR: 33.0,
    MachineClass.BUS: 28.0,
    MachineClass.TRUCK: 28.0,
}
"""Metres a second along the straight line, by class: generous on both sides on purpose."""
SLOWEST_MPS: Final = {
    MachineClass.BICYCLE: 2.0,
    MachineClass.MOTORCYCLE: 3.0,
    MachineClass.CAR: 4.0,
    MachineClass.BUS: 4.0,
    MachineClass.TRUCK: 4.0,
}
MARGIN: Final = 0.05
OTHER_COLOUR: Final = 0.9
"""Four in five named colours are right (docs/appearance.md), so a wrong one is no proof."""
LEAST_REACH: Final = 0.25
IN_VIEW_M: Final = 100.0
"""Metres that a machine may be from its camera's coordinates."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A known place and time of the machine: the theft, or a sighting that a user confirmed."""

    at_ms: int
    place: Position
    because: str = ""
    """Row key of the sighting; empty: the theft."""
    agent_id: str = ""
    camera_id: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """One candidate's score with its factors, so that it can be explained."""

    likeness: float
    """Cosine to the sought machine, -1 to 1."""
    rejected: float | None
    """Cosine to the nearest rejected machine; None: none was near enough to be a hit."""
    colour: float
    reach: float

    @property
    def like(self) -> float:
        """Likeness lowered by rejections."""
        return lowered(self.likeness, self.rejected)

    @property
    def total(self) -> float:
        """Score by which candidates are sorted. A negative likeness is not multiplied: a factor would improve it."""
        return self.like * self.colour * self.reach if self.like > 0 else self.like


def lowered(likeness: float, rejected: float | None) -> float:
    """Lowers a likeness by rejections: it falls as `rejected` rises, rises with `likeness`, and is never above it."""
    return likeness if rejected is None else likeness - max(0.0, rejected - likeness + MARGIN)


def colour_factor(seen: MachineColour | None, wanted: tuple[MachineColour, ...]) -> float:
    """Returns the colour factor: `OTHER_COLOUR` for a known colour that was not asked for, else 1."""
    return OTHER_COLOUR if wanted and seen is not None and seen not in wanted else 1.0


def reach(at_ms: int, place: Position | None, anchors: Iterable[Anchor], cls: MachineClass) -> float:
    """Returns how well a machine known at the anchors could have been here then: `LEAST_REACH` to 1.

    Unknown places lower nothing.
    """
    known = list(anchors)
    if place is None or not known:
        return 1.0
    before = max((each for each in known if each.at_ms <= at_ms), key=lambda each: each.at_ms, default=None)
    behind = min((each for each in known if each.at_ms > at_ms), key=lambda each: each.at_ms, default=None)
    return min(_possible(at_ms, place, each, FASTEST_MPS[cls]) for each in (before, behind) if each is not None)


def _possible(at_ms: int, place: Position, anchor: Anchor, fastest_mps: float) -> float:
    way_m = distance_m(place, anchor.place) - IN_VIEW_M
    if way_m <= 0:
        return 1.0
    in_time_m = fastest_mps * abs(at_ms - anchor.at_ms) / 1000
    return max(LEAST_REACH, min(1.0, in_time_m / way_m))
