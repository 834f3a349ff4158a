"""Reads the state of the Linux clock: if it is synchronised, and its greatest error (adjtimex(2))."""

import ctypes
from dataclasses import dataclass
from typing import Final

_UNSYNCHRONISED: Final = 0x0040  # STA_UNSYNC, <sys/timex.h>
_ERROR: Final = 5  # TIME_ERROR


@dataclass(frozen=True, slots=True)
class ClockState:
    """`synchronised` None: the kernel could not be asked. `max_error_ms` None unless it is synchronised."""

    synchronised: bool | None
    max_error_ms: int | None


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
