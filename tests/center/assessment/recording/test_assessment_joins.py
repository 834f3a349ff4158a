"""What is joined: accounts of one hour, readings of one set of counters, and the minute that a message is about."""

from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.access.permissions import EVERYWHERE, Scope
from center.assessment.recording.facts import WHOLE, Books, HourFacts, bit_of, listed
from center.assessment.recording.reading import moment
from center.assessment.recording.recorder import Recorder
from center.database.store import Store
from center.fleet.devices import Devices
from center.fleet.roster import Roster
from tests.center.conftest import Clock
from tests.center.street import NOW_MS

MASKS = st.integers(min_value=0, max_value=WHOLE)
SKEWS = st.none() | st.integers(min_value=0, max_value=10**12)
FACTS = st.builds(HourFacts, *[MASKS] * 9, SKEWS, SKEWS, st.integers(0, 31))
COUNTS = st.integers(min_value=0, max_value=100)
BOOKS = st.builds(Books, *[COUNTS] * 7)


@given(FACTS, FACTS, FACTS)
def test_accounts_of_an_hour_are_joined_in_any_order_and_any_number(a: HourFacts, b: HourFacts, c: HourFacts) -> None:
    assert a.joined(b) == b.joined(a)
    assert a.joined(b).joined(c) == a.joined(b.joined(c))
    assert a.joined(a) == a
    assert a.joined(b).joined(b) == a.joined(b)
    assert HourFacts().joined(a) == a


@given(BOOKS, BOOKS, BOOKS)
def test_of_two_readings_of_the_counters_the_newer_counts_whenever_it_comes(a: Books, b: Books, c: Books) -> None:
    assert a.joined(b) == b.joined(a)
    assert a.joined(b).joined(c) == a.joined(b.joined(c))
    assert a.joined(a) == a
    assert a.joined(b).at_ms == max(a.at_ms, b.at_ms)


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_a_moment_is_one_bit_of_its_hour(at_ms: int) -> None:
    assert listed(bit_of(at_ms)) == (at_ms // 60_000 % 60,)


@pytest.mark.parametrize("told_ms", [0, 2_145_916_800_000, NOW_MS + 300_001, NOW_MS - 72 * 3_600_000 - 1])
def test_a_clock_in_1970_or_2038_moves_no_fact_there(told_ms: int) -> None:
    assert moment(told_ms, NOW_MS) == NOW_MS


@pytest.mark.parametrize("told_ms", [NOW_MS, NOW_MS + 300_000, NOW_MS - 72 * 3_600_000])
def test_what_comes_late_counts_for_when_it_was(told_ms: int) -> None:
    assert moment(told_ms, NOW_MS) == told_ms


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_what_was_heard_last_is_written_when_the_centre_stops(store: Store, roster: Roster, clock: Clock) -> None:
    recorder = Recorder(store, Devices(store, roster, clock), clock)
    async with recorder.watching():
        pass
    assert recorder.looked_at_ms == clock.now_ms


def _bug(sight: Scope = EVERYWHERE) -> NoReturn:
    raise ZeroDivisionError


@pytest.mark.anyio
async def test_a_bug_in_the_counting_is_said_while_it_lasts_and_loses_nothing(
    store: Store, roster: Roster, clock: Clock
) -> None:
    recorder = Recorder(store, Devices(store, roster, clock), clock)
    tick = recorder._devices.cameras
    recorder._devices.cameras = _bug  # type: ignore[method-assign]
    await recorder.loop.turn()
    assert "ZeroDivisionError" in recorder.fault
    recorder._devices.cameras = tick  # type: ignore[method-assign]
    await recorder.loop.turn()
    assert (recorder.fault, recorder.looked_at_ms) == ("", clock.now_ms)
