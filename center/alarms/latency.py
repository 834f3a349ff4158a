"""Measures how long an alarm takes from hop to hop.

    captured ─select─▶ selected ─redact─▶ redacted ─spool─▶ spooled ─publish─▶ published ─arrive─▶ received
    captured ───────────────────────────── edge ─────────────────────────────▶ published
    received ─parse─▶ parsed ─commit─▶ committed ─hear─▶ heard ─decide─▶ decided ─store─▶ stored ─send─▶ sent
    captured ─────────────────────────────────── total ────────────────────────────────────────────────▶ sent

A hop that begins on one machine and ends on another compares two clocks; where the second is behind, the hop is
negative: it counts as 0 s and is counted as *ahead*.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import Metric

BOUNDS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Hop(StrEnum):
    """Label of a hop in the histograms."""

    SELECT = "select"
    REDACT = "redact"
    SPOOL = "spool"
    PUBLISH = "publish"
    EDGE = "edge"
    ARRIVE = "arrive"
    PARSE = "parse"
    COMMIT = "commit"
    HEAR = "hear"
    DECIDE = "decide"
    STORE = "store"
    SEND = "send"
    TOTAL = "total"


class HopHistograms:
    """Histograms of all hops of one centre since its start. Any thread may use them."""

    def __init__(self) -> None:
        says = "Of alarms, from hop to hop"
        self._seconds = Histogram("wayside_center_hop_seconds", says, ["hop"], buckets=BOUNDS_S, registry=None)
        says = "Hops of alarms whose second clock was behind the first"
        self._ahead = Counter("wayside_center_hops_ahead", says, ["hop"], registry=None)
        for hop in Hop:
            self._seconds.labels(hop)
            self._ahead.labels(hop)

    def observe(self, hop: Hop, since_ms: int | None, until_ms: int | None) -> None:
        """Counts one alarm's hop; a hop with an unknown end is not counted."""
        if since_ms is None or until_ms is None:
            return
        self._seconds.labels(hop).observe(max(0, until_ms - since_ms) / 1000)
        if until_ms < since_ms:
            self._ahead.labels(hop).inc()

    def collect(self) -> Iterator[Metric]:
        """Yields the histograms as Prometheus reads them."""
        yield from self._seconds.collect()
        yield from self._ahead.collect()
