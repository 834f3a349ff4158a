"""Live before backlog, and the backlog's share: the promises of `lanes`, over every sequence that hypothesis finds."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_cluster.intake.priority_queue import Lane, Lanes

CAPACITY = 5
Steps = st.lists(st.sampled_from([Lane.LIVE, Lane.BACKLOG, None]), max_size=200)
"""A lane: one more arrives there. None: one is taken."""


@given(steps=Steps, share=st.integers(2, 5))
def test_each_lane_is_a_bounded_queue_and_together_they_keep_their_promises(
    steps: list[Lane | None], share: int
) -> None:
    lanes: Lanes[tuple[Lane, int]] = Lanes(CAPACITY, live_ms=1, share=share)
    model: dict[Lane, deque[int]] = {lane: deque() for lane in Lane}
    passed_over = dict.fromkeys(Lane, 0)
    for number, step in enumerate(steps):
        if step is not None:
            assert lanes.put((step, number), step) == (len(model[step]) < CAPACITY)
            if len(model[step]) < CAPACITY:
                model[step].append(number)
        elif taken := lanes.take_due(1):
            ((lane, item),) = taken
            assert item == model[lane].popleft(), "first come, first served"
            other = Lane.BACKLOG if lane is Lane.LIVE else Lane.LIVE
            passed_over[lane] = 0
            passed_over[other] = passed_over[other] + 1 if model[other] else 0
            assert passed_over[Lane.BACKLOG] < share, "the backlog has its share"
            assert passed_over[Lane.LIVE] <= 1, "live waits for one of the backlog at most"
        else:
            assert not any(model.values())
        assert {lane: lanes.waiting(lane) for lane in Lane} == {lane: len(queue) for lane, queue in model.items()}
        assert len(lanes) == sum(map(len, model.values()))


@given(live=st.integers(0, CAPACITY), backlog=st.integers(0, CAPACITY), most=st.integers(0, 20))
def test_a_group_has_as_many_as_there_are(live: int, backlog: int, most: int) -> None:
    lanes: Lanes[int] = Lanes(CAPACITY, live_ms=1)
    for lane, count in ((Lane.BACKLOG, backlog), (Lane.LIVE, live)):
        for number in range(count):
            assert lanes.put(number, lane)
    assert len(lanes.take_due(most)) == min(most, live + backlog)
    assert len(lanes) == max(0, live + backlog - most)


def test_live_is_what_was_just_captured_or_claims_to_be_of_tomorrow() -> None:
    lanes: Lanes[int] = Lanes(1, live_ms=60_000)
    assert lanes.lane_of(1_000_000, now_ms=1_060_000) is Lane.LIVE
    assert lanes.lane_of(1_000_000, now_ms=1_060_001) is Lane.BACKLOG
    assert lanes.lane_of(9_000_000, now_ms=1_000_000) is Lane.LIVE


@pytest.mark.parametrize(("capacity", "live_ms", "share"), [(0, 1, 8), (1, -1, 8), (1, 1, 1)])
def test_a_lane_that_cannot_be_is_refused(capacity: int, live_ms: int, share: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        Lanes(capacity, live_ms=live_ms, share=share)
