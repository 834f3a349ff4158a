"""Local time as devices write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.beijing_time import BeijingTime

TIME = BeijingTime()


def test_text_and_back() -> None:
    assert TIME.text(1_795_449_600_123) == "2026-11-24T00:00:00"
    assert TIME.text(1_795_449_600_123, with_ms=True) == "2026-11-24T00:00:00.123"
    assert TIME.at_ms("2026-11-24T00:00:00.123") == 1_795_449_600_123


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("2026-11-24T00:00:00", 1_795_449_600_000),
        (" 2026-11-24 00:00:00 ", 1_795_449_600_000),
        ("2026-11-24T00:00:00+08:00", 1_795_449_600_000),
        ("2026-11-24T00:00:00+0800", 1_795_449_600_000),
        ("2026-11-23T16:00:00Z", 1_795_449_600_000),
        ("2026-11-24T01:00:00.5+09:00", 1_795_449_600_500),
        ("2026-02-30T00:00:00", None),
        ("2026-11-24T25:00:00", None),
        ("1970-01-01T00:00:00", None),
        ("9999-12-31T23:59:59", None),
        ("0001-01-01T00:00:00", None),
        ("2026-11-24", None),
        ("", None),
        ("2026-11-24T00:00:00" + "0" * 100, None),
    ],
)
def test_what_devices_write(text: str, at_ms: int | None) -> None:
    assert TIME.at_ms(text) == at_ms


@given(st.integers(31_536_000_000, 253_000_000_000_000))
def test_every_moment_comes_back(at_ms: int) -> None:
    assert TIME.at_ms(TIME.text(at_ms, with_ms=True)) == at_ms


@given(st.text(max_size=60))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    at_ms = TIME.at_ms(text)
    assert at_ms is None or at_ms > 0
