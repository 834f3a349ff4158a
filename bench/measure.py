"""One comparison: ours and a baseline, in turn, on the same input."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians of paired runs. `ratio` is ours over the baseline; below 1 ours is the cheaper."""

    name: str
    unit: str
    ours: float
    baseline: float
    ratio: float
    baseline_is: str
    runs: int

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def compare(
    name: str, unit: str, ours: Callable[[], float], baseline: Callable[[], float], *, baseline_is: str, runs: int
) -> Comparison:
    """Run both in turn (A B A B …) after one uncounted pair. Each callable returns its own figure in `unit`."""
    ours()
    baseline()
    pairs = [(ours(), baseline()) for _ in range(runs)]
    return Comparison(
        name=name,
        unit=unit,
        ours=statistics.median(a for a, _ in pairs),
        baseline=statistics.median(b for _, b in pairs),
        ratio=statistics.median(a / b for a, b in pairs),
        baseline_is=baseline_is,
        runs=runs,
    )


def cpu_ms(work: Callable[[], object]) -> float:
    """Processor milliseconds of one call, all threads of this process."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def wall_ms(work: Callable[[], object]) -> float:
    """Wall milliseconds of one call."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
