"""Terms of a maintenance contract, and the duty roster: both by district, as users enter them."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from center.alarms.rules.rule import ALWAYS, Hours
from center.orders.duty_hours import AROUND_THE_CLOCK, MINUTE_MS, WorkCalendar

MAX_DUTIES: Final = 200
Minutes = Annotated[int, Field(ge=1, le=30 * 24 * 60, strict=True)]
Line = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
DistrictId = Annotated[str, StringConstraints(pattern=r"^$|^[a-z0-9][a-z0-9-]{0,62}$")]
"""Id of a district; empty: cameras of no district, and of those without an entry of their own."""
Username = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$")]


class _Entered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderTerms(_Entered):
    """Terms of the contract in one district. An order keeps those that were in force when it was opened."""

    maintainer: Line = ""
    """Company that the figures of a month are counted for."""
    answer_min: Minutes = 60
    """Minutes from the opening until a technician accepts."""
    on_site_min: Minutes = 240
    key_on_site_min: Minutes = 120
    """The same as `on_site_min` for an order of a key case."""
    mended_min: Minutes = 240
    """Minutes from the opening until the indicator is well."""
    calendar: WorkCalendar = AROUND_THE_CLOCK
    key_always: bool = True
    """True: a key case counts at all hours, whatever the calendar says."""
    remind_before_min: Annotated[int, Field(ge=1, le=24 * 60, strict=True)] = 15
    """Minutes of a clock that are left at its reminder; at most half of the clock."""
    evidence_min: Annotated[int, Field(ge=1, le=24 * 60, strict=True)] = 10
    """Minutes for which the indicator must be well before an order counts as mended."""
    confirm: bool = False
    """True: a second person confirms each order that is well. Orders by hand always need one."""
    reopen_h: Annotated[int, Field(ge=0, le=31 * 24, strict=True)] = 72
    """Hours after the end in which the same fault reopens the order."""
    excused_visit_min: Annotated[int, Field(ge=0, le=24 * 60, strict=True)] = 120
    """Minutes of visits, in all of an order, that are entered as maintenance of the camera; 0: none."""

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if not self.calendar.hours.spans:
            raise ValueError("calendar: without a span no time counts, and no order is ever late")
        return self

    def minutes(self, *, is_key: bool) -> dict[str, int]:
        """Returns the minutes of each clock, by its name."""
        on_site = self.key_on_site_min if is_key else self.on_site_min
        return {"answer": self.answer_min, "on_site": on_site, "mended": self.mended_min}

    def counts_by(self, *, is_key: bool) -> WorkCalendar:
        """Returns the calendar of an order."""
        return AROUND_THE_CLOCK if is_key and self.key_always else self.calendar

    def reminds_before_ms(self, term_ms: int) -> int:
        """Returns how long before the end of a clock its reminder comes."""
        return min(self.remind_before_min * MINUTE_MS, term_ms // 2)


class Duty(_Entered):
    """Duty of one technician: on some hours of the week, from one day to another, both included."""

    username: Username
    from_day: date | None = None
    to_day: date | None = None
    hours: Hours = ALWAYS

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if self.from_day is not None and self.to_day is not None and self.to_day < self.from_day:
            raise ValueError("to_day: it ends before it begins")
        return self

    def covers(self, at_ms: int) -> bool:
        """True if a moment lies in the duty; its day is that of the moment, also in a span past midnight."""
        day = (datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(minutes=self.hours.offset_minutes)).date()
        begun = self.from_day is None or self.from_day <= day
        return begun and (self.to_day is None or day <= self.to_day) and self.hours.cover(at_ms)


class DistrictTerms(_Entered):
    """Terms of one district."""

    district: DistrictId
    terms: OrderTerms


class DistrictRoster(_Entered):
    """Duty roster of one district: of the duties that cover a moment the first counts."""

    district: DistrictId
    duties: tuple[Duty, ...] = Field(default=(), max_length=MAX_DUTIES)
