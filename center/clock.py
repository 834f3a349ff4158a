"""Reads the clock and writes times for people: in the archive's zone, which is written beside it, and in UTC."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from provisioning.contracts.query.archive import ZONE, ZONE_TEXT

__all__ = ["ZONE", "ZONE_TEXT", "NowMs", "local", "now_ms", "utc"]

NowMs = Callable[[], int]
"""Milliseconds since the Unix epoch, UTC."""


def now_ms() -> int:
    """Reads the machine's wall clock."""
    return time.time_ns() // 1_000_000


def local(at_ms: int) -> str:
    """Writes a time in the archive's zone: `2026-11-24 15:46:03 +08:00`."""
    moment = datetime.fromtimestamp(at_ms / 1000, ZONE)
    return f"{moment:%Y-%m-%d %H:%M:%S} {ZONE_TEXT}"


def utc(at_ms: int) -> str:
    """Writes a time in UTC: `2026-11-24 07:46:03.120 UTC`."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d} UTC"
