"""Which day a row belongs to, at the edges that decide whether it can be lost."""

from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.query.archive import FUTURE_TOLERANCE_MS, day_of

DAY_MS = 86_400_000
NOON_MS = 1_795_449_600_000  # 2026-11-24 00:00 at +08:00


def test_days_are_cut_at_plus_eight() -> None:
    assert day_of(NOON_MS - 1, NOON_MS) == ("20261123", True)
    assert day_of(NOON_MS, NOON_MS) == ("20261124", True)


def test_a_clock_ahead_goes_to_the_day_received_and_is_flagged() -> None:
    assert day_of(NOON_MS + FUTURE_TOLERANCE_MS, NOON_MS) == ("20261124", True)
    assert day_of(NOON_MS + 40 * DAY_MS, NOON_MS) == ("20261124", False)


def test_older_than_retention_goes_to_the_day_received_and_is_flagged() -> None:
    assert day_of(NOON_MS - 30 * DAY_MS, NOON_MS) == ("20261025", True)
    assert day_of(NOON_MS - 30 * DAY_MS - 1, NOON_MS) == ("20261124", False)


@given(st.integers(0, 4_000_000_000_000), st.integers(NOON_MS, NOON_MS + 10 * DAY_MS))
def test_no_clock_can_open_a_day_outside_retention(captured_ms: int, received_ms: int) -> None:
    day, _ = day_of(captured_ms, received_ms)
    oldest, _ = day_of(received_ms - 30 * DAY_MS, received_ms)
    newest, _ = day_of(received_ms + FUTURE_TOLERANCE_MS, received_ms)
    assert oldest <= day <= newest
