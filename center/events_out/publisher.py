"""Defines what a way to a receiver does: a batch goes out, and it is said how far the receiver has acknowledged it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from provisioning.contracts.config.events_out import EventKind


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """One event that waits for a receiver, as it will be sent."""

    id: int
    kind: EventKind
    subject: str
    event_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """Results of the first events of a batch, in its order.

    `results`: empty for an event that was acknowledged, else the reason for which the receiver never takes it.
    `fault`: why there are results of no more events; empty: there are results of all.
    """

    results: tuple[str, ...]
    fault: str = ""


class Publisher(Protocol):
    """A connection to one receiver. Belongs to one event loop, and keeps no event of its own."""

    async def open(self) -> bool:
        """Connects unless it is connected; returns True if the receiver may have forgotten what it retained.

        Raises:
            ReceiverAwayError: no connection.
        """

    async def publish(self, batch: Sequence[QueuedEvent]) -> Published:
        """Sends a batch in its order and waits for the acknowledgements, in bounded time."""

    async def close(self) -> None:
        """Disconnects, in bounded time."""
