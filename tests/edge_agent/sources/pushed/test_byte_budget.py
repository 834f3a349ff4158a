"""Bytes that many threads share: never more than there are, in turn, and back when an image is let go."""

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.pushed.byte_budget import ByteBudget
from tests.support.waiting import LONG_S


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=40))
def test_against_a_model(steps: list[tuple[bool, int]]) -> None:
    budget, out = ByteBudget(100), list[int]()
    for takes, size in steps:
        if takes:
            assert budget.try_take_bytes(size) is (sum(out) + size <= 100)
            if sum(out) + size <= 100:
                out.append(size)
        elif out:
            budget.give_bytes(out.pop())
        assert budget.taken_bytes() == sum(out)


def test_who_waits_gets_it_when_it_comes_back() -> None:
    budget, stop = ByteBudget(100), threading.Event()
    assert budget.try_take_bytes(80)
    got: list[bool] = []
    waiting = threading.Thread(target=lambda: got.append(budget.take_bytes(50, stop)), daemon=True)
    waiting.start()
    while not budget._line:  # until it waits
        waiting.join(0.01)
    assert not budget.try_take_bytes(1)  # nobody passes
    budget.give_bytes(80)
    waiting.join(LONG_S)
    assert got == [True]
    assert budget.taken_bytes() == 50


def test_a_small_one_does_not_pass_a_large_one_that_waits() -> None:
    budget, stop = ByteBudget(100), threading.Event()
    budget.try_take_bytes(50)
    came: list[int] = []

    def take(size: int) -> None:
        budget.take_bytes(size, stop)
        came.append(size)

    threads = []
    for ordinal, size in enumerate((80, 10)):
        threads.append(threading.Thread(target=take, args=(size,), daemon=True))
        threads[-1].start()
        while len(budget._line) <= ordinal:
            threads[-1].join(0.01)
    assert came == []
    budget.give_bytes(50)
    for thread in threads:
        thread.join(LONG_S)
    assert came == [80, 10]


def test_stop_ends_the_waiting_and_lets_the_next_one_in() -> None:
    budget, stop = ByteBudget(100), threading.Event()
    budget.try_take_bytes(100)
    got: list[bool] = []
    waiting = threading.Thread(target=lambda: got.append(budget.take_bytes(50, stop)), daemon=True)
    waiting.start()
    stop.set()
    waiting.join(LONG_S)
    assert got == [False]
    budget.give_bytes(100)
    assert budget.try_take_bytes(100)


def test_more_than_there_is_is_given_when_nothing_is_out() -> None:
    budget, stop = ByteBudget(10), threading.Event()
    assert budget.take_bytes(50, stop)
    assert budget.taken_bytes() == 50


def test_an_image_gives_its_bytes_back_when_nobody_looks_at_it() -> None:
    budget = ByteBudget(10**6)
    image = np.zeros((10, 10, 3), np.uint8)
    budget.try_take_bytes(image.nbytes)
    budget.follow(image)
    part = image[2:4]
    del image
    assert budget.taken_bytes() == 300  # a view holds it
    del part
    assert budget.taken_bytes() == 0


def test_many_threads_never_hold_more_than_there_is() -> None:
    budget, stop, lock = ByteBudget(10), threading.Event(), threading.Lock()
    held, most = [0], [0]

    def work() -> None:
        for size in (1, 4, 9, 2) * 25:
            assert budget.take_bytes(size, stop)
            with lock:
                held[0] += size
                most[0] = max(most[0], held[0])
            with lock:
                held[0] -= size
            budget.give_bytes(size)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert most[0] <= 10
    assert budget.taken_bytes() == 0
