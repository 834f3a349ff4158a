"""Plans moments, one a key. One that is put off, as each keepalive does, costs nothing until it comes."""

from collections.abc import Hashable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Agenda(Generic[Key]):
    """A heap of due keys. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._planned: dict[Key, float] = {}
        """Time of a key's entry in the heap: never later than the key is due."""
        self._heap: list[tuple[float, int, Key]] = []
        self._numbers = count()

    def plan(self, key: Key, at_s: float) -> None:
        """Plans the key for that moment, whatever was planned before."""
        self._due[key] = at_s
        planned_s = self._planned.get(key)
        if planned_s is None or at_s < planned_s:
            self._push(key, at_s)

    def cancel(self, key: Key) -> None:
        """Removes the key from the plan."""
        self._due.pop(key, None)

    def at_s(self, key: Key) -> float | None:
        """Returns the moment at which the key is due; None: it is not planned."""
        return self._due.get(key)

    def take_due(self, now_s: float) -> list[Key]:
        """Takes the keys that are due by now, in their order; they are planned no more."""
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
        """Returns the moment to call `take_due`: not later than the first key is due, and perhaps earlier."""
        return self._heap[0][0] if self._heap else None

    def __len__(self) -> int:
        return len(self._due)

    def _push(self, key: Key, at_s: float) -> None:
        self._planned[key] = at_s
        heappush(self._heap, (at_s, next(self._numbers), key))
