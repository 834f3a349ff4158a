"""Measures the latency of snapshots from hop to hop, from capture to acknowledgement.

    captured ─arrive─▶ received ─wait─▶ begun with ─parse─▶ parsed ─commit─▶ archived ─acknowledge─▶ told to the agent
    captured ───────────────────────── total ──────────────────────────────▶ archived

*arrive* is everything at the edge (redaction, spool, outages) and the broker; *wait* a lane of the intake; *parse* the
lookup, parser, canary and embedder;
*commit* waiting for a batch, the commit, and the way back. Capture times are of cameras' clocks: one ahead of ours
makes a hop negative, which is taken as zero and counted.
"""

from enum import StrEnum

from prometheus_client import Histogram

from ray_cluster.histogram import SECONDS, Total, total


class Hop(StrEnum):
    """Hop of a snapshot, the label of a histogram."""

    ARRIVE = "arrive"
    WAIT = "wait"
    PARSE = "parse"
    COMMIT = "commit"
    ACKNOWLEDGE = "acknowledge"
    TOTAL = "total"


class Hops:
    """Latencies of one intake. Thread-safe except `ahead`, which one thread writes."""

    def __init__(self) -> None:
        says = "From hop to hop, from capture on"
        self.seconds = Histogram("wayside_hop_seconds", says, ["hop"], buckets=SECONDS, registry=None)
        self._hops = {hop: self.seconds.labels(hop) for hop in Hop}
        self.ahead = 0
        """Snapshots captured after they were received, by their camera's clock."""

    def archived(
        self, *, captured_at_ms: int, received_at_ms: int, begun_at_ms: int, parsed_at_ms: int, archived_at_ms: int
    ) -> None:
        """Count a committed snapshot. Times are wall-clock milliseconds; our clock may have been set in between."""
        self.ahead += received_at_ms < captured_at_ms
        for hop, since_ms, until_ms in (
            (Hop.ARRIVE, captured_at_ms, received_at_ms),
            (Hop.WAIT, received_at_ms, begun_at_ms),
            (Hop.PARSE, begun_at_ms, parsed_at_ms),
            (Hop.COMMIT, parsed_at_ms, archived_at_ms),
            (Hop.TOTAL, captured_at_ms, archived_at_ms),
        ):
            self._hops[hop].observe(max(0, until_ms - since_ms) / 1000)

    def acknowledged(self, waited_s: float) -> None:
        """Count an acknowledgement that was handed to the broker."""
        self._hops[Hop.ACKNOWLEDGE].observe(max(0.0, waited_s))

    def total(self, hop: Hop) -> Total:
        """Return number and sum of one hop's seconds."""
        return total(self._hops[hop])
