"""Defines the moment and the calendar: both come from outside, so that a test decides what time it is."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Now:
    """One moment by two clocks."""

    monotonic_s: float
    """Never goes back: for timers."""
    wall_ms: int
    """Milliseconds since the Unix epoch, UTC: for what is written down. May jump."""


class Calendar(Protocol):
    """Converts local time as devices write it: Beijing time, without a zone (GB/T 28181-2022, 9.10)."""

    def text(self, at_ms: int, *, with_ms: bool = False) -> str:
        """Writes `2026-11-24T21:40:05`, or with `.123`, for a moment in Unix milliseconds."""

    def at_ms(self, text: str) -> int | None:
        """Returns the moment of such a text, with or without a zone such as `+08:00` or `Z`; None where it is none."""
