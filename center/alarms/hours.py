"""Hours of the week, for the schedule and the quiet hours of a rule."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from provisioning.contracts.query.archive import DEFAULT_DAY_OFFSET_MINUTES

DAY: Final = 24 * 60
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Offset = Annotated[int, Field(ge=-14 * 60, le=14 * 60)]


class WeekSpan(BaseModel):
    """Span from one time of day to another, on some days of the week (0 Monday to 6 Sunday).

    A span that ends before it begins goes on past midnight, and belongs to the day on which it begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(
        default=(0, 1, 2, 3, 4, 5, 6), min_length=1, max_length=7
    )
    begins: Clock
    ends: Clock

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.begins == self.ends:
            raise ValueError("a span that ends when it begins is none; for the whole day say 00:00 to 24:00")
        return self

    @property
    def minutes(self) -> int:
        return (_minutes(self.ends) - _minutes(self.begins)) % DAY or DAY

    def covers(self, day: int, minute: int) -> bool:
        """True if a minute of a day of the week lies in the span."""
        begins, ends = _minutes(self.begins), _minutes(self.ends)
        if begins < ends:
            return day in self.days and begins <= minute < ends
        return (day in self.days and minute >= begins) or ((day - 1) % 7 in self.days and minute < ends)


class Hours(BaseModel):
    """Spans in a local time zone, given as minutes ahead of UTC; without spans, at no time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spans: tuple[WeekSpan, ...] = Field(default=(), max_length=28)
    offset_minutes: Offset = DEFAULT_DAY_OFFSET_MINUTES

    def cover(self, at_ms: int) -> bool:
        """True if a moment lies in one of the spans."""
        if not self.spans:
            return False
        moment = datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(minutes=self.offset_minutes)
        day, minute = moment.weekday(), moment.hour * 60 + moment.minute
        return _any(self.spans, day, minute)


ALWAYS: Final = Hours(spans=(WeekSpan(begins="00:00", ends="24:00"),))
NEVER: Final = Hours()


def _any(spans: Sequence[WeekSpan], day: int, minute: int) -> bool:
    return any(span.covers(day, minute) for span in spans)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
