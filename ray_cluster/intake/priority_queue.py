"""Two-level priority queue: live snapshots before the backlog of an outage, with a reserved share for the backlog.

Pure: items in, items out, times as arguments. Two bounded queues, each first in, first out; a full lane refuses further
items (`drop_newest`).
"""

from collections import deque
from enum import StrEnum
from typing import Final, Generic, TypeVar

OVERFLOW: Final = "drop_newest"
SHARE: Final = 8
"""While both lanes hold items, one of every `SHARE` that are taken is of the backlog, which so gets an eighth."""

_T = TypeVar("_T")


class Lane(StrEnum):
    """Lane in which a snapshot waits."""

    LIVE = "live"
    BACKLOG = "backlog"


class Lanes(Generic[_T]):
    """Both lanes, each a bounded queue.

    Args:
        capacity: most items of each lane.
        live_ms: a capture longer ago than this is backlog. One in the future is live: that clock is wrong, not late.
    """

    def __init__(self, capacity: int, *, live_ms: int, share: int = SHARE) -> None:
        if capacity < 1 or live_ms < 0 or share < 2:
            raise ValueError("capacity is at least 1, live_ms at least 0, share at least 2")
        self._capacity = capacity
        self._live_ms = live_ms
        self._share = share
        self._waiting: dict[Lane, deque[_T]] = {lane: deque() for lane in Lane}
        self._in_a_row = 0
        """Live items taken in a row while the backlog waited."""

    def lane_of(self, captured_at_ms: int, now_ms: int) -> Lane:
        """Choose the lane of a capture."""
        return Lane.BACKLOG if now_ms - captured_at_ms > self._live_ms else Lane.LIVE

    def put(self, item: _T, lane: Lane) -> bool:
        """Queue an item; False if the lane is full."""
        queue = self._waiting[lane]
        if len(queue) >= self._capacity:
            return False
        queue.append(item)
        return True

    def take_due(self, most: int) -> list[_T]:
        """Take up to `most` items in the order in which they are due."""
        return [self._next() for _ in range(min(most, len(self)))]

    def waiting(self, lane: Lane) -> int:
        """Number of items in one lane."""
        return len(self._waiting[lane])

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _next(self) -> _T:
        live, backlog = self._waiting[Lane.LIVE], self._waiting[Lane.BACKLOG]
        if live and (not backlog or self._in_a_row < self._share - 1):
            self._in_a_row = self._in_a_row + 1 if backlog else 0
            return live.popleft()
        self._in_a_row = 0
        return backlog.popleft()
