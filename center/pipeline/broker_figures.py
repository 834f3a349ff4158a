"""What the broker tells of itself, and how long each snapshot took, as both come in on the line. Thread-safe."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

from center.clock import NowMs
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.messages import Observed
from provisioning.contracts.wire.topics import SYS

KEPT: Final = 4096
"""Snapshots whose hops are remembered: a minute of 68 a second."""
MAX_FIGURE_BYTES: Final = 64
STALE_MS: Final = 60_000
"""Six of the broker's intervals."""
_SECONDS: Final = " seconds"


@dataclass(frozen=True, slots=True)
class BrokerFigures:
    """The broker's own; a counter that it has not told of is None. All counts are since it started."""

    uptime_s: int
    heard_at_ms: int
    connected: int | None = None
    received: int | None = None
    """Messages that were published to it."""
    sent: int | None = None
    dropped: int | None = None
    held: int | None = None
    """In its store and not retained: on their way to somebody."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One snapshot on its way, in seconds; the clocks of two machines may differ, and less than nought counts as it."""

    at_ms: int
    transport_s: float | None
    """From the agent's publishing to the intake; None: an agent of before."""
    edge_s: float | None
    """From capture to publishing: redaction, spool, outages."""
    cluster_s: float
    """From the intake to the commit."""
    hint_s: float
    """From the commit to the centre."""


class Gauges:
    """Implements `center.fleet.mqtt.Gauge`."""

    def __init__(self, now_ms: NowMs) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._figures: dict[str, int] = {}
        self._uptime: tuple[int, int] | None = None
        self._passages: deque[Passage] = deque(maxlen=KEPT)

    def link(self, *, up: bool) -> None:
        """The broker came or went: another one may be behind the line next time, and counts anew."""
        with self._lock:
            if not up:
                self._figures.clear()
                self._uptime = None

    def figure(self, topic: str, payload: bytes) -> None:
        """One figure of the broker's.

        Raises:
            ContractError: it is no number.
        """
        if len(payload) > MAX_FIGURE_BYTES:
            raise ContractError(RejectReason.MALFORMED, f"{topic[:100]}: a figure of {len(payload)} bytes")
        name = topic.removeprefix(f"{SYS}/")
        text = payload.decode("ascii", errors="replace").removesuffix(_SECONDS)
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise ContractError(RejectReason.MALFORMED, f"{topic[:100]}: the figure is no whole number")
        with self._lock:
            if name == "uptime":
                self._uptime = int(text), self._now_ms()
            else:
                self._figures[name] = int(text)

    def observed(self, observed: Observed) -> None:
        """Rows were committed."""
        now_ms = self._now_ms()
        passages = [
            Passage(
                at_ms=now_ms,
                transport_s=_s(item.times.published_at_ms, item.times.received_at_ms),
                edge_s=_s(item.captured_at_ms, item.times.published_at_ms),
                cluster_s=_s(item.times.received_at_ms, item.times.committed_at_ms) or 0.0,
                hint_s=_s(item.times.committed_at_ms, now_ms) or 0.0,
            )
            for item in observed.items
            if item.times is not None
        ]
        with self._lock:
            self._passages.extend(passages)

    def broker(self) -> BrokerFigures | None:
        """As last told; None while it has told nothing, or has fallen silent."""
        with self._lock:
            if self._uptime is None or self._now_ms() - self._uptime[1] > STALE_MS:
                return None
            uptime_s, heard_at_ms = self._uptime
            figures = dict(self._figures)
        stored, retained = figures.get("store/messages/count"), figures.get("retained messages/count")
        return BrokerFigures(
            uptime_s=uptime_s,
            heard_at_ms=heard_at_ms,
            connected=figures.get("clients/connected"),
            received=figures.get("publish/messages/received"),
            sent=figures.get("publish/messages/sent"),
            dropped=figures.get("publish/messages/dropped"),
            held=None if stored is None or retained is None else max(0, stored - retained),
        )

    def passages(self, since_ms: int) -> tuple[Passage, ...]:
        """Of snapshots whose hints came since then, oldest first."""
        with self._lock:
            return tuple(each for each in self._passages if each.at_ms >= since_ms)


def _s(since_ms: int | None, until_ms: int | None) -> float | None:
    return None if since_ms is None or until_ms is None else max(0, until_ms - since_ms) / 1000
