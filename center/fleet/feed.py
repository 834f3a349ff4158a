"""Feeds fresh observations to open pages: one bounded ring per reader, so that a slow page delays no other."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from center.fleet.pace import ArchivePace
from provisioning.contracts import ids
from provisioning.contracts.wire.messages import Machine, Observed, PictureState

T = TypeVar("T")
RING = 256
"""Items that one reader's ring holds. Pages look twice a second: 256 is 30 cameras at 4 pictures a second with room to
spare."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A fresh row as pages show it. It has no field for people: their count is never shown with one picture."""

    row_key: str
    agent_id: str
    camera_id: str
    captured_at_ms: int
    picture: PictureState
    machines: tuple[Machine, ...]


class FeedReader(Generic[T]):
    """The ring of one page. Overflow is `drop_oldest`: a live page needs the newest items."""

    def __init__(self, capacity: int, wake: Callable[[], None] | None = None) -> None:
        self._ring: deque[T] = deque(maxlen=capacity)
        self._lock = threading.Lock()
        self._wake = wake
        self.dropped = 0

    def drain(self) -> list[T]:
        """Takes all items that arrived since the last call, oldest first."""
        with self._lock:
            taken = list(self._ring)
            self._ring.clear()
        return taken

    def put(self, item: T) -> int:
        """Adds one item; returns how many were dropped for it."""
        with self._lock:
            full = len(self._ring) == self._ring.maxlen
            self._ring.append(item)
            self.dropped += full
        return int(full)

    def wake(self) -> None:
        """Tells the page that there are items to take."""
        if self._wake is not None:
            self._wake()


class FanOut(Generic[T]):
    """Passes every item to every reader. Safe to use from the broker's thread and the pages' loop."""

    def __init__(self, capacity: int = RING) -> None:
        self._capacity = capacity
        self._readers: set[FeedReader[T]] = set()
        self._lock = threading.Lock()
        self.received = 0
        self.dropped_oldest = 0

    def open(self, wake: Callable[[], None] | None = None) -> FeedReader[T]:
        """Opens a reader, which gets all that is published from now on. Close it with `close`.

        `wake` is called from the publisher's thread after something was put: it must return at once, and not raise.
        """
        reader: FeedReader[T] = FeedReader(self._capacity, wake)
        with self._lock:
            self._readers.add(reader)
        return reader

    def close(self, reader: FeedReader[T]) -> None:
        """Stops filling `reader`; closing twice is no error."""
        with self._lock:
            self._readers.discard(reader)

    @property
    def readers(self) -> int:
        """Number of open readers."""
        return len(self._readers)

    def spread(self, items: Sequence[T]) -> None:
        """Passes every item to every reader; never blocks on one."""
        with self._lock:
            self.received += len(items)
            for reader in self._readers:
                for item in items:
                    self.dropped_oldest += reader.put(item)
                reader.wake()


class Feed(FanOut[Sighting]):
    """Fans *observed* out, and counts the pace."""

    def __init__(self, capacity: int = RING, pace: ArchivePace | None = None) -> None:
        super().__init__(capacity)
        self.pace = pace or ArchivePace()

    def publish(self, observed: Observed) -> None:
        """Passes every archived row to every reader."""
        self.pace.note(observed)
        self.spread(
            [
                Sighting(
                    row_key=ids.row_key(observed.agent_id, item.observation_id),
                    agent_id=observed.agent_id,
                    camera_id=item.camera_id,
                    captured_at_ms=item.captured_at_ms,
                    picture=item.picture,
                    machines=item.machines,
                )
                for item in observed.items
            ]
        )
