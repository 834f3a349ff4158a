"""Parses periods (a month, a day or an hour, in the zone in which days are counted) and merges spans of hours. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from center.assessment.errors import BadPeriodError
from center.assessment.recording.facts import HOUR_MS

_FORMS: Final = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2})(?:T(\d{2}))?)?", re.ASCII)
Bucket = Literal["hour", "day", "month"]
Span = tuple[int, int]
"""Hours as [first, end)."""


@dataclass(frozen=True, slots=True)
class Period:
    """Hours from `first_hour` to `end_hour`, exclusive; both since the Unix epoch, UTC."""

    text: str
    kind: Bucket
    first_hour: int
    end_hour: int
    zone_h: int

    @property
    def from_ms(self) -> int:
        return self.first_hour * HOUR_MS

    @property
    def to_ms(self) -> int:
        """End of the period, exclusive."""
        return self.end_hour * HOUR_MS

    def until(self, now_ms: int) -> "Period":
        """Returns the period without the hours that have not begun."""
        end = max(self.first_hour, min(self.end_hour, now_ms // HOUR_MS + 1))
        return Period(self.text, self.kind, self.first_hour, end, self.zone_h)

    def named(self, hour: int, bucket: Bucket) -> str:
        """Returns the name of the bucket that an hour falls in, as `parse` reads it."""
        local = datetime.fromtimestamp((hour + self.zone_h) * 3600, UTC)
        return local.strftime({"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}[bucket])


def parse(text: str, *, zone_h: int = 8) -> Period:
    """Parses `2026-11`, `2026-11-05` or `2026-11-05T13`, in the zone of +`zone_h`:00.

    Raises:
        BadPeriodError: the text is none of these.
    """
    match = _FORMS.fullmatch(text)
    if match is None:
        raise BadPeriodError(period=text[:40])
    year, month, day, hour = (None if part is None else int(part) for part in match.groups())
    try:
        begin = datetime(year or 0, month or 0, day or 1, hour or 0, tzinfo=UTC)
        if hour is not None:
            kind: Bucket = "hour"
            end = begin + timedelta(hours=1)
        elif day is not None:
            kind = "day"
            end = begin + timedelta(days=1)
        else:
            kind = "month"
            end = (begin + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError) as error:
        raise BadPeriodError(period=text[:40]) from error
    first, last = (int(each.timestamp()) // 3600 - zone_h for each in (begin, end))
    return Period(text, kind, first, last, zone_h)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Returns the same hours as spans that neither overlap nor touch, in order."""
    result: list[Span] = []
    for first, end in sorted(span for span in spans if span[0] < span[1]):
        if result and first <= result[-1][1]:
            result[-1] = result[-1][0], max(result[-1][1], end)
        else:
            result.append((first, end))
    return result


def clipped(spans: Iterable[Span], within: Span) -> list[Span]:
    """Returns the parts of spans that lie within one span."""
    cut = ((max(first, within[0]), min(end, within[1])) for first, end in spans)
    return [(first, end) for first, end in cut if first < end]


def length(spans: Iterable[Span]) -> int:
    """Returns the hours of all spans, which must not overlap."""
    return sum(end - first for first, end in spans)
