"""Time, as the simulated devices see it: a process clock for timers, and a wall clock of each device's own."""

import calendar
import re
import time
from typing import Final, NamedTuple

BEIJING_S: Final = 8 * 3600
"""Devices write local time without a zone."""
_TEXT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


class Now(NamedTuple):
    """One moment of the process."""

    mono_s: float
    wall_s: float
    """UNIX seconds."""


def text(wall_s: float, *, offset: bool = False) -> str:
    """Local time as devices write it, with +08:00 on demand."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall_s + BEIJING_S)) + ("+08:00" if offset else "")


def seconds(local: str) -> float | None:
    """UNIX seconds of a local time; None where it is none. A zone is taken as Beijing's."""
    found = _TEXT.fullmatch(local.strip())
    if found is None:
        return None
    fields = [int(found[n]) for n in range(1, 7)]
    if not 1970 < fields[0] < 2100 or not 1 <= fields[1] <= 12 or not 1 <= fields[2] <= 31:
        return None
    return calendar.timegm((*fields, 0, 0, 0)) - BEIJING_S + float(found[7] or 0)


class DeviceClock:
    """A wall clock that is wrong by `skew_s` until somebody sets it."""

    __slots__ = ("skew_s",)

    def __init__(self, skew_s: float = 0.0) -> None:
        self.skew_s = skew_s

    def wall_s(self, now: Now) -> float:
        """What the device believes, in UNIX seconds."""
        return now.wall_s + self.skew_s

    def follow(self, date: str, now: Now) -> bool:
        """Take over the platform's Date. Returns whether it could be read."""
        told = seconds(date)
        if told is None:
            return False
        self.skew_s = told - now.wall_s
        return True
