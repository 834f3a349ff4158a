"""moving cameras ──▶ Grants ──▶ which of them may look closer."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.scheduling.slots import HOLD_S, TimedSlots


def holders(grants: TimedSlots, cameras: str) -> set[str]:
    return {camera for camera in cameras if grants.holds(camera)}


def test_the_first_to_move_hold_them_and_give_them_back_when_it_is_still() -> None:
    grants = TimedSlots(2)
    for camera in "abc":
        grants.note(camera, moving=True, now_s=0)
    assert holders(grants, "abc") == {"a", "b"}
    grants.note("a", moving=False, now_s=1)
    assert holders(grants, "abc") == {"b", "c"}


def test_nobody_gives_one_up_while_nobody_waits() -> None:
    grants = TimedSlots(2)
    for second in range(100):
        for camera in "ab":
            grants.note(camera, moving=True, now_s=second)
        assert holders(grants, "ab") == {"a", "b"}


def test_without_any_nobody_looks_closer() -> None:
    grants = TimedSlots(0)
    grants.note("a", moving=True, now_s=0)
    assert not grants.holds("a")


def test_all_who_move_have_their_turn() -> None:
    grants = TimedSlots(4)
    cameras = "abcdefghijklmnopqrst"
    held: Counter[str] = Counter()
    for second in range(1000):
        for camera in cameras:
            grants.note(camera, moving=True, now_s=second)
        held.update(holders(grants, cameras))
    assert min(held.values()) > 0.8 * max(held.values())


@given(
    limit=st.integers(0, 4),
    events=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.floats(0, 2 * HOLD_S)), max_size=60),
)
def test_never_more_than_the_limit_and_only_who_moves(limit: int, events: list[tuple[str, bool, float]]) -> None:
    grants = TimedSlots(limit)
    moving: set[str] = set()
    now_s = 0.0
    for camera, moves, later_s in events:
        now_s += later_s
        grants.note(camera, moving=moves, now_s=now_s)
        (moving.add if moves else moving.discard)(camera)
        held = holders(grants, "abcdefgh")
        assert held <= moving
        assert len(held) == min(limit, len(moving))


def test_where_the_limit_is_lowered_those_who_have_held_longest_make_room_at_once() -> None:
    grants = TimedSlots(3)
    for second, camera in enumerate("abc"):
        grants.note(camera, moving=True, now_s=second)
    grants.limit = 1
    grants.note("c", moving=True, now_s=3)
    assert holders(grants, "abc") == {"c"}
    assert len(grants) == 1
    grants.note("c", moving=False, now_s=4)
    assert holders(grants, "abc") == {"a"}
