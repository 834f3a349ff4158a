"""Queues pictures for the one redactor, in a bounded lane per camera and with turns between the lanes.

A busy street cannot starve a quiet gate: a lane with waiting pictures is served once a round.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Literal, TypeVar

_T = TypeVar("_T")
_LOOK_UP_S: Final = 0.2
"""Seconds after which a blocked camera checks `stop` again."""


class FairQueue(Generic[_T]):
    """Thread-safe. Policy `drop_oldest` returns the item that had to go; `block` makes the camera wait."""

    def __init__(
        self,
        per_lane: int,
        overflow: Literal["drop_oldest", "block"],
        rank: Callable[[str], int | None] = lambda _lane: None,
    ) -> None:
        """`rank`: of lanes that have one, only those of the lowest are served; a lane without one keeps its turn."""
        self._per_lane = per_lane
        self._overflow = overflow
        self._rank = rank
        self._lanes: dict[str, deque[_T]] = {}
        self._turns: deque[str] = deque()
        self._changed = threading.Condition()
        self._is_closed = False

    @property
    def waits(self) -> bool:
        """True if a camera waits while its lane is full."""
        return self._overflow == "block"

    def __len__(self) -> int:
        """Items that wait, in all lanes."""
        with self._changed:
            return sum(map(len, self._lanes.values()))

    def is_full(self, lane: str) -> bool:
        """True if the next item of this lane would overflow it."""
        with self._changed:
            return len(self._lanes.get(lane, ())) >= self._per_lane

    def put(self, lane: str, item: _T, stop: threading.Event, *, can_wait: bool = False) -> _T | None:
        """Add `item`; returns the one that has to go for it. While blocked, `stop` hands back `item` itself.

        `can_wait`: this one blocks whatever the policy: its device or sender has kept it so far and can go on doing so.
        """
        with self._changed:
            waiting = self._lanes.setdefault(lane, deque())
            victim: _T | None = None
            if self._overflow == "drop_oldest" and not can_wait:
                if len(waiting) == self._per_lane:
                    victim = waiting.popleft()
            else:
                while len(waiting) == self._per_lane:
                    if stop.is_set():
                        return item
                    self._changed.wait(_LOOK_UP_S)
            waiting.append(item)
            if lane not in self._turns:
                self._turns.append(lane)
            self._changed.notify_all()
            return victim

    def take_next(self, timeout_s: float) -> _T | None:
        """Take the next item in turn; None when none came in time, or none waits and the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or bool(self._turns), timeout_s)
            if not self._turns:
                return None
            lane = self._next()
            self._turns.remove(lane)
            waiting = self._lanes[lane]
            item = waiting.popleft()
            if waiting:
                self._turns.append(lane)
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """End every wait for an item, now and later. What waits is still taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _next(self) -> str:
        """Choose the lane whose turn it is, of those in which something waits."""
        ranks = {lane: self._rank(lane) for lane in self._turns}
        lowest = min((rank for rank in ranks.values() if rank is not None), default=None)
        return next(lane for lane in self._turns if ranks[lane] is None or ranks[lane] == lowest)
