"""How a candidate is ranked: likeness × colour × whether the machine could have been there then. Pure.

    like  = p − max(0, n − p + MARGIN)      never above p; p: cosine to the sought machine, n: to the nearest rejected
    score = like × colour × reach           each factor at most 1

*n*: a candidate that looks about as much like a machine that somebody rejected falls below all that do not; one that
is clearly nearer to the sought machine (by `MARGIN`) keeps its place. *colour*: `OTHER_COLOUR` where a colour was seen
that the owner did not name; an unseen one lowers nothing. *reach*: 1 where the way from the known sightings next to it
can be gone at the fastest speed of its class, less the faster it would have had to go, and never below `LEAST_REACH`,
since a stolen bicycle may lie in a van.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from center.cases.places import Anchor
from center.cases.speeds import FASTEST_MPS
from center.geometry import Position, distance_m
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass

MARGIN: Final = 0.05
OTHER_COLOUR: Final = 0.9
"""Four in five named colours are right (docs/appearance.md), so a wrong one is no proof."""
LEAST_REACH: Final = 0.25
IN_VIEW_M: Final = 100.0
"""How far from its camera's coordinates a machine may be."""


@dataclass(frozen=True, slots=True)
class Score:
    """One candidate's rank and what it is made of, so that it can be explained."""

    likeness: float
    """Cosine to the sought machine, -1 to 1."""
    rejected: float | None
    """Cosine to the nearest rejected machine; None: none was near enough to be answered."""
    colour: float
    reach: float

    @property
    def like(self) -> float:
        """After what was rejected."""
        return lowered(self.likeness, self.rejected)

    @property
    def total(self) -> float:
        """What candidates are sorted by. A negative likeness is not made better by a factor."""
        return self.like * self.colour * self.reach if self.like > 0 else self.like


def lowered(likeness: float, rejected: float | None) -> float:
    """The likeness after rejections: falls as `rejected` rises, rises with `likeness`, and is never above it."""
    return likeness if rejected is None else likeness - max(0.0, rejected - likeness + MARGIN)


def colour_factor(seen: MachineColour | None, wanted: tuple[MachineColour, ...]) -> float:
    """See the module."""
    return OTHER_COLOUR if wanted and seen is not None and seen not in wanted else 1.0


def reach(at_ms: int, place: Position | None, anchors: Iterable[Anchor], cls: MachineClass) -> float:
    """Whether a machine known at the anchors could have been here then. Unknown places lower nothing."""
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
