"""What is due when. Each key once; a moment that is put off, as each keepalive does, costs nothing until it comes."""

from collections.abc import Hashable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Agenda(Generic[Key]):
    """Times are monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._planned: dict[Key, float] = {}
        """Where a key stands in the heap: never later than it is due."""
        self._heap: list[tuple[float, int, Key]] = []
        self._numbers = count()

    def plan(self, key: Key, at_s: float) -> None:
        """Due then, whatever was planned before."""
        self._due[key] = at_s
        planned_s = self._planned.get(key)
        if planned_s is None or at_s < planned_s:
            self._push(key, at_s)

    def cancel(self, key: Key) -> None:
        """Not at all."""
        self._due.pop(key, None)

    def at_s(self, key: Key) -> float | None:
        """When it is due."""
        return self._due.get(key)

    def take(self, now_s: float) -> list[Key]:
        """What is due by now, in its order; it is planned no more."""
        out = []
        while self._heap and self._heap[0][0] <= now_s:
            at_s, _, key = heappop(self._heap)
            if self._planned.get(key) != at_s:
                continue  # it was moved to an earlier moment, and has been taken there
            del self._planned[key]
            due_s = self._due.get(key)
            if due_s is None:
                continue
            if due_s <= now_s:
                del self._due[key]
                out.append(key)
            else:
                self._push(key, due_s)
        return out

    def get_timer(self) -> float | None:
        """When to call `take`: not later than the first is due, and perhaps earlier."""
        return self._heap[0][0] if self._heap else None

    def __len__(self) -> int:
        return len(self._due)

    def _push(self, key: Key, at_s: float) -> None:
        self._planned[key] = at_s
        heappush(self._heap, (at_s, next(self._numbers), key))
