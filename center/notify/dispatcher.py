"""Sends what the outbox holds: one loop a channel, so that a slow one holds up no other. One process at a time."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from center.background import Periodic
from center.clock import NowMs
from center.errors import StoreUnavailableError
from center.notify.channels.base import Channel, Parcel
from center.notify.lifecycle import AttemptOutcome
from center.notify.outbox import REPORT_KEEP_MS, Outbox, Pause
from center.retention import MESSAGES, Retention

POLL_S: Final = 1.0
"""Seconds until a message posted by another process (`wayside-center notify test`) is seen."""
STORE_RETRY_S: Final = 2.0
STOP_S: Final = 5.0
"""Seconds for attempts under way when the centre stops; one that takes longer has an unknown outcome."""
SWEEP_S: Final = 3600.0


class Dispatcher:
    """Runs the loops of the channels. `faults` names each channel whose loop stands, with the cause."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        *,
        lock_file: Path,
        keep_ms: int,
        retention: Retention,
        now_ms: NowMs,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._lock_file = lock_file
        self._keep_ms = keep_ms
        self._retention = retention
        self._now_ms = now_ms
        self._loop: asyncio.AbstractEventLoop | None = None
        self._posted = {name: asyncio.Event() for name in channels}
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pumps: dict[str, Periodic] = {}
        self._under_way: set[str] = set()
        """Channels whose last attempt has no outcome: its loop died with it."""
        self._lock: int | None = None
        self._stands: dict[str, str] = {}
        self.loops: list[Periodic] = []
        """All loops that were started."""

    @property
    def faults(self) -> dict[str, str]:
        """Causes by channel, of the channels that do not send."""
        died = {name: str(pump.death) for name, pump in self._pumps.items() if pump.death is not None}
        return self._stands | died

    def start(self) -> None:
        """Starts sending, in the running event loop; does nothing if no channel is configured."""
        self._loop = asyncio.get_running_loop()
        if self._channels:
            self._spawn(Periodic("notification", POLL_S, self._begin, sleep=self._nap), lambda: bool(self._pumps))

    def wake(self, channel_id: str) -> None:
        """Tells a channel's loop that a message was posted; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._posted[channel_id].set)

    async def stop(self) -> None:
        """Stops the loops; attempts under way have `STOP_S` to end."""
        self._stop.set()
        for event in self._posted.values():
            event.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _begin(self) -> None:
        """Takes the lock, settles attempts that a stop of the centre cut off, then starts a loop a channel."""
        if self._lock is None and not self._locked():
            return
        try:
            await asyncio.to_thread(self._outbox.recover, self._channels.values())
        except StoreUnavailableError as error:
            self._stand(self._channels, str(error))
            return
        self._stands.clear()
        for channel in self._channels.values():
            pump = Periodic(f"notification by {channel.id}", 0, partial(self._pump, channel), sleep=self._nap)
            self._pumps[channel.id] = pump
            self._spawn(pump)
        self._spawn(Periodic("the sweeping of notifications", SWEEP_S, self._sweep, sleep=self._nap))

    async def _pump(self, channel: Channel) -> None:
        """Sends one message, or waits for one."""
        self._posted[channel.id].clear()
        try:
            if channel.id in self._under_way:
                await asyncio.to_thread(self._outbox.recover, [channel])
                self._under_way.discard(channel.id)
            claimed = await asyncio.to_thread(self._outbox.claim, channel)
        except StoreUnavailableError as error:
            self._stand([channel.id], str(error))
            await self._nap(STORE_RETRY_S)
            return
        self._stands.pop(channel.id, None)
        if isinstance(claimed, Parcel):
            self._under_way.add(channel.id)
            await self._settle(channel, claimed, await channel.deliver(claimed))
            self._under_way.discard(channel.id)
        else:
            await self._wait(channel.id, claimed)

    async def _settle(self, channel: Channel, parcel: Parcel, outcome: AttemptOutcome) -> None:
        """Stores an outcome, however long the database takes: until then the channel sends nothing else."""
        while True:
            try:
                await asyncio.to_thread(self._outbox.settle, channel, parcel.parcel_id, outcome)
            except StoreUnavailableError as error:
                self._stand([channel.id], str(error))
                await asyncio.sleep(STORE_RETRY_S)
            else:
                return

    async def _sweep(self) -> None:
        try:
            await asyncio.to_thread(self._prune)
        except StoreUnavailableError as error:
            self._stand(self._channels, str(error))

    def _prune(self) -> None:
        due_ms = self._retention.due_ms()
        before_ms = self._retention.horizon_ms(MESSAGES, self._keep_ms)
        if due_ms is not None and before_ms is not None:
            self._outbox.prune(before_ms, reports_before_ms=due_ms - REPORT_KEEP_MS)

    async def _wait(self, channel_id: str, pause: Pause) -> None:
        left_s = POLL_S if pause.until_ms is None else (pause.until_ms - self._now_ms()) / 1000
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(POLL_S, left_s))):
                await self._posted[channel_id].wait()

    async def _nap(self, seconds: float) -> None:
        """Sleeps; a stop ends it early."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    def _locked(self) -> bool:
        """Takes the lock of the process that sends; False if another has it.

        It goes with the process, however it ends.
        """
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            self._stand(self._channels, f"another process sends ({error.strerror})")
            return False
        self._lock = handle
        return True

    def _stand(self, channel_ids: Iterable[str], cause: str) -> None:
        for channel_id in channel_ids:
            self._stands[channel_id] = cause

    def _spawn(self, loop: Periodic, is_over: Callable[[], bool] = lambda: False) -> None:
        self.loops.append(loop)
        task = asyncio.create_task(loop.run(until=lambda: self._stop.is_set() or is_over()), name=loop.name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
