"""What a detector makes of a simulated street: boxes that jitter, scores that flicker, misses, false boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from tests.edge_agent.traffic import SIZE, STEP_S, Floats, Street

EPOCH_MS = 1_700_000_000_000
TWO_WHEELERS = (MachineClass.MOTORCYCLE, MachineClass.BICYCLE)
VEHICLES = (MachineClass.CAR, MachineClass.TRUCK)


@dataclass(frozen=True)
class Faults:
    """Of a detector. `EDGE` is double what `nanodet-g-416` showed on a parked van (docs/tracker.md)."""

    edge: float = 0.025
    """Standard deviation of each edge, as a share of the machine's size; half a pixel comes on top."""
    cut: float = 0.02
    """Share of boxes with one edge off by up to 0.4 of the size: half covered, or merged with a neighbour."""
    score: float = 0.58
    score_spread: float = 0.12
    lowest: float = 0.25
    false_a_look: float = 0.3
    confused: float = 0.2
    """Share of boxes with another class of the same group: the van was a car in 22 % of looks, else a truck."""


NONE = Faults(edge=0, cut=0, score=0.9, score_spread=0, false_a_look=0, confused=0)


@dataclass(frozen=True)
class Look:
    """One look. `actors[i]` is whose box `machines[i]` is, None for a false one; only the scorer may know."""

    at_ms: int
    step: int
    machines: tuple[Machine, ...]
    actors: tuple[int | None, ...]


def times(street: Street, per_second: float, seed: int, unsteady: float = 0.2) -> list[int]:
    """Steps at which somebody looks: irregular by `unsteady` of the interval, as keyframes and a busy agent make it."""
    random = np.random.default_rng(seed)
    count = int(street.seconds * per_second)
    at_s = (np.arange(count) + random.uniform(-unsteady, unsteady, count) / 2 + 0.5) / per_second
    last = round(street.seconds / STEP_S) - 1
    return sorted({min(last, round(second / STEP_S)) for second in at_s})


def looks(street: Street, steps: Sequence[int], seed: int, faults: Faults | None = None) -> Iterator[Look]:
    """The street at these steps, as the detector has it."""
    faults = faults or Faults()
    random = np.random.default_rng(seed + 1)
    mood = random.normal(0, 1, len(street.actors))
    places = random.uniform(0.1, 0.9, (3, 2)) * SIZE  # a window, a sign: wrong again and again at the same place
    before = 0
    for step in steps:
        keep = np.exp(-(step - before) * STEP_S / 0.5)  # a bad score lasts half a second, whatever the look rate
        mood = keep * mood + np.sqrt(1 - keep**2) * random.normal(0, 1, len(mood))
        before = step
        found: list[tuple[Machine, int | None]] = []
        near_first = sorted(
            (a for a, actor in enumerate(street.actors) if actor.visible(step)),
            key=lambda a: float(street.actors[a].distance[step]),
        )
        for place, a in enumerate(near_first):
            box = street.actors[a].boxes[step]
            if max((_hidden(box, street.actors[b].boxes[step]) for b in near_first[:place]), default=0.0) > 0.6:
                continue
            score = faults.score + faults.score_spread * float(mood[a])
            if score < faults.lowest:
                continue
            cls = _called(street.actors[a].body.cls, faults.confused, random)
            machine = _machine(cls, min(score, 0.95), _shaken(box, faults, random))
            if machine is not None:
                found.append((machine, a))
        for _ in range(int(random.poisson(faults.false_a_look))):
            where = places[random.integers(3)] if random.random() < 0.5 else random.uniform(0, 1, 2) * SIZE
            width, height = random.uniform(25, 160, 2)
            x, y = where
            cls = (TWO_WHEELERS + VEHICLES)[int(random.integers(4))]
            box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
            machine = _machine(cls, float(random.uniform(0.25, 0.55)), box)
            if machine is not None:
                found.append((machine, None))
        order = random.permutation(len(found))
        yield Look(
            EPOCH_MS + round(step * STEP_S * 1000),
            step,
            tuple(found[i][0] for i in order),
            tuple(found[i][1] for i in order),
        )


def _hidden(box: Floats, by: Floats) -> float:
    width = min(box[2], by[2]) - max(box[0], by[0])
    height = min(box[3], by[3]) - max(box[1], by[1])
    return float(max(width, 0) * max(height, 0) / ((box[2] - box[0]) * (box[3] - box[1])))


def _called(cls: MachineClass, confused: float, random: np.random.Generator) -> MachineClass:
    if random.random() >= confused:
        return cls
    group = TWO_WHEELERS if cls.is_two_wheeler else VEHICLES
    return group[int(random.integers(2))]


def _shaken(box: Floats, faults: Faults, random: np.random.Generator) -> Floats:
    size = float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))
    shaken = box + random.normal(0, 1, 4) * (faults.edge * size + (0.5 if faults.edge else 0))
    if random.random() < faults.cut:
        edge = int(random.integers(4))
        shaken[edge] += (1 if edge < 2 else -1) * random.uniform(0, 0.4) * size
    return shaken


def _machine(cls: MachineClass, score: float, box: Floats) -> Machine | None:
    x0, y0 = (max(0, int(np.floor(v))) for v in box[:2])
    x1, y1 = (min(limit, int(np.ceil(v))) for v, limit in zip(box[2:], SIZE, strict=True))
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    return Machine(cls=cls, score=round(score, 4), box=Box(x0=x0, y0=y0, x1=x1, y1=y1))
