"""Machines put before a tracker by hand: where they stand on the road, look by look."""

from collections.abc import Callable, Iterable, Sequence

from edge_agent.tracker import Tracked, Tracker, TrackEvent
from provisioning.contracts.wire.messages import Box, Machine, MachineClass, Motion

WIDTH, HEIGHT = 1000, 600
SIZE = (WIDTH, HEIGHT)
NOON_MS = 1_700_000_000_000
Path = Callable[[float], tuple[float, float]]
"""Seconds → where it touches the road, pixels."""


def machine(
    x: float,
    y: float,
    *,
    width: float = 60,
    height: float = 40,
    cls: MachineClass = MachineClass.CAR,
    score: float = 0.8,
) -> Machine:
    """One whose box stands on (x, y)."""
    x0, y0 = max(0, round(x - width / 2)), max(0, round(y - height))
    box = Box(x0=x0, y0=y0, x1=max(x0 + 1, round(x + width / 2)), y1=max(y0 + 1, round(y)))
    return Machine(cls=cls, score=score, box=box)


def straight(start: tuple[float, float], per_second: tuple[float, float]) -> Path:
    return lambda s: (start[0] + per_second[0] * s, start[1] + per_second[1] * s)


def times(seconds: float, per_second: float = 5.0) -> list[float]:
    return [number / per_second for number in range(int(seconds * per_second) + 1)]


def follow(tracker: Tracker, paths: Sequence[Path], at_s: Iterable[float]) -> list[Tracked]:
    """Every machine in every look, cars all."""
    return [tracker.update(NOON_MS + round(s * 1000), tuple(machine(*path(s)) for path in paths), SIZE) for s in at_s]


def motions(looks: Iterable[Tracked], index: int = 0) -> list[Motion | None]:
    return [look.machines[index].motion for look in looks]


def last(looks: Sequence[Tracked], index: int = 0) -> Motion:
    """What is told of a machine in the last look; it must be followed."""
    motion = looks[-1].machines[index].motion
    assert motion is not None
    return motion


def crossings(looks: Iterable[Tracked]) -> list[tuple[str, str]]:
    return [(c.line, c.to) for look in looks for m in look.machines if m.motion for c in m.motion.crossed]


def events(looks: Iterable[Tracked]) -> list[TrackEvent]:
    return [event for look in looks for event in look.events]
