"""One search beside another: the same answer, at once where a thread is free, and never a queue."""

from threading import Barrier, Event, Thread, current_thread, main_thread

import pytest

from edge_agent.redactor.beside import Beside
from engines.errors import InferenceFailed

WAIT_S = 10.0


def test_with_one_thread_the_work_is_done_when_it_is_asked_for() -> None:
    began = Event()

    def work() -> Thread:
        began.set()
        return current_thread()

    result = Beside(1).begin(work)
    assert not began.is_set()
    assert result() is main_thread()


def test_with_two_threads_both_work_at_once() -> None:
    both = Barrier(2, timeout=WAIT_S)
    result = Beside(2).begin(both.wait)
    both.wait()  # breaks unless the other is there too
    result()


def test_what_finds_no_free_thread_is_not_queued() -> None:
    beside, may_end = Beside(2), Event()
    first = beside.begin(lambda: may_end.wait(WAIT_S))
    second = beside.begin(current_thread)
    assert second() is main_thread()
    may_end.set()
    assert first()


def test_an_error_reaches_who_asks_and_frees_the_thread() -> None:
    beside = Beside(2)

    def broken() -> None:
        raise InferenceFailed("yunet", "no memory")

    for _ in range(3):
        result = beside.begin(broken)
        with pytest.raises(InferenceFailed, match="no memory"):
            result()
    assert beside.begin(current_thread)() is not main_thread()
