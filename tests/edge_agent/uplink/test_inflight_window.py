"""The window alone: what it lets through, for any order of events, and over a line of any width."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.uplink.inflight_window import InflightWindow
from provisioning.contracts.config import processes

LIMITS = processes.Window(max_messages=5, max_bytes=1024 * 1024, resend_after_s=10)
EVENTS = st.sampled_from(["send", "taken", "refused", "ended", "pass", "lost"])
SIZE = 100_000
MBIT = 125_000


@given(events=st.lists(st.tuples(EVENTS, st.integers(0, 7)), max_size=80))
def test_never_more_in_flight_than_allowed_and_nothing_stuck(events: list[tuple[str, int]]) -> None:
    window = InflightWindow(LIMITS)
    now_s = 0.0
    mid = 0
    open_mids: list[tuple[int, int]] = []
    for kind, pick in events:
        messages, size = window.room()
        assert size == 1024 * 1024 - 1000 * len(window.in_flight)
        if kind == "send" and messages and pick not in window.in_flight:
            mid += 1
            window.add(pick, 1000, mid, now_s)
            open_mids.append((mid, pick))
        elif kind == "pass":
            now_s += pick
            window.expire(now_s)
            due_s = window.next_expiry_s()
            assert due_s is None or now_s < due_s <= now_s + 100
        elif kind == "lost":
            window.lost_connection()
            assert window.in_flight == frozenset()
        elif open_mids:
            some_mid, seq = open_mids[pick % len(open_mids)]
            if kind == "taken":
                window.taken(some_mid, now_s)
            elif kind == "refused":
                window.refused(some_mid)
            else:
                window.ended(seq, now_s)
                assert seq not in window.in_flight
        assert len(window.in_flight) <= 5
    window.expire(now_s + 100)
    assert window.in_flight == frozenset()
    assert window.next_expiry_s() is None
    assert window.room()[1] == 1024 * 1024
    assert window.room()[0] >= 1


def test_a_late_puback_of_an_older_sending_touches_nothing() -> None:
    window = InflightWindow(LIMITS)
    window.add(1, 1000, 11, 0)
    window.expire(100)
    window.add(1, 1000, 12, 100)
    window.refused(11)
    assert window.in_flight == {1}
    assert window.knows(12)
    assert not window.knows(11)
    assert window.resent == 1


def test_the_time_to_resend_begins_when_the_broker_has_it() -> None:
    """Until then it is on its way: a second copy would only make a slow line slower."""
    window = InflightWindow(LIMITS)
    window.add(1, 1000, 11, 0)
    window.add(2, 1000, 12, 0)
    window.expire(60)
    assert window.in_flight == {1, 2}
    window.taken(11, 60)
    assert window.next_expiry_s() == 70
    window.expire(69.9)
    assert window.in_flight == {1, 2}
    window.expire(70)
    assert window.in_flight == {2}
    assert window.next_expiry_s() == 100  # of a broker that forgets, everybody tires


def test_a_centre_that_answers_nothing_is_not_flooded() -> None:
    window = InflightWindow(processes.Window(resend_after_s=30))
    rounds, mid = [], 0
    for now_s in range(0, 150, 30):
        window.expire(now_s)
        first, mid = mid, _fill(window, mid, now_s=now_s)
        rounds.append(mid - first)
        for number in range(first, mid):
            window.taken(number, now_s)
    assert rounds == [8, 8, 4, 2, 1]


def test_expiry_at_the_broker_is_not_later_than_the_resend() -> None:
    assert InflightWindow(processes.Window(resend_after_s=2.9)).expiry_s == 2
    assert InflightWindow(processes.Window(resend_after_s=0.2)).expiry_s == 1  # the least that MQTT can say


class Line:
    """A broker behind a line that carries so many bytes a second; an archive that takes so many messages a second,
    the broker keeping the others for it, and answers `archive_s` later.
    """

    def __init__(
        self,
        bytes_per_s: float,
        *,
        round_trip_s: float = 0.05,
        archive_s: float = 0.3,
        archive_per_s: float = 1000.0,
    ) -> None:
        self.window = InflightWindow(processes.Window())
        self._bytes_per_s = bytes_per_s
        self._round_trip_s = round_trip_s
        self._archive_s = archive_s
        self._archive_per_s = archive_per_s
        self._archive_free_s = 0.0
        self._free_s = 0.0
        self._pubacks: deque[tuple[float, int]] = deque()
        self._archived: deque[tuple[float, int]] = deque()
        self.archived_s: dict[int, float] = {}

    def run(self, seconds: float, *, live_every_s: float) -> list[float]:
        """A backlog without end, live pictures now and then. Returns how long each of those took to the archive."""
        live: list[int] = []
        backlog = -1
        waiting: list[int] = []
        born_s: dict[int, float] = {}
        steps = round(seconds / 0.01)
        for step in range(steps):
            now_s = step * 0.01
            if now_s >= len(live) * live_every_s:
                live.append(len(live))
                waiting.append(live[-1])
                born_s[live[-1]] = now_s
            while self._pubacks and self._pubacks[0][0] <= now_s:
                _, seq = self._pubacks.popleft()
                self.window.taken(seq + 10**6, now_s)
                self._archive_free_s = max(self._archive_free_s, now_s) + 1 / self._archive_per_s
                self._archived.append((self._archive_free_s + self._archive_s, seq))
            # Acknowledgements come in batches; so does the room that they make.
            while step % 20 == 0 and self._archived and self._archived[0][0] <= now_s:
                _, seq = self._archived.popleft()
                self.archived_s[seq] = now_s
                self.window.ended(seq, now_s)
            self.window.expire(now_s)
            for _ in range(self.window.room()[0]):
                if waiting:
                    seq = waiting.pop()
                else:
                    seq, backlog = backlog, backlog - 1
                self._send(seq, now_s)
        return [self.archived_s[seq] - born_s[seq] for seq in live if seq in self.archived_s]

    def _send(self, seq: int, now_s: float) -> None:
        self.window.add(seq, SIZE, seq + 10**6, now_s)
        self._free_s = max(self._free_s, now_s) + SIZE / self._bytes_per_s
        self._pubacks.append((self._free_s + self._round_trip_s, seq))


@pytest.mark.parametrize("mbit", [1.0, 2.0, 4.0])
def test_over_a_slow_line_a_live_picture_does_not_wait_behind_a_window_of_backlog(mbit: float) -> None:
    line = Line(mbit * MBIT)
    took_s = line.run(300, live_every_s=5.0)
    settled = sorted(took_s[5:])  # the first pipe is a guess
    assert len(settled) > 50
    # 64 messages would be 51 s of a line of 1 Mbit/s.
    assert settled[-1] < 4.5
    assert line.window.resent == 0
    assert len(line.archived_s) >= 0.95 * 300 * mbit * MBIT / SIZE  # and the line is never idle


@pytest.mark.parametrize("per_s", [0.5, 2.0, 10.0])
def test_before_a_busy_centre_it_waits_neither_and_nothing_is_sent_twice(per_s: float) -> None:
    line = Line(100 * MBIT, archive_per_s=per_s)
    took_s = line.run(600, live_every_s=10.0)
    settled = sorted(took_s[5:])
    assert len(settled) > 50
    # 64 messages would be 128 s of a centre that takes one in two seconds, and each be sent four times.
    assert settled[-1] < 10.0
    assert line.window.resent <= 8
    assert len(line.archived_s) >= 0.95 * 600 * per_s


@pytest.mark.parametrize("round_trip_s", [0.05, 0.2, 0.5])
def test_over_a_fast_line_the_window_is_full(round_trip_s: float) -> None:
    line = Line(100 * MBIT, round_trip_s=round_trip_s)
    took_s = line.run(30, live_every_s=0.1)
    answer_s = round_trip_s + 0.4 + 64 * SIZE / (100 * MBIT) / 4  # not all 64 lie on the line at once
    assert len(line.archived_s) > 0.8 * 30 * 64 / answer_s
    assert max(took_s[20:]) < 1.5


def test_each_quick_round_doubles_it_also_where_all_answers_come_at_once() -> None:
    window = InflightWindow(processes.Window())
    rounds, mid = [], 0
    for now_s in range(5):
        first, mid = mid, _fill(window, mid, now_s=now_s)
        rounds.append(mid - first)
        for number in range(first, mid):
            window.taken(number, now_s + 0.1)
        for number in range(first, mid):
            window.ended(number, now_s + 0.5)
    assert rounds == [8, 16, 32, 64, 64]


def test_one_bad_moment_halves_once_and_not_for_each_that_was_in_it() -> None:
    window = InflightWindow(processes.Window())
    mid = _fill(window, 0, now_s=0)
    for number in range(mid):
        window.taken(number, 0.1)
        window.ended(number, 0.5)
    before = mid
    mid = _fill(window, before, now_s=1)
    on_its_way = mid - before
    assert on_its_way > 8
    for number in range(before, mid):
        window.taken(number, 4 + number / 1000)  # late, all of them
        window.ended(number, 5)
    assert window.room()[0] == on_its_way // 2


def _fill(window: InflightWindow, mid: int, *, now_s: float) -> int:
    while window.room()[0]:
        window.add(mid, 1000, mid, now_s)
        mid += 1
    return mid


def test_a_trickle_teaches_nothing_about_the_line() -> None:
    window = InflightWindow(processes.Window())
    for number in range(100):
        window.add(number, SIZE, number, number)
        window.taken(number, number + 0.1)
        window.ended(number, number + 0.5)
    assert window.room()[0] == InflightWindow(processes.Window()).room()[0]
