"""Refusals counted, and forgotten again."""

from provisioning.enrolment.throttle import Throttle


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_pause_begins_with_the_last_refusal_and_ends() -> None:
    clock = Clock()
    throttle = Throttle(refusals=3, window_s=60, pause_s=60, clock=clock)
    assert [throttle.refused("a") for _ in range(3)] == [False, False, True]
    assert throttle.is_paused("a")
    assert not throttle.is_paused("b")
    clock.now_s += 59
    assert throttle.is_paused("a")
    clock.now_s += 1
    assert not throttle.is_paused("a")
    assert [throttle.refused("a") for _ in range(3)] == [False, False, True]


def test_who_is_refused_now_and_then_is_never_paused() -> None:
    clock = Clock()
    throttle = Throttle(refusals=3, window_s=60, pause_s=60, clock=clock)
    for _ in range(100):
        assert not throttle.refused("a")
        clock.now_s += 31
        assert not throttle.is_paused("a")


def test_the_table_is_bounded_and_who_came_last_stays_in_it() -> None:
    throttle = Throttle(refusals=2, capacity=100, clock=Clock())
    for number in range(1000):
        throttle.refused(str(number))
    assert len(throttle._records) == 100
    assert throttle.refused("999")
    assert not throttle.refused("0")
