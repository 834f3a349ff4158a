"""Age, over whatever happens to the wall clock: a battery that is empty, NTP that corrects, a technician who types."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.spool.spool import Spool
from edge_agent.spool.steady_time import SpoolTime
from tests.edge_agent.spooling import keep, open_spool
from tests.edge_agent.world import FakeClock

HOUR_S = 3600.0
LATEST_KNOWN = "SELECT MAX(steady_ms, COALESCE((SELECT MAX(spooled_at_ms) FROM messages), 0)) FROM spool_time"
YEAR_MS = 365 * 24 * 3600 * 1000


class JumpyClock(FakeClock):
    """A wall clock that can be set, beside a monotonic one that cannot."""

    def jump_ms(self, by_ms: int) -> None:
        self._start_ms += by_ms

    def reboot(self) -> None:
        """The monotonic clock begins anew; the wall clock goes on."""
        self._start_ms, self._elapsed_s = self.now_ms(), 0.0


@pytest.fixture
def clock() -> JumpyClock:
    return JumpyClock()


def again(spool: Spool, folder: Path, clock: JumpyClock, *, jump_ms: int = 0) -> Spool:
    """Stop and start; meanwhile the wall clock was set."""
    spool.close()
    clock.jump_ms(jump_ms)
    clock.reboot()
    return open_spool(folder, clock, max_age_h=10)


@pytest.mark.parametrize("jump_ms", [-30 * YEAR_MS, -1000, 1000, 30 * YEAR_MS])
def test_a_clock_that_is_set_while_the_agent_runs_changes_nobodys_age(
    tmp_path: Path, clock: JumpyClock, jump_ms: int
) -> None:
    spool = open_spool(tmp_path, clock, max_age_h=10)
    keep(spool, 0)
    clock.pass_s(9 * HOUR_S)
    clock.jump_ms(jump_ms)
    assert spool.maintain() == 0
    keep(spool, 1)
    clock.pass_s(1.1 * HOUR_S)
    assert spool.maintain() == 1
    clock.pass_s(8.8 * HOUR_S)
    assert spool.maintain() == 0
    clock.pass_s(0.2 * HOUR_S)
    assert spool.maintain() == 1
    spool.close()


def test_the_time_of_a_stop_counts(tmp_path: Path, clock: JumpyClock) -> None:
    spool = open_spool(tmp_path, clock, max_age_h=10)
    keep(spool, 0)
    clock.pass_s(4 * HOUR_S)
    spool = again(spool, tmp_path, clock)
    clock.pass_s(3 * HOUR_S)
    spool = again(spool, tmp_path, clock)
    clock.pass_s(2.9 * HOUR_S)
    assert spool.maintain() == 0
    clock.pass_s(0.2 * HOUR_S)
    assert spool.maintain() == 1
    spool.close()


def test_a_stop_with_a_wrong_clock_at_its_end_ages_nothing_by_more_than_half(tmp_path: Path, clock: JumpyClock) -> None:
    spool = open_spool(tmp_path, clock, max_age_h=10)
    keep(spool, 0)
    clock.pass_s(4.9 * HOUR_S)
    keep(spool, 1)
    spool = again(spool, tmp_path, clock, jump_ms=30 * YEAR_MS)
    assert spool.maintain() == 0
    clock.jump_ms(-30 * YEAR_MS)  # NTP comes only now
    clock.pass_s(0.2 * HOUR_S)
    assert spool.maintain() == 1
    spool = again(spool, tmp_path, clock)
    assert spool.maintain() == 0
    clock.pass_s(5 * HOUR_S)
    assert spool.maintain() == 1
    spool.close()


def test_a_box_that_wakes_in_1970_keeps_its_pictures_and_no_longer_than_it_may(
    tmp_path: Path, clock: JumpyClock
) -> None:
    spool = open_spool(tmp_path, clock, max_age_h=10)
    keep(spool, 0)
    clock.pass_s(4 * HOUR_S)
    spool = again(spool, tmp_path, clock, jump_ms=-clock.now_ms())
    keep(spool, 1)
    clock.pass_s(5.9 * HOUR_S)
    assert spool.maintain() == 0
    clock.pass_s(0.2 * HOUR_S)
    assert spool.maintain() == 1
    assert spool.messages == 1
    spool.close()


@given(
    events=st.lists(
        st.tuples(st.sampled_from(["pass", "jump", "append", "kill", "stop"]), st.integers(-(10**12), 10**12)),
        max_size=30,
    )
)
def test_the_spools_time_never_goes_back_and_never_runs_ahead(events: list[tuple[str, int]]) -> None:
    clock, most_gap_ms = JumpyClock(), 5 * 3600 * 1000
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY, spooled_at_ms INTEGER)")
        db.execute("CREATE TABLE spool_time (steady_ms INTEGER, wall_ms INTEGER)")
        time = SpoolTime(db, clock, most_gap_ms=most_gap_ms)
        time.write_down(db)
        began_ms = before_ms = time.now_ms()
        lived_ms = starts = 0
        for kind, amount in events:
            if kind == "pass":
                clock.pass_s(abs(amount) % 100_000)
                lived_ms += 1000 * (abs(amount) % 100_000)
            elif kind == "jump":
                clock.jump_ms(max(amount, -clock.now_ms()))
            elif kind == "append":
                db.execute("INSERT INTO messages (spooled_at_ms) VALUES (?)", (time.now_ms(),))
            else:
                written_ms = time.now_ms()
                if kind == "stop":
                    time.write_down(db)
                else:  # the next run cannot know of what nothing was written down
                    (written_ms,) = db.execute(LATEST_KNOWN).fetchone()
                clock.reboot()
                time = SpoolTime(db, clock, most_gap_ms=most_gap_ms)
                time.write_down(db)
                starts += 1
                before_ms = written_ms
            assert before_ms <= time.now_ms() <= began_ms + lived_ms + starts * most_gap_ms
            before_ms = time.now_ms()
