"""Counts time under a contract: within its working hours, without holidays and pauses. Pure.

All moments are of one line of time that only moves forward (`order_time`).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from center.alarms.rules.rule import ALWAYS, Hours

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
MOST_DAYS: Final = 1000
"""Days after which a term ends at the latest, whatever its calendar says."""
_EPOCH: Final = date(1970, 1, 1)
Span = tuple[int, int]
"""Milliseconds as [begin, end)."""


class WorkCalendar(BaseModel):
    """Hours that a contract counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: Hours = ALWAYS
    holidays: tuple[date, ...] = Field(default=(), max_length=400)
    """Days that do not count. A span that begins on one is left out whole, also past midnight."""

    def spans(self, begin_ms: int, end_ms: int) -> Iterator[Span]:
        """Yields the counted parts of [begin, end), in order; they may touch and do not overlap."""
        offset_ms = self.hours.offset_minutes * MINUTE_MS
        day = (begin_ms + offset_ms) // DAY_MS - 1  # a span of the day before may go on past midnight
        while (midnight_ms := day * DAY_MS - offset_ms) < end_ms:
            for minute, minutes in self._of_day(day):
                first_ms = max(begin_ms, midnight_ms + minute * MINUTE_MS)
                last_ms = min(end_ms, midnight_ms + (minute + minutes) * MINUTE_MS)
                if first_ms < last_ms:
                    yield first_ms, last_ms
                    begin_ms = last_ms
            day += 1

    def _of_day(self, day: int) -> list[tuple[int, int]]:
        """Returns begin and length, in minutes, of the spans that begin on a day since the Unix epoch."""
        moment = _EPOCH + timedelta(days=day)
        if moment in self.holidays:
            return []
        return sorted((span.begins_minute, span.minutes) for span in self.hours.spans if moment.weekday() in span.days)


AROUND_THE_CLOCK: Final = WorkCalendar()


def without(span: Span, pauses: Iterable[Span]) -> Iterator[Span]:
    """Yields what pauses leave of a span. They may overlap, and come in order of their begin."""
    begin_ms, end_ms = span
    for first, last in pauses:
        if first >= end_ms:
            break
        if first > begin_ms:
            yield begin_ms, first
        begin_ms = max(begin_ms, last)
    if begin_ms < end_ms:
        yield begin_ms, end_ms


def counted_ms(begin_ms: int, end_ms: int, calendar: WorkCalendar, pauses: Sequence[Span] = ()) -> int:
    """Returns the milliseconds between two moments that the contract counts."""
    ordered = sorted(pauses)
    return sum(b - a for span in calendar.spans(begin_ms, end_ms) for a, b in without(span, ordered))


def due_ms(begin_ms: int, term_ms: int, calendar: WorkCalendar, pauses: Sequence[Span] = ()) -> int:
    """Returns the moment at which a term is over: the first at which `term_ms` are counted since its begin."""
    ordered, left_ms = sorted(pauses), term_ms
    end_ms = begin_ms + MOST_DAYS * DAY_MS
    for span in calendar.spans(begin_ms, end_ms):
        for first, last in without(span, ordered):
            if last - first >= left_ms:
                return first + left_ms
            left_ms -= last - first
    return end_ms
