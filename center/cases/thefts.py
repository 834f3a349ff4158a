"""Counts thefts by hour, weekday and place: counts of cases, as their terms have the theft. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from center.cases.terms import Theft
from center.clock import ZONE

CELL_DEG: Final = 0.005
"""Side of a cell of the map in degrees, some 550 m from north to south."""
DAY_HOURS: Final = 24


class TheftCell(BaseModel):
    """A cell of the map, by its middle, with the number of cases whose theft lies in it."""

    model_config = ConfigDict(frozen=True)

    latitude: float
    longitude: float
    cases: int


class TheftCounts(BaseModel):
    """Numbers of cases by time and place of their theft."""

    model_config = ConfigDict(frozen=True)

    cases: int
    week: dict[int, int]
    """By hour of the week of the archive's zone, Monday's first hour 0; hours without a theft are left out."""
    cells: tuple[TheftCell, ...]
    """Cells with a theft, those with most cases first."""

    @property
    def hours(self) -> tuple[int, ...]:
        """Counts by hour of the day."""
        return tuple(sum(n for at, n in self.week.items() if at % DAY_HOURS == hour) for hour in range(DAY_HOURS))

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Counts by weekday, Monday first."""
        return tuple(sum(n for at, n in self.week.items() if at // DAY_HOURS == day) for day in range(7))


def count_thefts(thefts: Iterable[Theft]) -> TheftCounts:
    """Counts thefts, each of one case."""
    week: Counter[int] = Counter()
    cells: Counter[tuple[int, int]] = Counter()
    for theft in thefts:
        moment = datetime.fromtimestamp(theft.at_ms / 1000, ZONE)
        week[moment.weekday() * DAY_HOURS + moment.hour] += 1
        cells[round(theft.latitude / CELL_DEG), round(theft.longitude / CELL_DEG)] += 1
    ordered = sorted(cells.items(), key=lambda each: (-each[1], each[0]))
    return TheftCounts(
        cases=week.total(),
        week=dict(week),
        cells=tuple(
            TheftCell(latitude=round(north * CELL_DEG, 4), longitude=round(east * CELL_DEG, 4), cases=number)
            for (north, east), number in ordered
        ),
    )
