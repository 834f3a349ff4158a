"""moving cameras ──▶ Grants ──▶ which of them may look closer."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.scheduling.slots import HOLD_S, TimedSlots


def holders(slots: TimedSlots, cameras: str) -> set[str]:
    return {camera for camera in cameras if slots.holds(camera)}


def test_the_first_to_move_hold_them_and_give_them_back_when_it_is_still() -> None:
    slots = TimedSlots(2)
    for camera in "abc":
        slots.note(camera, moving=True, now_s=0)
    assert holders(slots, "abc") == {"a", "b"}
    slots.note("a", moving=False, now_s=1)
    assert holders(slots, "abc") == {"b", "c"}


def test_nobody_gives_one_up_while_nobody_waits() -> None:
    slots = TimedSlots(2)
    for second in range(100):
        for camera in "ab":
            slots.note(camera, moving=True, now_s=second)
        assert holders(slots, "ab") == {"a", "b"}


def test_without_any_nobody_looks_closer() -> None:
    slots = TimedSlots(0)
    slots.note("a", moving=True, now_s=0)
    assert not slots.holds("a")


def test_all_who_move_have_their_turn() -> None:
    slots = TimedSlots(4)
    cameras = "abcdefghijklmnopqrst"
    held: Counter[str] = Counter()
    for second in range(1000):
        for camera in cameras:
            slots.note(camera, moving=True, now_s=second)
        held.update(holders(slots, cameras))
    assert min(held.values()) > 0.8 * max(held.values())


@given(
    limit=st.integers(0, 4),
    events=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.floats(0, 2 * HOLD_S)), max_size=60),
)
def test_never_more_than_the_limit_and_only_who_moves(limit: int, events: list[tuple[str, bool, float]]) -> None:
    slots = TimedSlots(limit)
    moving: set[str] = set()
    now_s = 0.0
    for camera, moves, later_s in events:
        now_s += later_s
        slots.note(camera, moving=moves, now_s=now_s)
        (moving.add if moves else moving.discard)(camera)
        held = holders(slots, "abcdefgh")
        assert held <= moving
        assert len(held) == min(limit, len(moving))


def test_where_the_limit_is_lowered_those_who_have_held_longest_make_room_at_once() -> None:
    slots = TimedSlots(3)
    for second, camera in enumerate("abc"):
        slots.note(camera, moving=True, now_s=second)
    slots.limit = 1
    slots.note("c", moving=True, now_s=3)
    assert holders(slots, "abc") == {"c"}
    assert len(slots) == 1
    slots.note("c", moving=False, now_s=4)
    assert holders(slots, "abc") == {"a"}
