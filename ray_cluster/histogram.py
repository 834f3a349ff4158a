"""Counts values in fixed buckets, for histograms of Prometheus."""

import bisect
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
"""Bounds of buckets in seconds, from a lookup to an outage."""
ROWS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 200.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution at one moment.

    Attributes:
        bounds: upper bounds of the buckets, included; the last bucket has none.
        cumulative: number of values not above each bound, and at the end of all values.
        total: sum of the values.
    """

    bounds: tuple[float, ...]
    cumulative: tuple[int, ...]
    total: float

    @property
    def count(self) -> int:
        return self.cumulative[-1]

    def below(self, share: float) -> float:
        """Return a bound that at least `share` of the values did not exceed; infinite for the last bucket."""
        wanted = share * self.count
        return next(
            (bound for bound, n in zip(self.bounds, self.cumulative, strict=False) if n >= wanted), float("inf")
        )


class Distribution:
    """Counts values by bucket. Thread-safe.

    Args:
        bounds: ascending upper bounds.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0
        self._lock = threading.Lock()

    def observe(self, value: float) -> None:
        at = bisect.bisect_left(self._bounds, value)
        with self._lock:
            self._counts[at] += 1
            self._total += value

    def spread(self) -> Spread:
        """Return the distribution at this moment."""
        with self._lock:
            counts, total = list(self._counts), self._total
        return Spread(self._bounds, tuple(accumulate(counts)), total)
