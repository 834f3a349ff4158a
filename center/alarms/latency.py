"""Measures how long an alarm takes from hop to hop.

    captured ─select─▶ selected ─redact─▶ redacted ─spool─▶ spooled ─publish─▶ published ─arrive─▶ received
    captured ───────────────────────────── edge ─────────────────────────────▶ published
    received ─parse─▶ parsed ─commit─▶ committed ─hear─▶ heard ─decide─▶ decided ─store─▶ stored ─send─▶ sent
    captured ─────────────────────────────────── total ────────────────────────────────────────────────▶ sent

A hop that begins on one machine and ends on another compares two clocks; where the second is behind, the hop is
negative: it counts as 0 ms and is counted as *ahead*.
"""

import threading
from bisect import bisect_left
from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

BOUNDS_MS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)


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


class _Ends(NamedTuple):
    first: str
    first_clock: str
    last: str
    last_clock: str


ENDS: Final = {
    Hop.SELECT: _Ends("captured", "camera or agent", "selected", "agent"),
    Hop.REDACT: _Ends("selected", "agent", "redacted", "agent"),
    Hop.SPOOL: _Ends("redacted", "agent", "spooled", "agent"),
    Hop.PUBLISH: _Ends("spooled", "agent", "published", "agent"),
    Hop.EDGE: _Ends("captured", "camera or agent", "published", "agent"),
    Hop.ARRIVE: _Ends("published", "agent", "received", "intake"),
    Hop.PARSE: _Ends("received", "intake", "parsed", "intake"),
    Hop.COMMIT: _Ends("parsed", "intake", "committed", "intake"),
    Hop.HEAR: _Ends("committed", "intake; archiver in what was reconciled", "heard", "centre"),
    Hop.DECIDE: _Ends("heard", "centre", "decided", "centre"),
    Hop.STORE: _Ends("decided", "centre", "stored", "centre"),
    Hop.SEND: _Ends("stored", "centre", "sent", "centre"),
    Hop.TOTAL: _Ends("captured", "camera or agent", "sent", "centre"),
}


class HopView(BaseModel):
    """One hop's histogram since the start. `counts` has one more than `bounds_ms`: hops longer than the last."""

    model_config = ConfigDict(frozen=True)

    hop: Hop
    first: str
    first_clock: str
    last: str
    last_clock: str
    bounds_ms: tuple[int, ...]
    counts: tuple[int, ...]
    count: int
    sum_ms: int
    max_ms: int
    ahead: int


class HopHistograms:
    """Histograms of all hops of one centre since its start. Any thread may use them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = {hop: [0] * (len(BOUNDS_MS) + 1) for hop in Hop}
        self._sum = dict.fromkeys(Hop, 0)
        self._max = dict.fromkeys(Hop, 0)
        self._ahead = dict.fromkeys(Hop, 0)

    def observe(self, hop: Hop, since_ms: int | None, until_ms: int | None) -> None:
        """Counts one alarm's hop; a hop with an unknown end is not counted."""
        if since_ms is None or until_ms is None:
            return
        took_ms = max(0, until_ms - since_ms)
        with self._lock:
            self._counts[hop][bisect_left(BOUNDS_MS, took_ms)] += 1
            self._sum[hop] += took_ms
            self._max[hop] = max(self._max[hop], took_ms)
            self._ahead[hop] += until_ms < since_ms

    def views(self) -> tuple[HopView, ...]:
        with self._lock:
            return tuple(
                HopView(
                    hop=hop,
                    **ENDS[hop]._asdict(),
                    bounds_ms=BOUNDS_MS,
                    counts=tuple(self._counts[hop]),
                    count=sum(self._counts[hop]),
                    sum_ms=self._sum[hop],
                    max_ms=self._max[hop],
                    ahead=self._ahead[hop],
                )
                for hop in Hop
            )
