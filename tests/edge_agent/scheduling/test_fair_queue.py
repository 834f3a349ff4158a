"""cameras ──▶ one bounded lane each ──▶ the one redactor, in turns."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.scheduling.fair_queue import FairQueue
from tests.support.waiting import LONG_S

STOP = threading.Event()


@given(loads=st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 8), min_size=1))
def test_nobody_waits_longer_than_one_round(loads: dict[str, int]) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue(8, "drop_oldest")
    for lane, number in loads.items():
        for item in range(number):
            queue.put(lane, (lane, item), STOP)
    taken = []
    while (item_taken := queue.take_next(0)) is not None:
        taken.append(item_taken)
    for lane, number in loads.items():
        # In order, and the n-th of a lane comes after at most n of every other.
        assert [item for name, item in taken if name == lane] == list(range(number))
        for nth in range(number):
            before = taken[: taken.index((lane, nth))]
            for other in loads:
                assert sum(name == other for name, _ in before) <= nth + 1


def test_drop_oldest_hands_back_the_oldest_of_the_same_lane() -> None:
    queue: FairQueue[str] = FairQueue(2, "drop_oldest")
    assert [queue.put("a", item, STOP) for item in ("a1", "a2", "a3")] == [None, None, "a1"]
    assert queue.put("b", "b1", STOP) is None
    assert [queue.take_next(0) for _ in range(4)] == ["a2", "b1", "a3", None]


def test_block_waits_for_room_and_loses_nothing() -> None:
    queue: FairQueue[int] = FairQueue(1, "block")
    returned: list[int | None] = []
    producer = threading.Thread(target=lambda: returned.extend(queue.put("a", n, STOP) for n in range(50)))
    producer.start()
    taken = [queue.take_next(LONG_S) for _ in range(50)]
    producer.join(LONG_S)
    assert taken == list(range(50))
    assert returned == [None] * 50


def test_a_blocked_camera_lets_go_when_it_is_stopped() -> None:
    queue: FairQueue[str] = FairQueue(1, "block")
    stop = threading.Event()
    queue.put("a", "first", stop)
    returned: list[str | None] = []
    producer = threading.Thread(target=lambda: returned.append(queue.put("a", "second", stop)))
    producer.start()
    stop.set()
    producer.join(LONG_S)
    assert returned == ["second"]
    assert [queue.take_next(0), queue.take_next(0)] == ["first", None]


def test_take_is_woken_by_put() -> None:
    queue: FairQueue[str] = FairQueue(1, "drop_oldest")
    threading.Timer(0.05, queue.put, ("a", "late", STOP)).start()
    assert queue.take_next(LONG_S) == "late"


def test_it_says_how_many_wait_and_whose_place_is_full() -> None:
    queue: FairQueue[str] = FairQueue(2, "drop_oldest")
    assert (len(queue), queue.is_full("a")) == (0, False)
    for item in ("a1", "a2", "a3"):
        queue.put("a", item, STOP)
    queue.put("b", "b1", STOP)
    assert (len(queue), queue.is_full("a"), queue.is_full("b")) == (3, True, False)
    queue.take_next(0)
    assert (len(queue), queue.is_full("a")) == (2, False)


def test_recordings_wait_for_those_before_them_and_a_live_camera_keeps_its_turn() -> None:
    ranks = {"night": 2, "urgent": 0}
    queue: FairQueue[str] = FairQueue(4, "block", ranks.get)
    for lane in ("night", "live", "urgent"):
        for number in range(3):
            assert queue.put(lane, f"{lane} {number}", threading.Event()) is None
    taken = [queue.take_next(0) for _ in range(9)]
    assert taken[:6] == ["live 0", "urgent 0", "live 1", "urgent 1", "live 2", "urgent 2"]
    assert taken[6:] == ["night 0", "night 1", "night 2"]


def test_an_order_holds_from_the_next_turn_on() -> None:
    ranks = {"one": 1, "two": 1}
    queue: FairQueue[str] = FairQueue(4, "block", ranks.get)
    for lane in ("one", "two"):
        for number in range(2):
            queue.put(lane, f"{lane} {number}", threading.Event())
    assert [queue.take_next(0) for _ in range(2)] == ["one 0", "two 0"]
    ranks["two"] = 0
    assert [queue.take_next(0) for _ in range(2)] == ["two 1", "one 1"]


def test_a_closed_queue_gives_what_waits_and_lets_nobody_wait() -> None:
    queue: FairQueue[str] = FairQueue(2, "drop_oldest")
    taken: list[str | None] = []
    taker = threading.Thread(target=lambda: taken.append(queue.take_next(LONG_S)))
    taker.start()
    queue.close()
    taker.join(LONG_S)
    assert taken == [None]
    queue.put("a", "left", STOP)
    assert [queue.take_next(LONG_S), queue.take_next(LONG_S)] == ["left", None]
