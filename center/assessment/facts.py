"""What is known of one camera in one hour.

Two accounts of one hour are joined, never added: `joined` is commutative, associative and idempotent, so that a message
that comes twice, late or in another order gives the same facts (a join-semilattice).
"""

from dataclasses import dataclass
from typing import Final

LADDER_S: Final = (10, 60, 300, 3600)
"""How soon after its capture the centre heard of a picture: the limits that can be asked for later."""


@dataclass(frozen=True, slots=True)
class Key:
    """Whose hour. `hour` counts from the Unix epoch, UTC."""

    agent_id: str
    camera_id: str
    hour: int


@dataclass(frozen=True, slots=True)
class HourFacts:
    """Masks of minutes (`minutes.bit_of`), and how far the camera's clock was off."""

    told: int = 0
    """The centre knew whether the camera was online."""
    offline: int = 0
    """And it was not, at some look of that minute."""
    looked: int = 0
    """The agent judged its picture."""
    abnormal: int = 0
    """And found at least one of the eleven faults."""
    pictured: int = 0
    """A full-scene picture captured then is in the archive."""
    within_10s: int = 0
    """And the centre heard of one within so long."""
    within_60s: int = 0
    within_300s: int = 0
    within_3600s: int = 0
    clock_sure_ms: int | None = None
    """The most that its clock was certainly off, None: nobody could tell."""
    clock_most_ms: int | None = None
    """The most that it can have been off."""

    def joined(self, other: "HourFacts") -> "HourFacts":
        """Both accounts in one."""
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
        )


@dataclass(frozen=True, slots=True)
class Books:
    """The counters of a camera as its agent last told them in an hour. They only grow while the spool lives."""

    at_ms: int
    """The agent's time of the heartbeat: the newest of the hour is kept."""
    selected: int
    archived: int
    rejected: int
    dropped: int
    """By name, without duplicates."""
    duplicates: int
    """Seen before: no loss."""
    in_flight: int

    def joined(self, other: "Books") -> "Books":
        """The newer; of two at one moment the larger, so that the order does not matter."""
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
