"""The window alone: what it lets through, for any order of events."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.window import Window
from provisioning.contracts import config

LIMITS = config.Window(max_messages=5, max_bytes=1024 * 1024, resend_after_s=10)
EVENTS = st.sampled_from(["send", "taken", "refused", "ended", "pass", "lost"])


@given(events=st.lists(st.tuples(EVENTS, st.integers(0, 7)), max_size=80))
def test_never_more_in_flight_than_allowed_and_nothing_stuck(events: list[tuple[str, int]]) -> None:
    window = Window(LIMITS)
    now_s = 0.0
    mid = 0
    open_mids: list[tuple[int, int]] = []
    for kind, pick in events:
        messages, size = window.room()
        if kind == "send" and messages and size and pick not in window.in_flight:
            mid += 1
            window.add(pick, 1000, mid, now_s)
            open_mids.append((mid, pick))
        elif kind == "pass":
            now_s += pick
            window.expire(now_s)
            due_s = window.next_expiry_s()
            assert due_s is None or now_s < due_s <= now_s + 10
        elif kind == "lost":
            window.lost_connection()
            assert window.in_flight == frozenset()
        elif open_mids:
            some_mid, seq = open_mids[pick % len(open_mids)]
            if kind == "taken":
                window.taken(some_mid)
            elif kind == "refused":
                window.refused(some_mid)
            else:
                window.ended(seq)
                assert seq not in window.in_flight
        assert len(window.in_flight) <= 5
    window.expire(now_s + 10)
    assert window.in_flight == frozenset()
    assert window.next_expiry_s() is None


def test_a_late_puback_of_an_older_sending_touches_nothing() -> None:
    window = Window(LIMITS)
    window.add(1, 1000, 11, 0)
    window.expire(10)
    window.add(1, 1000, 12, 10)
    window.refused(11)
    assert window.in_flight == {1}
    assert window.knows(12)
    assert not window.knows(11)
    assert window.resent == 1


def test_expiry_at_the_broker_is_not_later_than_the_resend() -> None:
    assert Window(config.Window(resend_after_s=2.9)).expiry_s == 2
    assert Window(config.Window(resend_after_s=0.2)).expiry_s == 1  # the least that MQTT can say
