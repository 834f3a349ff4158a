"""Reads the clock and its state, and writes times for people: in the archive's zone, written beside it, and in UTC."""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from provisioning.contracts.query.archive import ZONE, ZONE_TEXT

__all__ = ["ZONE", "ZONE_TEXT", "ClockState", "NowMs", "clock_state", "local", "now_ms", "utc"]

NowMs = Callable[[], int]
"""Milliseconds since the Unix epoch, UTC."""
_UNSYNCHRONISED: Final = 0x0040  # STA_UNSYNC, <sys/timex.h>
_ERROR: Final = 5  # TIME_ERROR


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


@dataclass(frozen=True, slots=True)
class ClockState:
    """State of the machine's clock, as the kernel reports it (adjtimex(2))."""

    synchronised: bool | None
    """None: the kernel could not be asked."""
    max_error_ms: int | None
    """Greatest error; None unless it is synchronised."""


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),  # more than any libc writes behind
    )


def clock_state() -> ClockState:
    """Asks the kernel for the clock's state; `modes` 0 changes nothing."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return ClockState(None, None)  # no Linux
    found = _Timex()
    state = adjtimex(ctypes.byref(found))
    if state == -1:
        return ClockState(None, None)
    if state == _ERROR or found.status & _UNSYNCHRONISED:
        return ClockState(synchronised=False, max_error_ms=None)
    return ClockState(synchronised=True, max_error_ms=-(-found.maxerror // 1000))
