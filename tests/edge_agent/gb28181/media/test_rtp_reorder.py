"""Packets in order, and gaps where some are missing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.rtp import Packet
from edge_agent.gb28181.media.rtp_reorder import WAIT_S, WINDOW, Gap, ReorderBuffer


def packet(sequence: int) -> Packet:
    return Packet(96, False, sequence % 65536, 0, 1, b"x")


def taken(order: ReorderBuffer, *sequences: int, now_s: float = 0.0) -> list[int | Gap]:
    return [
        item if isinstance(item, Gap) else item.sequence
        for sequence in sequences
        for item in order.push(packet(sequence), now_s)
    ]


def begun(sequence: int, now_s: float = 0.0) -> ReorderBuffer:
    """One whose first packet had this number and has waited."""
    order = ReorderBuffer()
    assert taken(order, sequence, now_s=now_s - 1) == []
    assert order.handle_timer(now_s) == [packet(sequence)]
    return order


def test_packets_that_overtook_others_wait_for_them() -> None:
    order = begun(65534)
    assert taken(order, 0, 1, 65535) == [65535, 0, 1]
    assert order.held_bytes == 0
    assert order.get_timer() is None


def test_what_comes_twice_or_too_late_is_counted() -> None:
    order = begun(10)
    assert taken(order, 12, 12, 11, 11, 10, 13) == [11, 12, 13]
    assert order.late == 3


def test_what_does_not_come_in_time_is_missing() -> None:
    order = begun(10, now_s=5.0)
    assert taken(order, 12, 13, 16, now_s=5.0) == []
    assert order.get_timer() == 5.0 + WAIT_S
    assert order.handle_timer(5.1) == []
    assert order.handle_timer(5.3) == [Gap(1), packet(12), packet(13)]
    assert order.handle_timer(5.4) == []  # the next ones have their own time
    assert taken(order, 17, now_s=5.6) == [Gap(2), 16, 17]
    assert order.handle_timer(9.0) == []


@given(st.floats(0, 1e6))
def test_the_timer_rings_at_its_own_moment(now_s: float) -> None:
    order = begun(10, now_s=now_s)
    taken(order, 12, now_s=now_s)
    timer_s = order.get_timer()
    assert timer_s is not None
    assert order.handle_timer(timer_s) == [Gap(1), packet(12)]


def test_no_more_than_a_window_waits() -> None:
    order = begun(0)
    assert taken(order, *range(2, WINDOW + 2)) == []
    assert order.held_bytes == WINDOW
    assert taken(order, WINDOW + 2) == [Gap(1), *range(2, WINDOW + 3)]


def test_over_tcp_nothing_waits() -> None:
    order = ReorderBuffer(0)
    assert taken(order, 10, 12, 13) == [10, Gap(1), 12, 13]
    assert taken(order, 9, 10) == [Gap(0), 10]  # back by a few, and going on from there


def test_a_sender_that_begins_anew_is_followed_at_its_second_packet() -> None:
    order = begun(10)
    assert taken(order, 12, 40000) == []
    assert taken(order, 40001, 40002) == [Gap(1), 12, Gap(0), 40001, 40002]
    # Two strays that do not belong together, or with something in order between, are none.
    assert taken(order, 100, 200, 300, 40003, 301, 40004) == [40003, 40004]
    assert order.late == 5


@given(st.lists(st.integers(0, 65535), max_size=60), st.lists(st.floats(0, 1), max_size=60), st.sampled_from([0, 128]))
def test_whatever_comes_what_goes_out_is_in_order_or_behind_a_gap(
    sequences: list[int], steps_s: list[float], window: int
) -> None:
    order, now_s = ReorderBuffer(window), 0.0
    out: list[Packet | Gap] = []
    for sequence, step_s in zip(sequences, steps_s, strict=False):
        now_s += step_s
        out += order.push(packet(sequence), now_s)
        out += order.handle_timer(now_s)
        assert order.held_bytes <= window
    for before, after in pairwise(out):
        if isinstance(before, Packet) and isinstance(after, Packet):
            assert after.sequence == (before.sequence + 1) % 65536


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), max_size=3))
def test_any_order_comes_out_as_it_was_sent(sent: list[int], twice: set[int]) -> None:
    order = begun(1000)
    out = taken(order, *(1001 + number for number in sent), *(1001 + number for number in twice))
    assert out == [1001 + number for number in range(12)]


@given(st.permutations(range(12)), st.sampled_from([0, 65530]))
def test_the_very_first_packets_come_out_as_they_were_sent_too(sent: list[int], base: int) -> None:
    order = ReorderBuffer()
    assert taken(order, *((base + number) % 65536 for number in sent), now_s=5.0) == []
    assert order.get_timer() == 5.0 + WAIT_S
    assert order.held_bytes == 12
    assert order.handle_timer(5.0 + WAIT_S) == [packet(base + number) for number in range(12)]
    assert (order.late, order.held_bytes, order.get_timer()) == (0, 0, None)


def test_the_first_packets_wait_no_longer_than_others_and_no_more_of_them() -> None:
    assert taken(ReorderBuffer(), *range(1, WINDOW + 1), 0) == list(range(WINDOW + 1))
    order = ReorderBuffer()
    assert taken(order, 11, 10, now_s=5.0) == []
    assert taken(order, 12, now_s=5.3) == [10, 11, 12]
