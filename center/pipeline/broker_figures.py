"""Collects the broker's `$SYS` figures and the hop times of snapshots from MQTT messages. Thread-safe."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

from center.clock import NowMs
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.messages import Observed
from provisioning.contracts.wire.topics import SYS

KEPT: Final = 4096
"""Snapshots whose hop times are remembered: a minute at 68 a second."""
MAX_FIGURE_BYTES: Final = 64
STALE_MS: Final = 60_000
"""Age at which the broker's figures count as unknown: six of its intervals."""
_SECONDS: Final = " seconds"


@dataclass(frozen=True, slots=True)
class BrokerFigures:
    """Figures that the broker publishes.

    A counter that it has not published is None. All counts are since its start.
    """

    uptime_s: int
    heard_at_ms: int
    connected: int | None = None
    received: int | None = None
    """Messages that were published to the broker."""
    sent: int | None = None
    dropped: int | None = None
    held: int | None = None
    """Messages in the broker's store and not retained: on their way to a subscriber."""


@dataclass(frozen=True, slots=True)
class SnapshotTimes:
    """Times of one snapshot from hop to hop, in seconds; a negative one, as two clocks may give, counts as 0."""

    at_ms: int
    transport_s: float | None
    """From the agent's publishing to the intake; None: an older agent."""
    edge_s: float | None
    """From capture to publishing: redaction, spool, outages."""


class BrokerGauges:
    """Keeps the broker's figures and the newest hop times. Implements `center.fleet.mqtt.Gauge`."""

    def __init__(self, now_ms: NowMs) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._figures: dict[str, int] = {}
        self._uptime: tuple[int, int] | None = None
        self._passages: deque[SnapshotTimes] = deque(maxlen=KEPT)

    def link(self, *, up: bool) -> None:
        """Forgets the figures when the connection is lost: another broker may answer next time, and counts anew."""
        with self._lock:
            if not up:
                self._figures.clear()
                self._uptime = None

    def figure(self, topic: str, payload: bytes) -> None:
        """Takes one figure of the broker.

        Raises:
            ContractError: the payload is no whole number.
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
        """Takes the hop times of committed rows from a hint."""
        now_ms = self._now_ms()
        passages = [
            SnapshotTimes(
                at_ms=now_ms,
                transport_s=_s(item.times.published_at_ms, item.times.received_at_ms),
                edge_s=_s(item.captured_at_ms, item.times.published_at_ms),
            )
            for item in observed.items
            if item.times is not None
        ]
        with self._lock:
            self._passages.extend(passages)

    def broker(self) -> BrokerFigures | None:
        """Returns the figures as last published; None before the first, or if the broker has fallen silent."""
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

    def passages(self, since_ms: int) -> tuple[SnapshotTimes, ...]:
        """Returns the hop times of snapshots whose hints came since then, oldest first."""
        with self._lock:
            return tuple(each for each in self._passages if each.at_ms >= since_ms)


def _s(since_ms: int | None, until_ms: int | None) -> float | None:
    return None if since_ms is None or until_ms is None else max(0, until_ms - since_ms) / 1000
