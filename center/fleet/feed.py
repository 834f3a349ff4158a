"""Feeds fresh observations to open pages, each with a bounded ring of its own, and measures their pace."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from center.access.permissions import Scope
from center.clock import NowMs, now_ms
from provisioning.contracts import ids
from provisioning.contracts.wire.messages import Machine, Observed, PictureState

T = TypeVar("T")
RING: Final = 256
"""Items that one reader's ring holds. Pages look twice a second: 256 is 30 cameras at 4 pictures a second with room to
spare."""


WINDOW_MS: Final = 60_000
LEAST_MS: Final = 10_000
"""Milliseconds after the start before which there is no pace."""
MOST: Final = 60_000
"""Hints that are kept: a minute at a thousand a second. Beyond that, the newest part stands for the minute."""


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


class _Heard(NamedTuple):
    at_ms: int
    agent_id: str
    camera_id: str
    behind_ms: int | None


@dataclass(frozen=True, slots=True)
class Throughput:
    """The pace of the cameras in sight."""

    per_minute: float | None
    """Snapshots archived; None in the first seconds of the centre, which say nothing."""
    window_s: int
    """Seconds over which it was measured: a minute, or less right after the start."""
    since_start: int
    """Snapshots archived since the centre started."""
    behind_ms: int | None
    """Median time from the arrival at the intake to the commit: parse, check and archive. None: no snapshot came."""


class ArchivePace:
    """Measures the pace. Thread-safe; the feed passes it every hint."""

    def __init__(self, clock: NowMs = now_ms) -> None:
        self._clock = clock
        self._since_ms = clock()
        self._lock = threading.Lock()
        self._arrivals: deque[_Heard] = deque(maxlen=MOST)
        self._counts: Counter[tuple[str, str]] = Counter()
        """Snapshots since the start, by agent and camera."""

    def note(self, observed: Observed) -> None:
        """Takes a hint of committed rows."""
        at_ms = self._clock()
        with self._lock:
            for item in observed.items:
                times = item.times
                self._counts[observed.agent_id, item.camera_id] += 1
                self._arrivals.append(
                    _Heard(
                        at_ms,
                        observed.agent_id,
                        item.camera_id,
                        None
                        if times is None or times.received_at_ms is None or times.committed_at_ms is None
                        else max(0, times.committed_at_ms - times.received_at_ms),
                    )
                )

    def measure(self, sight: Scope) -> Throughput:
        """Measures the last minute, or the time since the start, for the cameras in sight."""
        at_ms = self._clock()
        with self._lock:
            while self._arrivals and at_ms - self._arrivals[0].at_ms > WINDOW_MS and len(self._arrivals) > 1:
                self._arrivals.popleft()
            is_full = len(self._arrivals) == MOST
            first_ms = self._arrivals[0].at_ms if is_full else max(at_ms - WINDOW_MS, self._since_ms)
            since_start = sum(count for key, count in self._counts.items() if sight.holds(*key))
            seen = [each for each in self._arrivals if sight.holds(each.agent_id, each.camera_id)]
        fresh = [each for each in seen if at_ms - each.at_ms <= WINDOW_MS]
        behind = sorted(each.behind_ms for each in fresh if each.behind_ms is not None)
        span_ms = max(at_ms - first_ms, 1000)
        return Throughput(
            per_minute=len(fresh) * 60_000 / span_ms if at_ms - self._since_ms >= LEAST_MS else None,
            window_s=span_ms // 1000,
            since_start=since_start,
            behind_ms=behind[len(behind) // 2] if behind else None,
        )


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
