"""A tracker on a simulated street, against the truth that it does not see."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edge_agent.tracker import Tracker, TrackEventKind
from edge_agent.tracker.geometry import inside, meet, off_line, turn_deg
from edge_agent.tracker.track import Track
from provisioning.contracts.config.camera import Camera
from provisioning.contracts.wire.messages import Motion
from tests.edge_agent.traffic import SIZE, STEP_S, Actor, Street
from tests.edge_agent.traffic_looks import Faults, Look, looks, times

LONG_WRONG_S = 3.0
"""In a lane against its direction for at least so long, a machine should be told."""


@dataclass(frozen=True)
class Passage:
    """A crossing, told or true. `full_view`: it was in the picture a second before and after."""

    actor: int | None
    line: str
    to: str
    at_s: float
    full_view: bool = True

    def is_of(self, other: "Passage", within_s: float) -> bool:
        return (self.actor, self.line, self.to) == (other.actor, other.line, other.to) and abs(
            self.at_s - other.at_s
        ) <= within_s


@dataclass
class Score:
    """Counts; `+` adds the runs of several streets."""

    seconds: float = 0
    crossings: int = 0
    """True ones in full view."""
    crossings_found: int = 0
    crossings_told: int = 0
    crossings_right: int = 0
    moving: int = 0
    """Boxes of machines faster than 1.5 m/s."""
    heading_errors: list[float] = field(default_factory=list)
    """Of those of them that have a heading."""
    standing: int = 0
    """Boxes of machines that did not move for 3 s."""
    standing_headings: int = 0
    swaps: int = 0
    """A track went over to another machine."""
    wrong: int = 0
    wrong_found: int = 0
    wrong_told: int = 0
    wrong_right: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})

    @property
    def recall(self) -> float:
        return share(self.crossings_found, self.crossings)

    @property
    def precision(self) -> float:
        return share(self.crossings_right, self.crossings_told)

    @property
    def backwards(self) -> float:
        """Share of headings that are off by more than 90 degrees."""
        return share(sum(error > 90 for error in self.heading_errors), len(self.heading_errors))

    def heading_error(self, percent: float) -> float:
        return float(np.percentile(self.heading_errors, percent)) if self.heading_errors else float("nan")


def share(part: float, whole: float) -> float:
    """nan of nothing."""
    return part / whole if whole else float("nan")


def played(street: Street, camera: Camera, per_second: float, seed: int, faults: Faults | None = None) -> Score:
    """One street at one look rate."""
    score = Score(seconds=street.seconds)
    tracker = Tracker(camera)
    told: list[Passage] = []
    wrong: list[int | None] = []
    owners: dict[int, tuple[Track, int]] = {}
    for look in looks(street, times(street, per_second, seed), seed, faults):
        tracked = tracker.update(look.at_ms, look.machines, SIZE)
        wrong += [look.actors[event.machine] for event in tracked.events if event.what is TrackEventKind.WRONG_WAY]
        for machine, whose in zip(tracked.machines, look.actors, strict=True):
            if machine.motion is not None:
                told += [Passage(whose, c.line, c.to, look.step * STEP_S) for c in machine.motion.crossed]
            if whose is not None:
                _heading(score, street.actors[whose], look.step, machine.motion)
        score.swaps += _swaps(tracker, look, owners)
    _crossings(score, true_crossings(street, camera), told, 1.5 + 2.5 / per_second)
    _wrong_way(score, street, camera, wrong)
    return score


def true_crossings(street: Street, camera: Camera) -> list[Passage]:
    """Where the middle of a machine, on the road, passes a line."""
    found = []
    for line in camera.lines:
        start, end = ((x * SIZE[0], y * SIZE[1]) for x, y in (line.start, line.end))
        for number, actor in enumerate(street.actors):
            ground: list[tuple[float, float]] = [(x, y) for x, y in actor.ground.tolist()]
            side = np.array([off_line(spot, start, end) for spot in ground])
            for step in np.flatnonzero(side[:-1] * side[1:] < 0).tolist():
                if meet(ground[step], ground[step + 1], start, end):
                    now = side[step + 1]
                    full = actor.visible(max(0, step - 20)) and actor.visible(min(step + 20, len(actor.ground) - 1))
                    found.append(Passage(number, line.name, "right" if now > 0 else "left", step * STEP_S, full))
    return found


def _crossings(score: Score, truth: list[Passage], told: Sequence[Passage], within_s: float) -> None:
    score.crossings += sum(true.full_view for true in truth)
    score.crossings_told += len(told)
    for one in told:
        near = [true for true in truth if true.is_of(one, within_s)]
        if near:
            found = min(near, key=lambda true: abs(true.at_s - one.at_s))
            truth.remove(found)  # a crossing told twice is right once
            score.crossings_right += 1
            score.crossings_found += found.full_view


def _heading(score: Score, actor: Actor, step: int, motion: Motion | None) -> None:
    heading = None if motion is None else motion.heading_deg
    if actor.speed[step] > 1.5:
        score.moving += 1
        if heading is not None:
            score.heading_errors.append(turn_deg(heading, float(actor.heading_deg[step])))
    elif actor.speed[max(0, step - 60) : step + 1].max() < 0.05:
        score.standing += 1
        score.standing_headings += heading is not None


def _swaps(tracker: Tracker, look: Look, owners: dict[int, tuple[Track, int]]) -> int:
    """Looks inside: which track took which box. `owners` holds on to tracks, so that no id is used again."""
    boxes = {track.last[1:5]: track for track in tracker._tracks if track.last.at_ms == look.at_ms}
    swaps = 0
    for machine, whose in zip(look.machines, look.actors, strict=True):
        track = boxes.get((machine.box.x0, machine.box.y0, machine.box.x1, machine.box.y1))
        if track is not None and whose is not None:
            swaps += owners.get(id(track), (track, whose))[1] != whose
            owners[id(track)] = track, whose
    return swaps


def _wrong_way(score: Score, street: Street, camera: Camera, told: Sequence[int | None]) -> None:
    polygons = [[(x * SIZE[0], y * SIZE[1]) for x, y in lane.polygon] for lane in camera.lanes]
    wrong = {number for number, actor in enumerate(street.actors) if actor.wrong_way}
    for number in wrong:
        actor = street.actors[number]
        steps = sum(
            actor.visible(step) and any(inside((x, y), polygon) for polygon in polygons)
            for step, (x, y) in enumerate(actor.ground.tolist())
        )
        if steps * STEP_S >= LONG_WRONG_S:
            score.wrong += 1
            score.wrong_found += number in told
    score.wrong_told += len(told)
    score.wrong_right += sum(number in wrong for number in told)
