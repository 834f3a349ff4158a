"""Times at which a picture passed the hops of this agent, by its wall clock. In memory alone: lost at a restart."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from provisioning.contracts.wire import topics

REMEMBERED: Final = 4096
"""Pictures remembered, the newest: one that waits longer has waited, and its hops say nothing of the machine."""


@dataclass(frozen=True, slots=True)
class HopTimes:
    """Milliseconds since the Unix epoch; None: not yet, or not known."""

    selected_at_ms: int | None = None
    redacted_at_ms: int | None = None
    spooled_at_ms: int | None = None
    """Time of the fsync."""

    def known(self) -> dict[str, int]:
        """Return the known times by the name of their MQTT property."""
        times = {
            topics.SELECTED_AT: self.selected_at_ms,
            topics.REDACTED_AT: self.redacted_at_ms,
            topics.SPOOLED_AT: self.spooled_at_ms,
        }
        return {name: at_ms for name, at_ms in times.items() if at_ms is not None}


UNKNOWN: Final = HopTimes()


class RecentHopTimes:
    """Holds the hop times of the newest pictures, by observation. Its owner serialises."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, HopTimes] = OrderedDict()

    def selected(self, observation_id: str, at_ms: int) -> None:
        """Note that an observation was entered in the ledger."""
        self._known[observation_id] = HopTimes(selected_at_ms=at_ms)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def spooled(self, observation_id: str, *, redacted_at_ms: int, spooled_at_ms: int) -> None:
        """Note that a picture was redacted and spooled."""
        if (before := self._known.get(observation_id)) is not None:
            self._known[observation_id] = replace(before, redacted_at_ms=redacted_at_ms, spooled_at_ms=spooled_at_ms)

    def of(self, observation_id: str) -> HopTimes:
        """Return the hop times of an observation."""
        return self._known.get(observation_id, UNKNOWN)
