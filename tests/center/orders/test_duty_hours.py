"""The clocks of a contract: whatever hours, holidays and waits there are, time counts once and a term ends right."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.alarms.rules.rule import Hours, WeekSpan
from center.orders.duty_hours import AROUND_THE_CLOCK, DAY_MS, MINUTE_MS, MOST_DAYS, WorkCalendar, counted_ms, due_ms
from center.orders.errors import OrderStateError
from center.orders.history import Happened, TermState, fold
from center.orders.states import ENDED, LIVE, TABLE, MaintenanceState, OrderEvent, after
from center.orders.terms import OrderTerms

MONDAY = date(2026, 11, 23)
MONDAY_MS = (MONDAY - date(1970, 1, 1)).days * DAY_MS - 8 * 60 * MINUTE_MS
"""Midnight in the archive's zone."""
OFFICE = WorkCalendar(hours=Hours(spans=(WeekSpan(days=(0, 1, 2, 3, 4), begins="09:00", ends="17:00"),)))


@st.composite
def week_spans(draw: st.DrawFn) -> WeekSpan:
    begins, ends = draw(st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=2, unique=True))
    days = tuple(draw(st.sets(st.integers(0, 6), min_size=1)))
    return WeekSpan(days=days, begins=f"{begins // 60:02}:{begins % 60:02}", ends=f"{ends // 60:02}:{ends % 60:02}")


moments = st.integers(MONDAY_MS, MONDAY_MS + 21 * DAY_MS)
spans = st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair)))
calendars = st.builds(
    WorkCalendar,
    hours=st.builds(
        Hours,
        spans=st.lists(week_spans(), min_size=1, max_size=4).map(tuple),
        offset_minutes=st.sampled_from([-300, 0, 345, 480]),
    ),
    holidays=st.lists(st.dates(date(2026, 11, 20), date(2026, 12, 20)), max_size=5).map(tuple),
)
pauses = st.lists(spans, max_size=4)


@given(calendars, spans, moments, pauses)
def test_time_is_counted_once(
    calendar: WorkCalendar, span: tuple[int, int], between: int, waits: list[tuple[int, int]]
) -> None:
    begin, end = span
    whole = counted_ms(begin, end, calendar, waits)
    assert 0 <= whole <= end - begin
    assert whole <= counted_ms(begin, end, calendar) <= counted_ms(begin, end, AROUND_THE_CLOCK)
    middle = min(max(between, begin), end)
    assert whole == counted_ms(begin, middle, calendar, waits) + counted_ms(middle, end, calendar, waits)
    by_minute = calendar.hours
    counted = {first for first, _ in calendar.spans(begin, end)}
    assert all(by_minute.cover(first) for first in counted)


@given(calendars, moments, st.integers(1, 14 * DAY_MS), pauses)
def test_a_term_ends_when_as_much_was_counted_and_no_moment_sooner(
    calendar: WorkCalendar, begin: int, term: int, waits: list[tuple[int, int]]
) -> None:
    due = due_ms(begin, term, calendar, waits)
    if due == begin + MOST_DAYS * DAY_MS:
        assert counted_ms(begin, due, calendar, waits) <= term
        return
    assert counted_ms(begin, due, calendar, waits) == term
    assert counted_ms(begin, due - 1, calendar, waits) == term - 1
    assert due >= due_ms(begin, term, calendar)


def test_working_hours_of_a_week_with_a_holiday() -> None:
    midnight = MONDAY_MS
    four_pm = midnight + 16 * 60 * MINUTE_MS
    assert due_ms(four_pm, 4 * 60 * MINUTE_MS, OFFICE) == midnight + DAY_MS + 12 * 60 * MINUTE_MS
    holiday = OFFICE.model_copy(update={"holidays": (MONDAY + timedelta(days=1),)})
    assert due_ms(four_pm, 4 * 60 * MINUTE_MS, holiday) == midnight + 2 * DAY_MS + 12 * 60 * MINUTE_MS
    wait = (four_pm, four_pm + 30 * MINUTE_MS)
    assert due_ms(four_pm, 4 * 60 * MINUTE_MS, OFFICE, [wait]) == midnight + DAY_MS + (12 * 60 + 30) * MINUTE_MS


@pytest.mark.parametrize("state", MaintenanceState)
def test_every_state_has_a_way_to_its_end_and_an_end_opens_only_by_reopening(state: MaintenanceState) -> None:
    following = {after(state, event) for event in OrderEvent if (state, event) in TABLE}
    assert (following & ENDED) or state in ENDED
    if state is MaintenanceState.VOID:
        assert following == {MaintenanceState.VOID}
    if state is MaintenanceState.CLOSED:
        assert following & set(LIVE) == {MaintenanceState.ASSIGNED}
    with pytest.raises(OrderStateError):
        after(state, OrderEvent.OPENED)


@given(st.lists(st.tuples(st.sampled_from(OrderEvent), st.integers(0, DAY_MS)), max_size=20), st.booleans())
def test_any_history_that_the_table_allows_has_sound_clocks(steps: list[tuple[OrderEvent, int]], is_key: bool) -> None:
    events, state, now = [Happened(OrderEvent.OPENED, MONDAY_MS)], MaintenanceState.OPEN, MONDAY_MS
    for event, passed in steps:
        if (state, event) in TABLE:
            state, now = TABLE[state, event], now + passed
            events.append(Happened(event, now, "tom"))
    history = fold(events)
    assert history.state is state
    clocks = history.clocks(OrderTerms(calendar=OFFICE, key_always=False), is_key=is_key, now_ms=now)
    assert len(clocks) == 3 * len(history.openings)
    for clock in clocks:
        assert clock.begin_ms <= clock.reminds_ms <= clock.due_ms <= clock.lates_ms
        assert clock.used_ms >= 0
        assert (clock.state is TermState.MET) == (clock.stopped_ms is not None and clock.used_ms <= clock.term_ms)
        if state in ENDED and clock.opening == len(history.openings):
            assert clock.state in {TermState.MET, TermState.MISSED, TermState.DROPPED}
