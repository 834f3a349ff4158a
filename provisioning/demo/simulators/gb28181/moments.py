"""Clocks of the simulated devices: a process clock for timers, and a wall clock of each device's own."""

import calendar
import re
import time
from typing import Final, NamedTuple

BEIJING_S: Final = 8 * 3600
"""Devices write local time without a zone."""
_TEXT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


class Instant(NamedTuple):
    """Readings of the process's clocks at one moment."""

    mono_s: float
    wall_s: float
    """Seconds of UNIX time."""


def text(wall_s: float, *, offset: bool = False) -> str:
    """Writes local time as devices do, optionally with +08:00."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall_s + BEIJING_S)) + ("+08:00" if offset else "")


def seconds(local: str) -> float | None:
    """Returns UNIX seconds of a local time; None for another text. Any zone is read as Beijing's."""
    found = _TEXT.fullmatch(local.strip())
    if found is None:
        return None
    fields = [int(found[n]) for n in range(1, 7)]
    if not 1970 < fields[0] < 2100 or not 1 <= fields[1] <= 12 or not 1 <= fields[2] <= 31:
        return None
    return calendar.timegm((*fields, 0, 0, 0)) - BEIJING_S + float(found[7] or 0)


class DeviceClock:
    """A wall clock that is wrong by `skew_s` until it is set."""

    __slots__ = ("skew_s",)

    def __init__(self, skew_s: float = 0.0) -> None:
        self.skew_s = skew_s

    def wall_s(self, now: Instant) -> float:
        """Returns the device's own time in UNIX seconds."""
        return now.wall_s + self.skew_s

    def follow(self, date: str, now: Instant) -> bool:
        """Sets the clock by the platform's Date. Returns False for an unreadable one."""
        stated_s = seconds(date)
        if stated_s is None:
            return False
        self.skew_s = stated_s - now.wall_s
        return True
