"""Fans alarm events out to open pages, and records when each alarm was first sent to one."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from center.alarms.errors import TooManyStreamsError
from center.alarms.latency import Hop, HopHistograms
from center.alarms.lifecycle import AlarmEvent
from center.alarms.views import AlarmPush
from center.clock import NowMs
from center.fleet.feed import FanOut, FeedReader

MAX_STREAMS: Final = 256
REMEMBERED: Final = 4096
"""Alarms remembered as sent; more than any ring holds."""


class Sent(NamedTuple):
    """Times at which an alarm was stored (None: before the centre's last start) and first sent to a page."""

    stored_at_ms: int | None
    sent_at_ms: int


class Listener:
    """One page that waits for events; belongs to one asyncio loop."""

    def __init__(self, reader: FeedReader[AlarmPush], woken: asyncio.Event) -> None:
        self._reader = reader
        self._woken = woken
        self._missed = 0

    async def wait(self, timeout_s: float) -> bool:
        """Waits until there are events to take; False after `timeout_s` without any."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    def take(self) -> tuple[list[AlarmPush], bool]:
        """Takes the events that came, oldest first, and True if the ring overflowed: the database has the rest."""
        taken = self._reader.drain()
        overflowed = self._reader.dropped > self._missed
        self._missed = self._reader.dropped
        return taken, overflowed


class AlarmFan(FanOut[AlarmPush]):
    """Fans alarm events out to pages, and measures when the first page is sent each alarm."""

    def __init__(self, hops: HopHistograms, now_ms: NowMs) -> None:
        super().__init__()
        self._hops = hops
        self._now_ms = now_ms
        self._sent_lock = threading.Lock()
        self._sent: dict[int, Sent] = {}
        self._known: OrderedDict[int, None] = OrderedDict()
        self.ended = False
        """True once the centre shuts down: listeners must leave, or the shutdown would wait for them."""

    def admit(self) -> None:
        """Checks that one more stream may open; call it before `listening`, while an error can still be answered.

        Raises:
            TooManyStreamsError: `MAX_STREAMS` are open.
        """
        if self.readers >= MAX_STREAMS:
            raise TooManyStreamsError(limit=MAX_STREAMS)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        """Opens a listener for as long as `with` lasts."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        reader = self.open(lambda: _wake(loop, woken))
        try:
            yield Listener(reader, woken)
        finally:
            self.close(reader)

    def end(self) -> None:
        """Ends the streams of all listeners."""
        self.ended = True
        self.spread(())

    def sent(self, push: AlarmPush) -> None:
        """Notes that a page is sent this. Only the first time that a fresh alarm goes out is a hop of it."""
        if push.event.event is not AlarmEvent.RAISED or push.alarm.times.sent_at_ms is not None:
            return
        now_ms = self._now_ms()
        with self._sent_lock:
            if push.alarm.id in self._known:
                return
            self._known[push.alarm.id] = None
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            times = push.alarm.times
            self._sent[push.alarm.id] = Sent(times.stored_at_ms, now_ms)
        self._hops.observe(Hop.STORE, times.decided_at_ms, times.stored_at_ms)
        self._hops.observe(Hop.SEND, times.stored_at_ms, now_ms)
        self._hops.observe(Hop.TOTAL, times.captured_at_ms, now_ms)

    def first_sent(self) -> dict[int, Sent]:
        """Returns the alarms that were first sent since the last call."""
        with self._sent_lock:
            taken, self._sent = self._sent, {}
            return taken


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)
