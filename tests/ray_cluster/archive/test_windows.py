"""Which window a moment falls into, and how wide the windows of a day become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_cluster.archive.windows import (
    MACHINES_A_WINDOW,
    Window,
    WindowsOfDays,
    day_name,
    days_of,
    next_hours,
    span_ms,
    window_at,
)
from tests.ray_cluster.world import DAY_MS, NOW_MS, OFFSET_MINUTES

HOUR_MS = 3_600_000
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 24)


@given(
    at_ms=st.integers(0, 4_102_444_800_000),
    offset=st.integers(-720, 840),
    hours=st.sampled_from(WIDTHS),
)
def test_a_moment_lies_in_the_window_that_it_names(at_ms: int, offset: int, hours: int) -> None:
    name = window_at(at_ms, offset, hours)
    first_ms, end_ms = span_ms(name, offset)
    assert first_ms <= at_ms < end_ms
    assert end_ms - first_ms == hours * HOUR_MS
    assert Window.parse(name).name == name
    assert name.startswith(day_name(at_ms, offset))


@pytest.mark.parametrize(
    ("hours", "expected"), [(24, "20261124"), (1, "20261124_20-21"), (4, "20261124_20-24"), (12, "20261124_12-24")]
)
def test_windows_are_named_by_their_hours(hours: int, expected: str) -> None:
    assert window_at(NOW_MS, OFFSET_MINUTES, hours) == expected


def test_names_sort_as_their_hours_do_and_before_the_next_day() -> None:
    moments = [NOW_MS - DAY_MS + n * HOUR_MS for n in range(48)]
    names = [window_at(moment, OFFSET_MINUTES, 1) for moment in moments]
    assert names == sorted(names)
    assert days_of(names) == ("20261123", "20261124", "20261125")


def test_a_moment_finds_its_window_by_the_width_of_its_day() -> None:
    windows = WindowsOfDays(["20261123", "20261124_20-21", "20261124_18-19"], OFFSET_MINUTES)
    assert windows.at(NOW_MS) == "20261124_20-21"
    assert windows.at(NOW_MS - HOUR_MS) is None
    assert windows.at(NOW_MS - DAY_MS) == "20261123"
    assert windows.at(NOW_MS + DAY_MS) is None
    assert windows.touching(NOW_MS - 2 * HOUR_MS, NOW_MS) == ["20261124_18-19"]
    assert windows.touching(NOW_MS - DAY_MS, NOW_MS + 1) == ["20261124_20-21", "20261124_18-19", "20261123"]


def test_a_foreign_name_is_no_window() -> None:
    with pytest.raises(ValueError, match="2026-W48"):
        Window.parse("2026-W48")


@pytest.mark.parametrize(
    ("busiest", "before", "expected"),
    [
        (MACHINES_A_WINDOW // 24, 24, 24),
        (MACHINES_A_WINDOW // 24, 1, 2),  # a step at a time
        (MACHINES_A_WINDOW // 24 + 1, 24, 12),
        (833_333, 24, 1),  # narrower at once
        (833_333, 1, 1),
        (10 * MACHINES_A_WINDOW, 1, 1),
        (0, 8, 12),
    ],
)
def test_windows_become_as_wide_as_a_million_machines_allow(busiest: int, before: int, expected: int) -> None:
    assert next_hours(busiest, before) == expected


@given(busiest=st.integers(0, 10**8), before=st.sampled_from(WIDTHS))
def test_a_width_divides_the_day_and_holds_what_it_should(busiest: int, before: int) -> None:
    hours = next_hours(busiest, before)
    assert hours in WIDTHS
    assert hours == 1 or hours * busiest <= MACHINES_A_WINDOW
