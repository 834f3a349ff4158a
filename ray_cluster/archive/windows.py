"""Divides days into windows: the hours that one pair of tables holds, by their name.

A day is kept, held, backed up and dropped whole. Its tables are cut into windows of equal width, so that none grows
with the day: `20261124_06-08` is two hours of it, and `20261124` a day in one window, as every day once was. The width
is part of the names and the same all day, so the window of a moment is known without reading any table.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, Self

MACHINES_A_WINDOW: Final = 1_000_000
"""Machines that a window should hold in the busiest hours. Upkeep takes longer for a larger table, and each commit
that waits for it costs the next ones 9 µs of processor time: 9 ms for an `add` beside 700 parts, 23 beside 1,600
(measured). A day of 20 million machines has an hour of .83 million, one of 60 million an hour of 2.5."""
MACHINES_WHEN_CLOSED: Final = 4_000_000
"""Most machines of a window once its day has closed and upkeep has merged its windows. A search of a table costs some
milliseconds before it compares anything; training one costs in proportion to the square of its rows."""
FIRST_HOURS: Final = 1
"""Hours of a window on an archive's first day, when the load is not known yet."""
_WIDTHS: Final = (1, 2, 3, 4, 6, 8, 12, 24)
_HOUR_MS: Final = 3_600_000
_KNOWN: Final = 8192
"""Names whose hours and span are kept: each question about a month of hours asks for those of 720."""
_NAME: Final = re.compile(r"([0-9]{8})(?:_([0-9]{2})-([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class Window:
    """A window: `day` is YYYYMMDD; the hours are of that day, the last one exclusive."""

    day: str
    first_hour: int
    end_hour: int

    @classmethod
    @lru_cache(_KNOWN)
    def parse(cls, name: str) -> Self:
        """Parse the name of a window's tables.

        Raises:
            ValueError: it is not the name of a window.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"{name}: no window of a day that this release knows")
        return cls(match.group(1), int(match.group(2) or 0), int(match.group(3) or 24))

    @property
    def hours(self) -> int:
        return self.end_hour - self.first_hour

    @property
    def name(self) -> str:
        """Name of the window, which `parse` reads."""
        return self.day if self.hours == 24 else f"{self.day}_{self.first_hour:02}-{self.end_hour:02}"

    def span_ms(self, offset_minutes: int) -> tuple[int, int]:
        """Return the first millisecond of the window, and the first behind it."""
        zone = timezone(timedelta(minutes=offset_minutes))
        midnight_ms = int(datetime.strptime(self.day, "%Y%m%d").replace(tzinfo=zone).timestamp() * 1000)
        return midnight_ms + self.first_hour * _HOUR_MS, midnight_ms + self.end_hour * _HOUR_MS


def window_at(at_ms: int, offset_minutes: int, hours: int) -> str:
    """Name the window of a moment, in a day whose windows have so many hours."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(timezone(timedelta(minutes=offset_minutes)))
    first = moment.hour // hours * hours
    return Window(moment.strftime("%Y%m%d"), first, first + hours).name


def day_name(at_ms: int, offset_minutes: int) -> str:
    """Name the day of a moment, YYYYMMDD, at the offset from UTC."""
    return window_at(at_ms, offset_minutes, 24)


def day_of(name: str) -> str:
    """Return the day of a window."""
    return name[:8]


def days_of(names: Iterable[str]) -> tuple[str, ...]:
    """List the days of windows, each once, oldest first."""
    return tuple(sorted({day_of(name) for name in names}))


@lru_cache(_KNOWN)
def span_ms(name: str, offset_minutes: int) -> tuple[int, int]:
    """Return the first millisecond of a window, and the first behind it."""
    return Window.parse(name).span_ms(offset_minutes)


def hours_by_day(names: Iterable[str]) -> dict[str, int]:
    """Return the hours of a window on each day."""
    return {window.day: window.hours for window in map(Window.parse, names)}


def closed_hours(machines: Mapping[str, int]) -> int:
    """Choose the hours of a window for a closed day, by the machines of each window that it has.

    The widest of which none holds more than `MACHINES_WHEN_CLOSED`; never narrower than the windows that are there.
    """
    windows = {Window.parse(name): count for name, count in machines.items()}
    present = max(window.hours for window in windows)
    fitting = [present]
    for width in _WIDTHS:
        merged: Counter[int] = Counter()
        for window, count in windows.items():
            merged[window.first_hour // width] += count
        if width > present and width % present == 0 and max(merged.values()) <= MACHINES_WHEN_CLOSED:
            fitting.append(width)
    return fitting[-1]


def wider(name: str, hours: int) -> str:
    """Name the window of so many hours that holds a narrower one."""
    window = Window.parse(name)
    first = window.first_hour // hours * hours
    return Window(window.day, first, first + hours).name


def next_hours(busiest: int, before: int) -> int:
    """Choose hours of a window after a day with `before` hours a window and `busiest` machines in an hour.

    At most one step wider: a day that began in the evening, or whose cameras stood still, is no measure.
    """
    fitting = [width for width in _WIDTHS if width * busiest <= MACHINES_A_WINDOW] or [1]
    wider = [width for width in _WIDTHS if width > before]
    return min(fitting[-1], *wider[:1]) if wider else fitting[-1]


class WindowsOfDays:
    """Finds the existing window of a moment, or those of a span."""

    def __init__(self, names: Iterable[str], offset_minutes: int) -> None:
        self.names = tuple(sorted(names))
        """Names of the windows, oldest first."""
        self._there = frozenset(self.names)
        self._hours: Mapping[str, int] = hours_by_day(self.names)
        self._offset_minutes = offset_minutes

    def at(self, at_ms: int) -> str | None:
        """Return the window of a moment; None if it does not exist."""
        hours = self._hours.get(day_name(at_ms, self._offset_minutes))
        name = None if hours is None else window_at(at_ms, self._offset_minutes, hours)
        return name if name in self._there else None

    def touching(self, from_ms: int, to_ms: int) -> list[str]:
        """List the windows that overlap [from_ms, to_ms), newest first."""
        return [name for name in reversed(self.names) if self._touches(name, from_ms, to_ms)]

    def _touches(self, name: str, from_ms: int, to_ms: int) -> bool:
        first_ms, end_ms = span_ms(name, self._offset_minutes)
        return first_ms < to_ms and from_ms < end_ms
