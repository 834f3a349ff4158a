"""what moves, what looks take ──▶ Attention ──▶ how often each camera is looked at, and what was skipped."""

import pytest

from edge_agent.scheduling.detection_budget import LEAST_PER_S, MOST_PER_S, DetectionBudget
from edge_agent.scheduling.slots import HOLD_S


def moved(budget: DetectionBudget, cameras: str, seconds: range, *, look_s: float) -> dict[str, float]:
    """Every camera moves and is looked at as often as it may; the rates at the end."""
    for second in seconds:
        for camera in cameras:
            for _ in range(round(budget.per_second(camera))):
                budget.note_detection(camera, look_s)
            budget.note(camera, moving=True, now_s=second)
    return {camera: budget.per_second(camera) for camera in cameras}


def test_one_camera_has_all_that_there_is_up_to_the_most() -> None:
    assert moved(DetectionBudget("a", 0.3, 4), "a", range(100), look_s=0.02) == {"a": MOST_PER_S}
    assert moved(DetectionBudget("a", 0.3, 4), "a", range(100), look_s=0.1)["a"] == pytest.approx(3.0, rel=0.01)


def test_as_many_as_can_be_looked_at_at_the_least_rate_and_the_others_in_their_turn() -> None:
    budget = DetectionBudget("abcd", 0.3, 4)
    rates = moved(budget, "abcd", range(100), look_s=0.06)
    assert sorted(rates.values()) == pytest.approx([0, 0, 2.5, 2.5], rel=0.05)
    moved(budget, "abcd", range(100, 1000), look_s=0.06)
    looks = budget.looks().values()
    assert min(looks) > 0.8 * max(looks)


def test_the_time_that_looks_take_is_bounded() -> None:
    budget = DetectionBudget("abcdefgh", 0.3, 8)
    moved(budget, "abcdefgh", range(60), look_s=0.05)
    before = sum(budget.looks().values())
    moved(budget, "abcdefgh", range(60, 160), look_s=0.05)
    assert (sum(budget.looks().values()) - before) * 0.05 <= 0.32 * 100


def test_no_more_than_there_are_streams_that_may_be_decoded() -> None:
    moved_all = moved(DetectionBudget("abc", 1.0, 2), "abc", range(10), look_s=0.01)
    assert sum(rate > 0 for rate in moved_all.values()) == 2
    assert moved(DetectionBudget("a", 0.0, 2), "a", range(10), look_s=0.01) == {"a": 0.0}


def test_one_that_is_lost_makes_room_and_one_without_places_has_no_part() -> None:
    budget = DetectionBudget("ab", 0.2, 4)
    moved(budget, "ab", range(5), look_s=0.1)
    budget.lost("a", now_s=5)
    budget.note("b", moving=True, now_s=5)
    budget.note("z", moving=True, now_s=5)
    rates = {camera: budget.per_second(camera) for camera in "abz"}
    assert rates["b"] >= LEAST_PER_S
    assert rates["a"] == rates["z"] == 0.0


def test_what_should_have_been_looked_at_and_was_not_is_counted() -> None:
    budget = DetectionBudget("ab", 0.1, 4)
    for second in range(int(HOLD_S) - 1):
        for camera in "ab":
            if budget.per_second(camera):
                budget.note_detection(camera, 0.05)
                budget.note_detection(camera, 0.05)
            budget.note(camera, moving=True, now_s=second)
    assert budget.skipped() == {"a": 0, "b": 2 * (int(HOLD_S) - 2)}


def test_of_what_stood_still_or_was_away_nothing_was_skipped() -> None:
    budget = DetectionBudget("a", 0.0, 4)
    for second, moving in ((0, True), (60, True), (61, False), (62, False), (63, True)):
        budget.note("a", moving=moving, now_s=second)
    assert budget.skipped() == {"a": 0}


def test_where_looks_became_too_dear_one_is_tried_again_later() -> None:
    budget = DetectionBudget("a", 0.3, 4)
    moved(budget, "a", range(20), look_s=0.6)
    assert budget.per_second("a") == 0.0
    moved(budget, "a", range(20, 200), look_s=0.05)
    assert budget.per_second("a") >= LEAST_PER_S
