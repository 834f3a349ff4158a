"""Lines, zones and lanes of a camera, and one machine's relation to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import hypot
from typing import Final, NamedTuple, Self

from edge_agent.tracker.geometry import Spot, heading_deg, inside, meet, off_edge, off_line, turn_deg
from edge_agent.tracker.timed_box import Mark
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import Crossing

MARGIN: Final = 0.1
"""Share of its size by which a machine is past an edge before that counts: twice the jitter of a parked one."""
MARGIN_PX: Final = 2.0
WRONG_WAY_SPEED: Final = 0.25
"""Own sizes a second. A standing machine's jitter makes less than .1; an e-bike 50 m away makes .4 at 5 m/s."""
WRONG_WAY_LOOKS: Final = 2
WRONG_WAY_MS: Final = 1000
WRONG_WAY_GAP_MS: Final = 750
"""Looks farther apart say nothing of the direction.

At one a second a stream of e-bikes 6 m apart seems to roll backwards, as wheels do in films (24 false ones an hour on a
simulated street that had none).
"""


class PixelLine(NamedTuple):
    """`normal`: of unit length, to the right of a walker from start to end."""

    name: str
    start: Spot
    end: Spot
    normal: Spot


class PixelZone(NamedTuple):
    name: str
    polygon: tuple[Spot, ...]


class PixelLane(NamedTuple):
    """An area with a direction, degrees."""

    name: str
    polygon: tuple[Spot, ...]
    heading_deg: float
    tolerance_deg: float


@dataclass(frozen=True, slots=True)
class Places:
    """Lines, zones and lanes of one camera, in pixels of one size of its picture."""

    lines: tuple[PixelLine, ...]
    zones: tuple[PixelZone, ...]
    lanes: tuple[PixelLane, ...]

    @classmethod
    def of(cls, camera: processes.Camera, size: tuple[int, int]) -> Self:
        """Scale a camera's places. `size`: width and height of the picture."""

        def pixels(points: Iterable[Spot]) -> tuple[Spot, ...]:
            return tuple((x * size[0], y * size[1]) for x, y in points)

        return cls(
            tuple(_line(line.name, *pixels((line.start, line.end))) for line in camera.lines),
            tuple(PixelZone(zone.name, pixels(zone.polygon)) for zone in camera.zones),
            tuple(
                PixelLane(lane.name, pixels(lane.polygon), lane.heading_deg, lane.tolerance_deg)
                for lane in camera.lanes
            ),
        )


class Clear(NamedTuple):
    """Right of a line, or inside a zone; and the latest look at which that was beyond doubt."""

    state: bool
    mark: Mark


@dataclass(slots=True, repr=False)
class Visit:
    """One machine's sides of lines, stays in zones and wrong ways."""

    sides: dict[str, Clear] = field(default_factory=dict)
    within: dict[str, Clear] = field(default_factory=dict)
    entered_ms: dict[str, int] = field(default_factory=dict)
    against: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Lane → time since which it goes against it, and number of looks."""

    def crossed(self, now: Mark, places: Places) -> list[Crossing]:
        """Return lines crossed since the look before, in the configuration's order."""
        found = []
        for line in places.lines:
            off = off_line(now.ground, line.start, line.end)
            right = off > 0
            along = line.normal if right else (-line.normal[0], -line.normal[1])
            before = self.sides.get(line.name)
            turned = _turn(self.sides, line.name, Clear(right, now), off=abs(off), along=along)
            if turned and before is not None and meet(before.mark.ground, now.ground, line.start, line.end):
                found.append(Crossing(line=line.name, to="right" if right else "left"))
        return found

    def dwells(self, now: Mark, places: Places) -> dict[str, float]:
        """Return seconds in each zone that it is in."""
        for zone in places.zones:
            state = Clear(inside(now.ground, zone.polygon), now)
            if _turn(self.within, zone.name, state, off=off_edge(now.ground, zone.polygon)):
                if state.state:
                    self.entered_ms[zone.name] = now.at_ms
                else:
                    self.entered_ms.pop(zone.name, None)
        return {name: round((now.at_ms - entered) / 1000, 1) for name, entered in self.entered_ms.items()}

    def wrong_way(self, before: Mark, way: tuple[Mark, Mark] | None, now: Mark, places: Places) -> tuple[str, ...]:
        """Return lanes against which it goes. `before`: the mark before this one; `way`: its latest movement."""
        for lane in places.lanes:
            if (
                way is not None
                and _goes_against(way, lane)
                and now.at_ms - before.at_ms <= WRONG_WAY_GAP_MS
                and inside(now.ground, lane.polygon)
            ):
                since_ms, looks = self.against.get(lane.name, (now.at_ms, 0))
                self.against[lane.name] = since_ms, looks + 1
            else:
                self.against.pop(lane.name, None)
        return tuple(
            name
            for name, (since_ms, looks) in self.against.items()
            if looks >= WRONG_WAY_LOOKS and now.at_ms - since_ms >= WRONG_WAY_MS
        )


def _line(name: str, start: Spot, end: Spot) -> PixelLine:
    x, y = start[1] - end[1], end[0] - start[0]
    length = hypot(x, y)
    return PixelLine(name, start, end, (x / length, y / length))


def _goes_against(way: tuple[Mark, Mark], lane: PixelLane) -> bool:
    before, now = way
    dx, dy = now.way_from(before)
    speed = hypot(dx, dy) / now.size / ((now.at_ms - before.at_ms) / 1000)
    return speed >= WRONG_WAY_SPEED and turn_deg(heading_deg(dx, dy), lane.heading_deg) > lane.tolerance_deg


def _turn(known: dict[str, Clear], name: str, state: Clear, *, off: float, along: Spot | None = None) -> bool:
    """True if this is a new state. It counts once the machine is past the edge by a margin and has moved since."""
    now, before = state.mark, known.get(name)
    if off < MARGIN * now.size + MARGIN_PX:
        return False
    turned = before is None or before.state != state.state
    if turned and before is not None and not now.moved_from(before.mark, along):
        return False
    known[name] = state
    return turned
