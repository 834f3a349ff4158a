import asyncio
from itertools import chain, count, repeat

import pytest

from tests.support import waiting
from tests.support.waiting import GaveUp, Patience, eventually, until, within


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes at each look, and nobody else wants the processors."""
    seconds = count()
    monkeypatch.setattr(Patience.__init__, "__kwdefaults__", {"clock": lambda: next(seconds), "share": lambda: 1.0})


def rounds(share: float) -> int:
    """How often somebody with ten seconds of patience may look, a second apart."""
    patience = Patience(10, clock=count().__next__, share=lambda: share)
    return next(n for n in count(1) if patience.is_over())


def test_on_a_machine_with_ten_times_the_work_a_wait_may_last_ten_times_as_long() -> None:
    assert (rounds(1.0), rounds(0.5), rounds(0.125)) == (10, 20, 80)


def test_hours_in_which_the_machine_stood_still_use_up_no_more_than_a_moment() -> None:
    patience = Patience(60, clock=iter([0.0, 1.0, 7200.0]).__next__, share=lambda: 1.0)
    assert [patience.is_over(), patience.is_over()] == [False, False]


def test_this_machine_gives_a_program_some_part_of_a_processor() -> None:
    assert 0 < waiting.share_of_a_processor() <= 1


def test_an_emulated_processor_counts_as_a_part_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_SLOWNESS", 30.0)
    assert 0 < waiting.share_of_a_processor() <= 1 / 30


@pytest.mark.parametrize(("took_s", "pause_s"), [(0.0, 0.02), (0.005, 0.02), (0.05, 0.1), (9.0, 0.5)])
def test_a_look_that_is_dear_is_not_taken_all_the_time(took_s: float, pause_s: float) -> None:
    assert waiting.pause_s(0.02, took_s) == pause_s
    assert waiting.pause_s(2.0, took_s) == 2.0


@pytest.mark.usefixtures("_quiet")
def test_a_wait_that_gives_up_says_for_what_it_waited_and_what_it_saw_last() -> None:
    with pytest.raises(GaveUp, match=r"the third did not happen within 5 s of patience, .* seen last: \[1, 2\]"):
        until(lambda: False, "the third", seen=lambda: [1, 2], patience_s=5, step_s=0)
    with pytest.raises(GaveUp, match=r"it did not happen .* seen last: 0"):
        until(lambda: 0, patience_s=5, step_s=0)


@pytest.mark.usefixtures("_quiet")
def test_whatever_makes_progress_is_waited_for() -> None:
    counted = count()
    assert until(lambda: next(counted) == 50, seen=lambda: next(counted), patience_s=5, step_s=0)


@pytest.mark.usefixtures("_quiet")
def test_what_made_progress_and_stands_still_is_given_up() -> None:
    values = chain(range(1, 50), repeat(50))
    with pytest.raises(GaveUp, match="seen last: 50"):
        until(lambda: False, seen=lambda: next(values), patience_s=5, step_s=0)


@pytest.mark.usefixtures("_quiet")
def test_a_loop_goes_on_while_its_test_waits() -> None:
    async def story() -> str:
        heard: list[str] = []
        asyncio.get_running_loop().call_soon(heard.append, "news")
        await eventually(lambda: heard, step_s=0)
        with pytest.raises(GaveUp):
            await eventually(lambda: len(heard) > 1, patience_s=5, step_s=0)
        return heard[0]

    assert asyncio.run(story()) == "news"


@pytest.mark.usefixtures("_quiet")
def test_an_await_that_never_ends_is_ended_when_the_patience_is_over() -> None:
    async def story() -> None:
        async with within(3):
            await asyncio.sleep(0)
        async with within(3):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(story())
