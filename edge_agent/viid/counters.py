"""Counts the devices' requests and pictures by result.

One thread writes; any may read, without a lock: see `Counters`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

_MAX_STRANGERS: Final = 64
_MAX_ID: Final = 64


class Count(StrEnum):
    """A counter of one device, since the server began."""

    RECEIVED = "received"
    """Pushes: requests with something to deliver, from a device that is registered."""
    ACCEPTED = "accepted"
    """Pictures that go on to the redactor."""
    DUPLICATE = "duplicate"
    """Pictures that had been accepted before: a device that repeats itself."""
    DROPPED_BY_POLICY = "dropped_by_policy"
    """Pictures, lists and whole pushes that are not taken here and were not read."""
    REFUSED = "refused"
    """Wrong passwords, bodies that cannot be read, pictures that are none or are only named by an address."""
    BUSY = "busy"
    """Pictures and pushes that were told to come again later."""


@dataclass(frozen=True, slots=True)
class UnknownViidDevice:
    """A device that tried to register and is in no configuration."""

    device_id: str
    source: str
    times: int
    last_ms: int


class Counters:
    """Holds the counters. Their keys never change, and the list of unknown devices is replaced whole: no torn reads."""

    def __init__(self, device_ids: Iterable[str]) -> None:
        self._counts = {device_id: dict.fromkeys(Count, 0) for device_id in device_ids}
        self._strangers: tuple[UnknownViidDevice, ...] = ()

    def add(self, device_id: str, what: Count, number: int = 1) -> int:
        """Adds to a counter; returns its new value."""
        self._counts[device_id][what] += number
        return self._counts[device_id][what]

    def stranger(self, device_id: str, source: str, now_ms: int) -> UnknownViidDevice:
        """Notes an unknown device for the technician. The most recent stays longest."""
        shown = device_id if device_id.isascii() and device_id.isprintable() and len(device_id) <= _MAX_ID else "?"
        others = [each for each in self._strangers if (each.device_id, each.source) != (shown, source)]
        known = [each for each in self._strangers if (each.device_id, each.source) == (shown, source)]
        seen = known[0] if known else UnknownViidDevice(shown, source, 0, now_ms)
        seen = replace(seen, times=seen.times + 1, last_ms=now_ms)
        self._strangers = (*others, seen)[-_MAX_STRANGERS:]
        return seen

    def counts(self) -> dict[str, dict[Count, int]]:
        """Returns the counters of every device, as of now."""
        return {device_id: dict(counts) for device_id, counts in self._counts.items()}

    def strangers(self) -> tuple[UnknownViidDevice, ...]:
        """Returns the unknown devices, the most recent last."""
        return self._strangers
