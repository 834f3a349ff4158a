"""Measures the cost of tracking machines beside detecting them; `python -m bench.edge.tracker` prints its accuracy."""

from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.measure import Comparison, compare, cpu_ms
from edge_agent.tracker import Tracker, TrackEventKind
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from provisioning.contracts.config.camera import Camera
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from tests.edge_agent.traffic import SIZE as STREET_SIZE
from tests.edge_agent.traffic import Street
from tests.edge_agent.traffic_looks import looks, times
from tests.edge_agent.traffic_scoring import Score, played, share
from tests.edge_agent.traffic_streets import avenue, junction

MACHINES = 30
SIZE = (1280, 720)
LOOKS = 40
RATES = (0.5, 1.0, 2.0, 5.0, 10.0)
HEADINGS = (
    "street",
    "looks/s",
    "crossings",
    "recall %",
    "precision %",
    "moving with a heading %",
    "its error, median and p90, deg",
    "off by > 90 deg %",
    "standing with a heading %",
    "swaps/min",
    "wrong way found",
    "false/h",
)
SEEDS = range(10, 14)
"""Others than those at which the tracker's constants were chosen (0 to 2)."""


def measure(_scratch: Path) -> Iterator[Comparison]:
    """CPU milliseconds a look: 30 machines on the move, three lines, two zones, two lanes, five looks a second."""
    detector = Detector.load(Catalog(), "nanodet-g-416")
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    yield compare(
        f"follow {MACHINES} machines",
        "CPU ms",
        _cost_of_a_look,
        lambda: cpu_ms(lambda: detector.detect(picture)),
        baseline_is="one nanodet-g-416 call on one 720p picture, by which they are found",
        runs=7,
    )


def _cost_of_a_look() -> float:
    random = np.random.default_rng(1)
    starts, steps = random.uniform(0, 1, (MACHINES, 2)) * SIZE, random.uniform(-12, 12, (MACHINES, 2))
    looks = [_machines((starts + look * steps) % SIZE + random.normal(0, 1, (MACHINES, 2))) for look in range(LOOKS)]
    tracker = Tracker(_busy_camera())

    def follow() -> None:
        for number, machines in enumerate(looks):
            tracker.update(200 * number, machines, SIZE)

    return cpu_ms(follow) / LOOKS


def _machines(places: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[Machine, ...]:
    corners = [(max(0, int(x) - 30), max(0, int(y) - 20)) for x, y in places]
    boxes = [Box(x0=x, y0=y, x1=x + 60, y1=y + 40) for x, y in corners]
    return tuple(Machine(cls=MachineClass.CAR, score=0.7, box=box) for box in boxes)


def _busy_camera() -> Camera:
    (_, along), (_, across) = avenue(), junction()
    return along.model_copy(update={"lines": along.lines + across.lines, "zones": across.zones})


def _one_way() -> tuple[Street, Camera]:
    """The dense avenue for longer, and nobody goes the wrong way: whoever is told is a false alarm."""
    street, camera = avenue(150.0)
    street.roads = [road for road in street.roads if not road.wrong_way]
    return street, camera


STREETS = {
    "avenue, dense": avenue,
    "avenue, sparse": lambda: avenue(dense=False),
    "junction": junction,
    "avenue, nobody the wrong way": _one_way,
}


def _scores(name: str, seed: int) -> list[tuple[str, float, Score]]:
    street, camera = STREETS[name]()
    street.drive(seed)
    return [(name, rate, played(street, camera, rate, seed)) for rate in RATES]


def figures() -> Table:
    """Every street at every look rate, four days each."""
    totals: dict[tuple[str, float], Score] = {}
    with get_context("spawn").Pool(2) as pool:
        for scores in pool.starmap(_scores, [(name, seed) for name in STREETS for seed in SEEDS]):
            for name, rate, score in scores:
                totals[name, rate] = totals.get((name, rate), Score()) + score
    table = Table(*HEADINGS)
    for (name, rate), score in totals.items():
        table.add_row(
            name,
            f"{rate:g}",
            str(score.crossings),
            _percent(score.recall),
            _percent(score.precision),
            _percent(share(len(score.heading_errors), score.moving)),
            f"{score.heading_error(50):.1f}, {score.heading_error(90):.1f}",
            _percent(score.backwards),
            _percent(share(score.standing_headings, score.standing)),
            f"{score.swaps / score.seconds * 60:.1f}",
            f"{score.wrong_found} of {score.wrong}",
            f"{(score.wrong_told - score.wrong_right) / score.seconds * 3600:.1f}",
        )
    return table


def _home(name: str, seed: int, per_second: float, pace_s: float) -> tuple[int, int, int]:
    """Crossings that the tracker told, those of them that are in a picture, and pictures: one each `pace_s` at most."""
    street, camera = STREETS[name]()
    street.drive(seed)
    tracker = Tracker(camera)
    taken_s, events, home, pictures = -pace_s, 0, 0, 0
    for look in looks(street, times(street, per_second, seed), seed):
        tracked = tracker.update(look.at_ms, look.machines, STREET_SIZE, is_reported=False)
        events += sum(event.what is TrackEventKind.CROSSED for event in tracked.events)
        untold = sum(len(machine.motion.crossed) for machine in tracked.machines if machine.motion is not None)
        if untold and look.at_ms / 1000 - taken_s >= pace_s:
            tracker.mark_reported()
            taken_s, home, pictures = look.at_ms / 1000, home + untold, pictures + 1
    return events, home, pictures


def homes() -> Table:
    """What pictures of events bring home where they may be so far apart and no other is taken."""
    table = Table("street", "looks/s", "s between pictures", "crossings told", "in a picture %", "pictures")
    cases = [(name, rate, pace) for name in STREETS for rate in (2.0, 5.0) for pace in (1.0, 3.0, 10.0)]
    with get_context("spawn").Pool(2) as pool:
        found = pool.starmap(_home, [(name, seed, rate, pace) for name, rate, pace in cases for seed in SEEDS])
    for number, (name, rate, pace) in enumerate(cases):
        runs = found[number * len(SEEDS) : (number + 1) * len(SEEDS)]
        events, home, pictures = (sum(run[which] for run in runs) for which in range(3))
        table.add_row(name, f"{rate:g}", f"{pace:g}", str(events), _percent(share(home, events)), str(pictures))
    return table


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


if __name__ == "__main__":
    Console(width=200).print(figures(), homes())
