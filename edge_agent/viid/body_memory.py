"""Reserves memory for one request, before its body arrives."""

import asyncio
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from edge_agent.sources.pushed.byte_budget import ByteBudget

_LOOK_S: Final = 0.05
_SHARE: Final = 4
"""Bodies of one device may take a quarter of the memory: more of them wait, so that the other devices get in."""


class BusyError(Exception):
    """There was no room in memory within a bearable time."""


class Reservations:
    """Reserves memory in one event loop.

    A request waits a little for room: most devices that get BUSY never try again.
    """

    def __init__(self, budget: ByteBudget, patience_s: float) -> None:
        self._budget = budget
        self._patience_s = patience_s
        self._under_way: Counter[str] = Counter()
        self._freed = asyncio.Event()

    def open(self, device_id: str) -> "Reservation":
        """Opens one request's reservation, with nothing in it yet."""
        return Reservation(self, device_id)

    async def reserve(self, device_id: str, size_bytes: int) -> None:
        """Waits for room.

        Raises:
            BusyError: there was none.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                while not self._try_take(device_id, size_bytes):
                    await self._something_freed()
        except TimeoutError:
            raise BusyError from None

    def leave(self, device_id: str, size_bytes: int) -> None:
        """Takes bytes off a device's share; the budget is not touched."""
        self._freed.set()
        self._under_way[device_id] -= size_bytes
        if not self._under_way[device_id]:
            del self._under_way[device_id]

    def give(self, device_id: str, size_bytes: int) -> None:
        """Gives bytes back to the budget and to the device's share."""
        self._budget.give_bytes(size_bytes)
        self.leave(device_id, size_bytes)

    async def _something_freed(self) -> None:
        """Waits until a request gave room back, or `_LOOK_S`: a camera's thread may have."""
        self._freed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), _LOOK_S)

    def _try_take(self, device_id: str, size_bytes: int) -> bool:
        under_way = self._under_way[device_id]
        if under_way and under_way + size_bytes > self._budget.total_bytes // _SHARE:
            return False
        if not self._budget.try_take_bytes(size_bytes):
            return False
        self._under_way[device_id] += size_bytes
        return True


class Reservation:
    """Reserves memory for one request, as a context: what is left in it at the end goes back."""

    def __init__(self, reservations: Reservations, device_id: str) -> None:
        self._reservations = reservations
        self._device_id = device_id
        self._held_bytes = 0

    async def grow(self, size_bytes: int) -> None:
        """Reserves more memory.

        Raises:
            BusyError: there was no room.
        """
        await self._reservations.reserve(self._device_id, size_bytes)
        self._held_bytes += size_bytes

    def hand_over(self, size_bytes: int) -> None:
        """Passes bytes on to another owner, who gives them back."""
        self._held_bytes -= size_bytes
        self._reservations.leave(self._device_id, size_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reservations.give(self._device_id, self._held_bytes)
        self._held_bytes = 0
