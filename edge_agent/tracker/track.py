"""The track of one machine, as long as it is followed."""

from collections import deque
from dataclasses import dataclass, field
from math import exp, hypot
from typing import Final, NoReturn

from edge_agent.tracker.geometry import Spot, heading_deg
from edge_agent.tracker.timed_box import Mark, SeenMachine
from edge_agent.tracker.zones import Places, Visit
from provisioning.contracts.wire.messages import Crossing, Motion

Rect = tuple[float, float, float, float]

HISTORY: Final = 16
SPACING_MS: Final = 100
"""Looks closer together share one place in the history, which so spans a second and a half at any rate."""
WINDOW_MS: Final = 1500
"""Speed and heading are those of the last second and a half, or since the look before if that is longer ago."""
STEADY_S: Final = 3.0
"""Time constant with which a machine that is not seen is expected to lose its speed."""
FAR: Final = 0.6
"""Share of its size over which a heading is taken, once it has gone so far: a jitter of .03 turns that by 3 degrees."""
SETTLED_MS: Final = 2_500
"""Milliseconds in which a machine drives in or out at the picture's edge. Three looks last longer if they are rare."""
MEDIAN_OF: Final = 5
"""Boxes of a median: one in fifty, or more beside traffic, is cut or merged, and must not be compared with alone."""
VOTES: Final = 5
MAX_DWELL_S: Final = 86_400.0
MAX_CROSSED: Final = 16


@dataclass(slots=True, repr=False, eq=False)
class Track:
    """The boxes of a machine in the last looks, and its relation to the lines, zones and lanes of its camera."""

    since_ms: int
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=HISTORY))
    votes: int = 0
    """For a two-wheeler, -5 to 5: a three-wheeler is a truck in one look and a motorcycle in the next."""
    velocity: Spot = (0.0, 0.0)
    """Velocity of the box's centre, pixels a second."""
    way: tuple[Mark, Mark] | None = None
    """First and last mark of the latest movement: the shortest stretch of `FAR`, else any. None while it stands."""
    still_ms: int = 0
    """Time since which it has not moved."""
    visit: Visit = field(default_factory=Visit)
    unjudged: list[Mark] = field(default_factory=list)
    """Marks that `motion` has not yet held against lines and zones."""
    untold: list[Crossing] = field(default_factory=list)
    """Crossings that no snapshot has reported yet: a look between two snapshots reports none."""
    reported_ms: dict[str, int] = field(default_factory=dict)
    """Lane → time of the last report that it goes the wrong way there."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a track stays in the memory of its tracker")

    @property
    def last(self) -> Mark:
        return self.marks[-1]

    @property
    def stands(self) -> bool:
        """True if it stands, as far as can be told; if it is half out of the picture, only after a while."""
        return self.way is None and (self.last.whole or self.last.at_ms - self.still_ms >= SETTLED_MS)

    @property
    def two_wheeler(self) -> bool:
        """True if the majority of its latest looks says so."""
        return self.votes > 0

    def see(self, seen: SeenMachine) -> None:
        """Add a look, and update votes, velocity and way."""
        if len(self.marks) > 1 and self.last.at_ms - self.marks[-2].at_ms < SPACING_MS:
            self.marks.pop()
        self.marks.append(seen.mark)
        self.unjudged.append(seen.mark)
        self.votes = max(-VOTES, min(VOTES, self.votes + (1 if seen.two_wheeler else -1)))
        self.velocity, self.way = self._velocity(), self._way()
        if self.way is not None or len(self.marks) == 1:
            self.still_ms = seen.mark.at_ms

    def expected(self, at_ms: int) -> Rect:
        """Predict its box. For one that stands: the median of each edge over its last looks."""
        lately = list(self.marks)[-MEDIAN_OF:]
        if self.stands and len(lately) == MEDIAN_OF and not lately[-2].moved_from(lately[0]):
            edges = zip(*(mark[1:5] for mark in lately), strict=True)
            x0, y0, x1, y1 = (sorted(values)[len(values) // 2] for values in edges)
            return x0, y0, x1, y1
        way_s = STEADY_S * (1 - exp(-(at_ms - self.last.at_ms) / 1000 / STEADY_S))
        dx, dy = self.velocity[0] * way_s, self.velocity[1] * way_s
        return self.last.x0 + dx, self.last.y0 + dy, self.last.x1 + dx, self.last.y1 + dy

    def _way(self) -> tuple[Mark, Mark] | None:
        now, found = self.last, None
        for before in list(self.marks)[-2::-1]:
            old = now.at_ms - before.at_ms > WINDOW_MS
            if old and before is not self.marks[-2]:
                break
            if now.moved_from(before):
                found = before
                if hypot(*now.way_from(before)) >= FAR * now.size:
                    break
        return None if found is None else (found, now)

    def motion(self, places: Places) -> tuple[Motion, list[Crossing]]:
        """Return its motion, after each `see`, and the crossings in it that are new."""
        crossed: list[Crossing] = []
        zones: dict[str, float] = {}
        for mark in self.unjudged:
            crossed += self.visit.crossed(mark, places)
            zones = self.visit.dwells(mark, places)
        self.unjudged.clear()
        self.untold = [*self.untold, *crossed][-MAX_CROSSED:]
        way, now = self.way, self.last
        motion = Motion(
            heading_deg=None if way is None else round(heading_deg(*now.way_from(way[0])), 1) % 360,
            dwell_s=min(MAX_DWELL_S, round((now.at_ms - self.since_ms) / 1000, 1)),
            zones={name: min(MAX_DWELL_S, seconds) for name, seconds in zones.items()},
            crossed=tuple(self.untold),
            wrong_way=self.visit.wrong_way(self.marks[-2], way, now, places),
        )
        return motion, crossed

    def _velocity(self) -> Spot:
        """Fit the velocity by least squares through the centres of the window."""
        now = self.last
        recent = [s for s in self.marks if now.at_ms - s.at_ms <= WINDOW_MS]
        if len(recent) < 2:
            recent = list(self.marks)[-2:]
        if len(recent) < 2:
            return 0.0, 0.0
        seconds = [(s.at_ms - now.at_ms) / 1000 for s in recent]
        mean = sum(seconds) / len(seconds)
        spread = sum((second - mean) ** 2 for second in seconds)
        x, y = zip(*(s.centre for s in recent), strict=True)
        return (
            sum((second - mean) * value for second, value in zip(seconds, x, strict=True)) / spread,
            sum((second - mean) * value for second, value in zip(seconds, y, strict=True)) / spread,
        )
