"""One search beside another: the same answer, at once where a thread is free, and nobody waits for a queue."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Event, Thread, current_thread, main_thread

import pytest

from edge_agent.redactor.beside import Beside
from engines.errors import InferenceFailed
from tests.support.waiting import LONG_S


def test_with_one_thread_the_work_is_done_when_it_is_asked_for() -> None:
    began = Event()

    def work() -> Thread:
        began.set()
        return current_thread()

    result = Beside(1).begin(work)
    assert not began.is_set()
    assert result() is main_thread()


def test_with_two_threads_both_work_at_once() -> None:
    both = Barrier(2, timeout=LONG_S)
    result = Beside(2).begin(both.wait)
    both.wait()  # breaks unless the other is there too
    result()


def test_what_no_thread_has_begun_is_done_by_who_asks_for_it() -> None:
    beside, may_end = Beside(2), Event()
    first = beside.begin(lambda: may_end.wait(LONG_S))
    second = beside.begin(current_thread)
    assert second() is main_thread()
    may_end.set()
    assert first()


def test_work_that_waits_for_work_before_it_ends_on_any_number_of_threads() -> None:
    for threads in (1, 2, 3, 8):
        beside = Beside(threads)
        results = [beside.begin(lambda: 0)]
        for _ in range(20):
            results.append(beside.begin(partial(_one_more, results[-1])))
        assert results[-1]() == 20


def _one_more(before: Callable[[], int]) -> int:
    return before() + 1


def test_an_error_reaches_who_asks_and_frees_the_thread() -> None:
    beside = Beside(2)

    def broken() -> None:
        raise InferenceFailed("yunet", "no memory")

    for _ in range(3):
        result = beside.begin(broken)
        with pytest.raises(InferenceFailed, match="no memory"):
            result()
    both = Barrier(2, timeout=LONG_S)
    waits = beside.begin(both.wait)
    both.wait()
    waits()
