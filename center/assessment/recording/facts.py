"""Facts on one camera in one hour, whose sixty minutes are sixty bits.

Two accounts of one hour are joined, never added: `joined` is commutative, associative and idempotent, so that a message
that comes twice, late or in another order gives the same facts (a join-semilattice).
"""

from dataclasses import dataclass
from typing import Final

from provisioning.contracts.wire.messages import ClockSource

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
MINUTES: Final = 60
WHOLE: Final = (1 << MINUTES) - 1
LADDER_S: Final = (10, 60, 300, 3600)
"""Seconds from a picture's capture to its hint at the centre: the limits of timeliness that may be set."""
_SOURCES: Final = tuple(ClockSource)


def hour_of(at_ms: int) -> int:
    """Returns the hour of a time, counted since the Unix epoch, UTC."""
    return at_ms // HOUR_MS


def bit_of(at_ms: int) -> int:
    """Returns the minute of a time in its hour, as a mask of one bit."""
    return 1 << at_ms % HOUR_MS // MINUTE_MS


def listed(mask: int) -> tuple[int, ...]:
    """Lists the minutes that are set, 0 to 59, in order."""
    return tuple(minute for minute in range(MINUTES) if mask >> minute & 1)


def source_bit(source: ClockSource) -> int:
    """Returns a source of clock readings as a mask of one bit; the order of `ClockSource` is kept in the database."""
    return 1 << _SOURCES.index(source)


def sources_of(mask: int) -> tuple[ClockSource, ...]:
    """Lists the sources that are set."""
    return tuple(source for source in _SOURCES if mask & source_bit(source))


@dataclass(frozen=True, slots=True)
class Key:
    """Key of an hour of a camera. `hour` counts from the Unix epoch, UTC."""

    agent_id: str
    camera_id: str
    hour: int


@dataclass(frozen=True, slots=True)
class HourFacts:
    """Masks of minutes (`bit_of`), and the deviation of the camera's clock."""

    told: int = 0
    """Minutes in which the centre knew if the camera was online."""
    offline: int = 0
    """Minutes in which it was known to be offline, at one tick or more."""
    looked: int = 0
    """Minutes in which the agent judged its picture."""
    abnormal: int = 0
    """Minutes in which the agent found at least one of the eleven faults."""
    pictured: int = 0
    """Minutes with a full-scene picture in the archive that was captured then."""
    within_10s: int = 0
    """Minutes with a picture whose hint came within so long; a subset of `pictured`."""
    within_60s: int = 0
    within_300s: int = 0
    within_3600s: int = 0
    clock_sure_ms: int | None = None
    """Greatest certain deviation of its clock; None: not known."""
    clock_most_ms: int | None = None
    """Greatest possible deviation of its clock."""
    clock_sources: int = 0
    """Sources of the readings, as a mask: `source_bit`."""

    def joined(self, other: "HourFacts") -> "HourFacts":
        """Joins two accounts of the same hour."""
        return HourFacts(
            told=self.told | other.told,
            offline=self.offline | other.offline,
            looked=self.looked | other.looked,
            abnormal=self.abnormal | other.abnormal,
            pictured=self.pictured | other.pictured,
            within_10s=self.within_10s | other.within_10s,
            within_60s=self.within_60s | other.within_60s,
            within_300s=self.within_300s | other.within_300s,
            within_3600s=self.within_3600s | other.within_3600s,
            clock_sure_ms=_most(self.clock_sure_ms, other.clock_sure_ms),
            clock_most_ms=_most(self.clock_most_ms, other.clock_most_ms),
            clock_sources=self.clock_sources | other.clock_sources,
        )


@dataclass(frozen=True, slots=True)
class Books:
    """Counters of a camera as its agent last reported them in an hour. They only grow while the spool lives."""

    at_ms: int
    """The agent's time of the heartbeat: the newest of the hour is kept."""
    selected: int
    archived: int
    rejected: int
    dropped: int
    """All drops but duplicates."""
    duplicates: int
    """Drops of pictures that were selected before: no loss."""
    in_flight: int

    def joined(self, other: "Books") -> "Books":
        """Returns the newer counters; of two of one time the larger, so that the order does not matter."""
        return max(self, other, key=Books._rank)

    def _rank(self) -> tuple[int, ...]:
        return (
            self.at_ms,
            self.selected,
            self.archived,
            self.rejected,
            self.dropped,
            self.duplicates,
            self.in_flight,
        )


def _most(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
