"""Hours of the week against the plain reading of a calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from center.alarms.rules.rule import ALWAYS, NEVER, Hours, WeekSpan

MONDAY_MS = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)


def at(hours: float, *, day: int = 0) -> int:
    return MONDAY_MS + int((day * 24 + hours) * 3_600_000)


@pytest.mark.parametrize(
    ("moment", "covered"),
    [(at(21.9), False), (at(22), True), (at(23.99), True), (at(3, day=1), True), (at(6, day=1), False), (at(3), False)],
    ids=["before", "begins", "late", "past midnight", "ends", "the night before"],
)
def test_a_span_over_midnight_belongs_to_the_day_it_begins(moment: int, covered: bool) -> None:
    hours = Hours(spans=(WeekSpan(days=(0,), begins="22:00", ends="06:00"),), offset_minutes=0)
    assert hours.cover(moment) is covered


def test_the_zone_is_local() -> None:
    hours = Hours(spans=(WeekSpan(begins="08:00", ends="09:00"),))
    assert hours.cover(at(0.5))
    assert not hours.cover(at(8.5))


@given(
    st.integers(0, 4_102_444_800_000),
    st.integers(0, 6),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.integers(-840, 840),
)
def test_a_moment_lies_in_a_span_exactly_if_some_day_of_the_calendar_has_it(
    at_ms: int, day: int, begins: int, ends: int, offset: int
) -> None:
    if begins == ends:
        return
    span = WeekSpan(days=(day,), begins=f"{begins // 60:02}:{begins % 60:02}", ends=f"{ends // 60:02}:{ends % 60:02}")
    # A zone as a clock that goes ahead: days of the week are those of the moved clock.
    local = datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(minutes=offset)
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    midnights = [today - timedelta(days=1), today]
    length = timedelta(minutes=(ends - begins) % 1440)
    expected = any(
        midnight.weekday() == day
        and midnight + timedelta(minutes=begins) <= local < midnight + timedelta(minutes=begins) + length
        for midnight in midnights
    )
    assert Hours(spans=(span,), offset_minutes=offset).cover(at_ms) is expected


@pytest.mark.parametrize("at_ms", [0, 2_145_916_800_000, MONDAY_MS])
def test_always_and_never_hold_in_1970_and_2038_too(at_ms: int) -> None:
    assert ALWAYS.cover(at_ms)
    assert not NEVER.cover(at_ms)


@pytest.mark.parametrize(
    "span", [("08:00", "08:00"), ("8:00", "09:00"), ("24:01", "09:00"), ("08:00", "25:00"), ("", "09:00")]
)
def test_what_is_no_span_is_refused(span: tuple[str, str]) -> None:
    with pytest.raises(ValidationError):
        WeekSpan(begins=span[0], ends=span[1])
