"""When snapshots are taken over a county's day: two rush hours, bursts, an outage. By seed: a run can be repeated."""

from dataclasses import dataclass
from typing import Final

import numpy as np

HOURS: Final = 24
DAY_S: Final = 86_400
HOURLY: Final = (
    0.25, 0.15, 0.10, 0.10, 0.15, 0.40, 0.95, 1.70, 2.00, 1.50, 1.20, 1.20,
    1.15, 1.10, 1.15, 1.25, 1.50, 1.90, 1.95, 1.50, 1.10, 0.80, 0.55, 0.35,
)  # fmt: skip
"""Of the mean, by hour: assumed. No county has been measured."""
BURSTS: Final = 24
BURST_S: Final = 300
BURST: Final = 3.0
"""So many times an agent's pictures are tripled for five minutes: a market, a match that ends."""
SLOT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Day:
    """What a county asks for.

    Attributes:
        snapshots: taken in all, on the average.
        agents, cameras: boxes, and cameras of each.
        outage_h: from, to: hours in which no box reaches the centre.
    """

    snapshots: int
    agents: int = 17
    cameras: int = 30
    outage_h: tuple[float, float] = (8.0, 9.0)

    def is_out(self, at_s: float) -> bool:
        """Whether the centre is out of reach at that second of the day."""
        begins_h, ends_h = self.outage_h
        return begins_h * 3600 <= at_s < ends_h * 3600


@dataclass(frozen=True, slots=True)
class Taken:
    """One snapshot: second of the day, whose, and its number."""

    at_s: float
    agent: int
    camera: int
    number: int


def taken(day: Day, seed: int) -> list[Taken]:
    """Every snapshot of the day in the order of time."""
    chance = np.random.default_rng(seed)
    slots = DAY_S // SLOT_S
    curve = np.interp(np.arange(slots) * SLOT_S / 3600 + SLOT_S / 7200, np.arange(HOURS) + 0.5, HOURLY, period=HOURS)
    rates = np.repeat(curve[np.newaxis, :], day.agents, axis=0)
    for _ in range(BURSTS):
        whose, begins = int(chance.integers(day.agents)), int(chance.integers(slots - BURST_S // SLOT_S))
        rates[whose, begins : begins + BURST_S // SLOT_S] *= BURST
    counts = chance.poisson(rates / rates.sum() * day.snapshots)
    agents, minutes = np.nonzero(counts)
    times, owners = [], []
    for agent, minute in zip(agents.tolist(), minutes.tolist(), strict=True):
        count = int(counts[agent, minute])
        times.append(minute * SLOT_S + chance.random(count) * SLOT_S)
        owners.append(np.full(count, agent))
    at_s = np.concatenate(times)
    agent_of = np.concatenate(owners)
    cameras = chance.integers(day.cameras, size=len(at_s))
    order = np.argsort(at_s, kind="stable")
    return [
        Taken(float(at_s[index]), int(agent_of[index]), int(cameras[index]), number)
        for number, index in enumerate(order.tolist())
    ]
