"""Tracks the machines of one camera from look to look; forgets them after a minute, and never tracks people.

Pure: the result depends on the looks alone, by their times. A track has no number and no appearance, and stays in here:
only `Motion` is reported, by which no two rows can be linked.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

from edge_agent.tracker.association import MAX_GAP_S, matched
from edge_agent.tracker.timed_box import Mark, SeenMachine
from edge_agent.tracker.track import Track
from edge_agent.tracker.track_start import POOL, begun
from edge_agent.tracker.zones import Places
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import Crossing, Machine, Motion

FORGET_MS: Final = 60_000
"""docs/boundary.md: tracks are forgotten after 60 s."""
MAX_TRACKS: Final = 256
LOOSE_LOOKS: Final = 3
"""Looks in which two of the three places lie that a track begins with."""
CERTAIN_SCORE: Final = 0.4
"""Score from which a track may begin; machines below it can only continue one."""
LATE_MS: Final = 5_000
"""A look older than the last by up to this comes out of order; by more, and the clock was set back."""
CUT: Final = 3
"""Tracks that must lose their machine at once, and new machines that must appear, to make it another scene."""


class TrackEventKind(StrEnum):
    CROSSED = "crossed"
    WRONG_WAY = "wrong_way"
    """It begins; `Motion.wrong_way` then says so in every look."""


@dataclass(frozen=True, slots=True)
class TrackEvent:
    """Worth a snapshot. `where`: the line or lane; `machine`: index into the look's machines."""

    what: TrackEventKind
    where: str
    machine: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """The machines of a look, in their order, each with `motion` if it is followed."""

    machines: tuple[Machine, ...]
    events: tuple[TrackEvent, ...] = ()


class Tracker:
    """The memory of one camera. Bounded: `MAX_TRACKS` tracks of a few boxes each."""

    def __init__(self, camera: processes.Camera) -> None:
        self._camera = camera
        self._tracks: list[Track] = []
        self._loose: list[SeenMachine] = []
        self._times: deque[int] = deque(maxlen=LOOSE_LOOKS)
        self._size = (1, 1)
        self._places = Places.of(camera, self._size)

    def __reduce__(self) -> NoReturn:
        raise TypeError("tracks stay in the memory of their tracker")

    def update(
        self, at_ms: int, machines: tuple[Machine, ...], size: tuple[int, int], *, is_reported: bool = True
    ) -> Tracked:
        """Add a look. `at_ms`: its capture time; `size`: width and height of the picture that the boxes are in.

        `is_reported`: the result is reported, so a crossing is returned once. Else it is returned again in the next
        looks at that machine, until one is reported or `mark_reported` is called; its event comes once in any case.

        Pass machines below `CERTAIN_SCORE` too: with them those that flicker are followed through. Report the certain
        ones, and of the others those that come back with `motion`. A look that comes out of order is not evaluated,
        and its machines come back as they are.
        """
        if self._times and at_ms <= self._times[-1]:
            if at_ms >= self._times[-1] - LATE_MS:
                return Tracked(machines)
            self.forget()
        self._fit(size)
        self.expire(at_ms)
        order = sorted(range(len(machines)), key=lambda index: _rank(machines[index]))
        scale = self._size[0] / size[0]
        seen = [
            SeenMachine(
                Mark.of(at_ms, machine, size, scale), machine.cls.is_two_wheeler, machine.score >= CERTAIN_SCORE
            )
            for machine in (machines[index] for index in order)
        ]
        motions: dict[int, Motion] = {}
        events: list[TrackEvent] = []
        for column, track in sorted(self._follow(at_ms, seen).items()):
            motion, crossed = track.motion(self._places)
            motions[order[column]] = motion
            events += _events(track, motion, crossed, order[column])
        self._times.append(at_ms)
        if is_reported:
            self.mark_reported()
        self._tidy(at_ms)
        moved = (
            machine.model_copy(update={"motion": motions[index]}) if index in motions else machine
            for index, machine in enumerate(machines)
        )
        return Tracked(tuple(moved), tuple(sorted(events, key=lambda event: event.machine)))

    def mark_reported(self) -> None:
        """Note that the result of the last look was reported."""
        for track in self._tracks:
            if self._times and track.last.at_ms == self._times[-1]:
                track.untold = []

    def expire(self, at_ms: int) -> None:
        """Forget tracks that were last seen over a minute ago.

        `update` does it too; this is for a camera that fell silent.
        """
        self._tracks = [track for track in self._tracks if at_ms - track.last.at_ms <= FORGET_MS]
        self._loose = [seen for seen in self._loose if at_ms - seen.mark.at_ms <= FORGET_MS]

    def forget(self) -> None:
        """Forget everything: the camera was turned, or its clock set back."""
        self._tracks, self._loose = [], []
        self._times.clear()

    def _fit(self, size: tuple[int, int]) -> None:
        """Keep the first picture's size, in whose pixels all is kept; a picture of another shape is another view."""
        if self._size[0] * size[1] != self._size[1] * size[0]:
            self.forget()
            self._size, self._places = size, Places.of(self._camera, size)

    def _follow(self, at_ms: int, seen: list[SeenMachine]) -> dict[int, Track]:
        """Map each index into `seen` to its track, continued or begun."""
        before_ms = self._times[-1] if self._times else at_ms
        pairs = matched(self._tracks, seen, at_ms, before_ms)
        in_view = sum(track.last.at_ms == before_ms for track in self._tracks)
        if not pairs and in_view >= CUT and sum(s.certain for s in seen) >= CUT:
            self.forget()
        taken = {column: self._tracks[row] for row, column in pairs}
        for column, track in taken.items():
            track.see(seen[column])
        left = [column for column, one in enumerate(seen) if one.certain and column not in taken][:POOL]
        used = set()
        for first, second, now in begun(self._loose, [seen[column] for column in left]):
            track = Track(since_ms=self._loose[first].mark.at_ms)
            for one in (self._loose[first], self._loose[second], seen[left[now]]):
                track.see(one)
            self._tracks.append(track)
            taken[left[now]] = track
            used |= {first, second}
        self._loose = [one for index, one in enumerate(self._loose) if index not in used]
        self._loose += [seen[column] for column in left if column not in taken]
        return taken

    def _tidy(self, at_ms: int) -> None:
        # What moved and is not seen is not found again (association); what stood may be behind a bus.
        kept = [track for track in self._tracks if track.stands or at_ms - track.last.at_ms <= MAX_GAP_S * 1000]
        self._tracks = sorted(kept, key=lambda track: -track.last.at_ms)[:MAX_TRACKS]
        self._loose = [seen for seen in self._loose if seen.mark.at_ms >= self._times[0]]


def _rank(machine: Machine) -> tuple[float, int, int, int, int, str]:
    """Sort key that does not depend on the detector's order; the highest score first."""
    box = machine.box
    return -machine.score, box.x0, box.y0, box.x1, box.y1, machine.cls


def _events(track: Track, motion: Motion, crossed: list[Crossing], machine: int) -> list[TrackEvent]:
    events = [TrackEvent(TrackEventKind.CROSSED, crossing.line, machine) for crossing in crossed]
    for lane in motion.wrong_way:
        reported_ms = track.reported_ms.get(lane)
        if reported_ms is None or track.last.at_ms - reported_ms > FORGET_MS:
            events.append(TrackEvent(TrackEventKind.WRONG_WAY, lane, machine))
        track.reported_ms[lane] = track.last.at_ms
    return events
