"""Buckets of the cluster's histograms, and their totals."""

from dataclasses import dataclass
from typing import Final

from prometheus_client import Histogram

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
"""Bounds of buckets in seconds, from a lookup to an outage."""
ROWS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 200.0)


@dataclass(frozen=True, slots=True)
class Total:
    """Number and sum of all values of a histogram."""

    count: int
    sum: float


def total(histogram: Histogram) -> Total:
    """Reads the totals of a histogram without labels, or of one label."""
    values = {sample.name.rpartition("_")[2]: sample.value for each in histogram.collect() for sample in each.samples}
    return Total(int(values["count"]), values["sum"])
