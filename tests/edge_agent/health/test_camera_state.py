"""The table of a camera's states: what follows from which evidence, at which time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.health.camera_state import Evidence, StateVerdict, Trouble, judge
from edge_agent.source_kinds import Arrival
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.causes.pictures import LEAK
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.wire.messages import CameraState

STREAM = Evidence(Arrival.STREAM, began_s=0.0)
PUSHED = Evidence(Arrival.PUSHED, began_s=0.0, keepalive_s=60.0)
SEEN = replace(STREAM, spoke_s=100.0, picture_s=100.0, longest_gap_s=2.0)
REFUSED = Trouble("unreachable", OTHER(detail="refused"))


def told(evidence: Evidence, now_s: float) -> tuple[CameraState, str]:
    verdict = judge(evidence, now_s)
    return verdict.state, verdict.code


def test_a_stream_that_was_seen_just_now_is_online() -> None:
    assert judge(SEEN, 100.5) == StateVerdict(CameraState.ONLINE)


@pytest.mark.parametrize(("after_s", "code"), [(10.0, ""), (10.1, "silent")])
def test_a_stream_that_speaks_often_is_offline_ten_seconds_after_its_last_word(after_s: float, code: str) -> None:
    assert told(SEEN, 100 + after_s)[1] == code


@pytest.mark.parametrize(("gap_s", "after_s"), [(12.0, 36.0), (20.0, 60.0), (None, 30.0)])
def test_a_camera_with_far_keyframes_or_unknown_habits_is_waited_for(gap_s: float | None, after_s: float) -> None:
    rare = replace(SEEN, longest_gap_s=gap_s)
    assert told(rare, 100 + after_s) == (CameraState.ONLINE, "")
    assert told(rare, 100.1 + after_s) == (CameraState.OFFLINE, "silent")


def test_a_capture_that_lives_without_pictures_is_stale_after_ninety_seconds() -> None:
    assert told(replace(SEEN, spoke_s=190.0), 190.0) == (CameraState.ONLINE, "")
    assert told(replace(SEEN, spoke_s=190.5), 190.5) == (CameraState.OFFLINE, "stale")


@pytest.mark.parametrize(("unusable_s", "code"), [(None, "stale"), (100.0, "stale"), (150.0, "undecodable")])
def test_the_cause_is_by_what_comes_of_a_stream_without_a_picture(unusable_s: float | None, code: str) -> None:
    heard = replace(SEEN, spoke_s=195.0, unusable_s=unusable_s)
    assert told(heard, 195.0) == (CameraState.OFFLINE, code)
    assert told(replace(heard, given_up=REFUSED), 195.0) == (CameraState.OFFLINE, code), "it has come back since"
    assert told(heard, 206.0) == (CameraState.OFFLINE, "silent")
    assert told(replace(heard, given_up=REFUSED), 206.0) == (CameraState.OFFLINE, "unreachable")
    never = replace(heard, picture_s=None)
    assert told(never, 195.0) == (CameraState.OFFLINE, code)


def words(verdict: StateVerdict) -> str:
    assert verdict.reason is not None
    return english(verdict.reason)


def test_the_words_name_what_to_look_at() -> None:
    assert "look at its power and network" in words(judge(SEEN, 200.0))
    assert "set a key-frame (I-frame) interval of 2 to 4 s" in words(judge(replace(SEEN, spoke_s=195.0), 195.0))


def test_a_capture_that_never_spoke_is_given_a_minute() -> None:
    assert told(STREAM, 60.0) == (CameraState.STARTING, "")
    assert told(STREAM, 60.1) == (CameraState.OFFLINE, "silent")


@pytest.mark.parametrize("arrives", [Arrival.PUSHED, Arrival.RECORDED])
def test_what_is_no_stream_may_say_nothing_for_a_year(arrives: Arrival) -> None:
    year_s = 365 * 86_400
    assert told(Evidence(arrives, began_s=0.0), year_s) == (CameraState.STARTING, "")
    assert told(Evidence(arrives, began_s=0.0, picture_s=1.0, spoke_s=1.0), year_s) == (CameraState.ONLINE, "")


def test_a_source_that_gave_up_is_offline_at_once_with_its_own_word() -> None:
    verdict = judge(replace(SEEN, given_up=REFUSED), 100.0)
    assert verdict == StateVerdict(CameraState.OFFLINE, "unreachable", REFUSED.reason)


def test_a_device_that_forgets_its_keepalives_is_online_while_its_pictures_come() -> None:
    forgetful = replace(PUSHED, given_up=Trouble("silent", OTHER(detail="no keepalive")), picture_s=1000.0)
    assert told(forgetful, 1180.0) == (CameraState.ONLINE, "")
    assert told(forgetful, 1180.1) == (CameraState.OFFLINE, "silent")
    assert told(replace(forgetful, given_up=REFUSED), 1000.0) == (CameraState.OFFLINE, "unreachable")


def test_a_device_without_any_picture_is_offline_when_it_misses_its_keepalives() -> None:
    assert told(replace(PUSHED, given_up=Trouble("silent", OTHER(detail=""))), 1.0) == (CameraState.OFFLINE, "silent")


ranked = [
    (replace(SEEN, paused=LEAK(), given_up=REFUSED, unredacted=REFUSED), CameraState.PAUSED),
    (replace(SEEN, given_up=REFUSED, unredacted=REFUSED), CameraState.OFFLINE),
    (replace(SEEN, unredacted=REFUSED), CameraState.REDACTION_UNAVAILABLE),
    (SEEN, CameraState.ONLINE),
    (replace(STREAM, began_s=99.0), CameraState.STARTING),
]


@pytest.mark.parametrize(("evidence", "state"), ranked)
def test_the_first_thing_that_holds_decides(evidence: Evidence, state: CameraState) -> None:
    assert judge(evidence, 100.0).state is state


moments = st.floats(0, 1e6)
troubles = st.none() | st.builds(Trouble, st.sampled_from(["silent", "stalled", "ended"]), st.just("why"))
anything = st.builds(
    Evidence,
    arrives=st.sampled_from(Arrival),
    began_s=moments,
    paused=st.none() | st.just("a leak"),
    given_up=troubles,
    spoke_s=st.none() | moments,
    longest_gap_s=st.none() | moments,
    picture_s=st.none() | moments,
    unredacted=troubles,
)


@given(evidence=anything, now_s=moments)
def test_only_what_has_a_picture_is_online_and_only_trouble_has_a_word(evidence: Evidence, now_s: float) -> None:
    verdict = judge(evidence, now_s)
    assert (verdict.state in {CameraState.ONLINE, CameraState.STARTING}) == (not verdict.code)
    assert verdict.state is not CameraState.ONLINE or evidence.picture_s is not None


@given(evidence=anything, now_s=moments)
def test_nothing_is_offline_whose_picture_has_just_come(evidence: Evidence, now_s: float) -> None:
    """A picture takes back what the source had said before it: see `Health.sighted`."""
    fresh = replace(evidence, given_up=None, spoke_s=now_s, picture_s=now_s)
    assert judge(fresh, now_s).state is not CameraState.OFFLINE
