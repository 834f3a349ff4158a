"""Sends what waits for one receiver, in order; a receiver that takes nothing takes nothing from the outbox."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from center.background import Periodic
from center.clock import NowMs
from center.events_out.errors import ReceiverAwayError
from center.events_out.outbox import EventOutbox
from center.events_out.publisher import Publisher
from provisioning.contracts.config.events_out import EventReceiver

EVERY_S: Final = 1.0
BATCH: Final = 200
"""Events that are under way at once, and sent again at most after a kill."""
LONGEST_PAUSE_S: Final = 60.0


class EventSender:
    """Sends to one receiver. Belongs to one event loop.

    `reopened` is called after each connection to a broker that may have forgotten what it retained.
    """

    def __init__(
        self,
        settings: EventReceiver,
        publisher: Publisher,
        outbox: EventOutbox,
        *,
        reopened: Callable[[], None],
        now_ms: NowMs,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._publisher = publisher
        self._outbox = outbox
        self._reopened = reopened
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._pause_s = EVERY_S
        self._paused_until_s = 0.0
        self._trouble: ReceiverAwayError | None = None
        self.acknowledged_at_ms: int | None = None
        """Time of the last acknowledgement; None: none since the start."""
        self.loop = Periodic(f"events to {settings.id}", EVERY_S, self.turn)

    async def turn(self) -> None:
        """Sends all that waits. After a fault the next attempt waits, a second and up to a minute.

        Raises:
            ReceiverAwayError: the receiver takes nothing now.
            StoreUnavailableError: the database does not work; what was sent last is sent again.
        """
        if self._trouble is not None and self._monotonic_s() < self._paused_until_s:
            raise self._trouble
        try:
            if await self._publisher.open():
                await asyncio.to_thread(self._outbox.forget_states, self.settings.id)
                self._reopened()
            await self._send_all()
        except ReceiverAwayError as error:
            self._trouble = error
            self._paused_until_s = self._monotonic_s() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            raise
        self._trouble, self._pause_s = None, EVERY_S

    async def close(self) -> None:
        """Disconnects from the receiver."""
        await self._publisher.close()

    async def _send_all(self) -> None:
        receiver = self.settings.id
        while batch := await asyncio.to_thread(self._outbox.heads, receiver, BATCH):
            published = await self._publisher.publish(batch)
            answered = list(zip(batch, published.results, strict=False))
            if answered:
                acknowledged = [event for event, reason in answered if not reason]
                refused = [event for event, reason in answered if reason]
                await asyncio.to_thread(self._outbox.settle, receiver, acknowledged, refused)
                self.acknowledged_at_ms = self._now_ms() if acknowledged else self.acknowledged_at_ms
            if published.fault:
                raise ReceiverAwayError(target=receiver, cause=published.fault)
