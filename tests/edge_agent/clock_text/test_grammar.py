"""Lines of dates and times: every form that cameras write, and nothing else."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock_text.grammar import times
from engines.catalog.catalog import Catalog

SHOWN = datetime(2026, 11, 29, 16, 5, 7)  # noqa: DTZ001 - a Sunday, in no zone


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-29 16:05:07",
        "2026-11-2916:05:07",
        "2026/11/29 16:05:07",
        "2026.11.29 Sun 16:05:07",
        "2026-11-29 16:05:07 Sun",
        "11-29-2026 16:05:07",
        "29/11/2026 16:05:07",
        "11/29/2026 04:05:07 PM",
        "2026年11月29日 星期日 16:05:07",
        "2026年11月29日星期天16：05：07",
        "2026-11-29 周日 16:05:07",
        "2026年11月29日 下午04:05:07",
        "星期日 2026-11-29 16:05:07",
    ],
)
def test_every_form_is_read(line: str) -> None:
    assert times(line) == {SHOWN}


def test_tenths_midnight_and_noon_are_read() -> None:
    assert times("2026-11-29 16:05:07.3") == {SHOWN + timedelta(milliseconds=300)}
    assert times("2026-11-29 12:05:07 AM") == {SHOWN.replace(hour=0)}
    assert times("2026-11-29 12:05:07 PM") == {SHOWN.replace(hour=12)}


def test_day_and_month_that_may_be_exchanged_are_both_told() -> None:
    assert times("03/04/2026 16:05:07") == {SHOWN.replace(month=3, day=4), SHOWN.replace(month=4, day=3)}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "16:05:07",
        "2026-11-29",
        "2026-11-29 16:05",
        "2026-11-29 16:05:0",
        "026-11-29 16:05:07",
        "2026-11-31 16:05:07",
        "2026-11-29 24:05:07",
        "2026-11-29 16:05:60",
        "2026-11-29 Mon 16:05:07",
        "2026-11-29 13:05:07 PM",
        "2026-11/29 16:05:07",
        "2026-11-29 16:05:07 2026-11-29 16:05:08",
        "A12345",
        "340104000001310001",
    ],
)
def test_anything_else_is_nothing(line: str) -> None:
    assert times(line) == set()


_READING = Catalog().manifest("pp-ocr-v4-clock").reading


@given(st.text(alphabet=_READING.signs if _READING is not None else "", max_size=40) | st.text(max_size=40))
def test_any_line_is_times_or_nothing(line: str) -> None:
    assert all(isinstance(each, datetime) and each.tzinfo is None for each in times(line))


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2099, 12, 31)))  # noqa: DTZ001 - as above
def test_what_is_written_is_read(shown: datetime) -> None:
    shown = shown.replace(microsecond=0)
    assert times(f"{shown:%Y-%m-%d %H:%M:%S}") == {shown}
    assert shown in times(f"{shown:%m/%d/%Y %I:%M:%S} {'AM' if shown.hour < 12 else 'PM'}")
