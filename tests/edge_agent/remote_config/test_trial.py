"""What lets a new configuration stay, and what makes it go."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.remote_config.trial import Probation, TrialFailed, TrialPassed, judge
from provisioning.contracts.causes import streams, work
from provisioning.contracts.wire.messages import CameraState, CameraStatus

ONLINE, OFFLINE, STARTING = CameraState.ONLINE, CameraState.OFFLINE, CameraState.STARTING


def status(camera_id: str, state: CameraState, cause: str = "", code: str = "") -> CameraStatus:
    return CameraStatus(
        agent_id="street", camera_id=camera_id, name="", state=state, cause=cause, code=code, since_ms=0
    )


def dead(camera_id: str, code: str = "unreachable") -> CameraStatus:
    return status(camera_id, OFFLINE, f"camera {camera_id}: nothing answers", code)


class Trial:
    """A probation of 60 s, looked at as the test says."""

    def __init__(self, *online_before: str, untouched: Iterable[str] = ()) -> None:
        self.probation = Probation(frozenset(online_before), 60, 10, frozenset(untouched))

    def look(self, after_s: float, *statuses: CameraStatus, is_connected: bool = True) -> object:
        found = judge(self.probation, statuses, is_connected=is_connected, after_s=after_s)
        if isinstance(found, Probation):
            self.probation = found
            return None
        return found


def test_all_that_worked_before_works_again_and_for_a_while() -> None:
    trial = Trial("gate", "yard")
    assert trial.look(1, status("gate", ONLINE), status("yard", STARTING)) is None
    assert trial.look(5, status("gate", ONLINE), status("yard", ONLINE)) is None
    assert trial.look(14.9, status("gate", ONLINE), status("yard", ONLINE)) is None
    assert trial.look(15, status("gate", ONLINE), status("yard", ONLINE)) == TrialPassed()


def test_a_camera_that_goes_again_begins_the_wait_anew() -> None:
    trial = Trial("gate")
    assert trial.look(1, status("gate", ONLINE)) is None
    assert trial.look(9, status("gate", OFFLINE, "gone")) is None
    assert trial.look(12, status("gate", ONLINE)) is None
    assert trial.look(21.9, status("gate", ONLINE)) is None
    assert trial.look(22, status("gate", ONLINE)) == TrialPassed()


def test_a_camera_that_fell_is_named_with_its_cause_and_the_remedy() -> None:
    trial = Trial("gate", "yard")
    fallen = status("gate", OFFLINE, "camera gate: 10.0.0.9:554 refuses the connection: check address and port")
    assert trial.look(59.9, fallen, status("yard", STARTING)) is None
    assert trial.look(60, fallen, status("yard", STARTING)) == TrialFailed(
        "worked before, and not 60 s after the change: camera gate: 10.0.0.9:554 refuses the connection: check address"
        " and port; camera yard: no picture yet. Correct that and send a new document",
        work.CAMERAS_FELL(seconds="60", count=2, camera="gate"),
    )


@pytest.mark.parametrize("state", [OFFLINE, STARTING, CameraState.REDACTION_UNAVAILABLE])
def test_only_a_camera_whose_pictures_can_be_redacted_counts_as_working(state: CameraState) -> None:
    assert isinstance(Trial("gate").look(60, status("gate", state)), TrialFailed)


def test_back_in_time_and_settled_after_it_is_in_time() -> None:
    trial = Trial("gate")
    assert trial.look(55, status("gate", ONLINE)) is None
    assert trial.look(60, status("gate", ONLINE)) is None
    assert trial.look(65, status("gate", ONLINE)) == TrialPassed()


def test_back_in_time_and_gone_after_it_is_not() -> None:
    trial = Trial("gate")
    assert trial.look(59, status("gate", ONLINE)) is None
    assert isinstance(trial.look(61, status("gate", OFFLINE, "gone")), TrialFailed)


def test_a_camera_taken_out_a_new_one_and_a_paused_one_are_no_reason() -> None:
    trial = Trial("gone", "gate")
    paused = status("gate", CameraState.PAUSED, "a leak")
    assert trial.look(1, paused, status("new", OFFLINE, "refused")) is None
    assert trial.look(11, paused, status("new", OFFLINE, "refused")) == TrialPassed()


def test_where_nothing_worked_nothing_can_fall() -> None:
    trial = Trial()
    assert trial.look(0, status("new", STARTING)) is None
    assert trial.look(10, status("new", OFFLINE, "refused")) == TrialPassed()


def test_an_agent_that_can_no_longer_be_heard_must_go_back() -> None:
    trial = Trial("gate")
    assert trial.look(59, status("gate", ONLINE), is_connected=False) is None
    failed = trial.look(60, status("gate", ONLINE), is_connected=False)
    assert isinstance(failed, TrialFailed)
    assert "the broker is not reached any more" in failed.cause
    assert failed.reason == work.CUT_OFF(seconds="60")


@given(
    states=st.dictionaries(
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True),
        st.tuples(st.sampled_from(CameraState), st.text(max_size=500)),
    ),
    is_connected=st.booleans(),
    after_s=st.floats(min_value=0, max_value=1e6),
)
def test_whatever_fell_the_cause_fits_and_ends_with_what_to_do(
    states: dict[str, tuple[CameraState, str]], is_connected: bool, after_s: float
) -> None:
    trial = Trial(*states)
    found = trial.look(after_s, *(status(name, *each) for name, each in states.items()), is_connected=is_connected)
    if isinstance(found, TrialFailed):
        assert len(found.cause) <= 500
        assert found.cause.endswith("send a new document")
        assert after_s >= 60
    elif isinstance(found, TrialPassed):
        pytest.fail("one look is no settling")


def test_a_camera_that_the_change_leaves_alone_and_that_dies_is_named_and_takes_nothing_back() -> None:
    trial = Trial("gate", "yard", untouched={"gate", "yard"})
    assert trial.look(1, status("gate", ONLINE), status("yard", ONLINE)) is None
    assert trial.look(5, dead("gate"), status("yard", ONLINE)) is None
    assert trial.look(59.9, dead("gate"), status("yard", ONLINE)) is None, "it may come back, and others may fall"
    found = trial.look(60, dead("gate"), status("yard", ONLINE))
    reason = work.KEPT_THOUGH_ONE_FELL(camera="gate", detail="nothing answers")
    assert found == TrialPassed(
        "kept; camera gate, whose settings did not change, failed by itself meanwhile (nothing answers): see to the"
        " camera",
        reason,
    )


def test_back_again_it_is_not_named_and_settles_anew() -> None:
    trial = Trial("gate", "yard", untouched={"gate", "yard"})
    assert trial.look(5, dead("gate"), status("yard", ONLINE)) is None
    assert trial.look(30, status("gate", ONLINE), status("yard", ONLINE)) is None
    assert trial.look(39.9, status("gate", ONLINE), status("yard", ONLINE)) is None
    assert trial.look(40, status("gate", ONLINE), status("yard", ONLINE)) == TrialPassed()


def test_a_camera_that_dies_at_the_end_is_watched_for_as_long_as_any() -> None:
    trial = Trial("gate", "yard", untouched={"gate", "yard"})
    assert trial.look(58, dead("gate"), status("yard", ONLINE)) is None
    assert trial.look(67, dead("gate"), status("yard", ONLINE)) is None
    assert isinstance(trial.look(68, dead("gate"), status("yard", ONLINE)), TrialPassed)


WELL = status("yard", ONLINE)
UNEXPLAINED = dead("gate", "silent").model_copy(update={"reason": streams.NOTHING_CAME(seconds="10")})


@pytest.mark.parametrize(
    ("statuses", "untouched"),
    [
        pytest.param((dead("gate"), WELL), {"yard"}, id="touched"),
        pytest.param((dead("gate"), dead("hall"), WELL), {"gate", "hall", "yard"}, id="two at once"),
        pytest.param((dead("gate"), dead("hall"), WELL), {"gate", "yard"}, id="with one that is touched"),
        pytest.param((dead("gate"), WELL), {"gate"}, id="all that are left alone"),
        pytest.param((dead("gate"), status("yard", CameraState.PAUSED)), {"gate", "yard"}, id="none delivers"),
        pytest.param((status("gate", OFFLINE, "the login", "wrong_credentials"), WELL), {"gate", "yard"}, id="login"),
        pytest.param((dead("gate", "crashed"), WELL), {"gate", "yard"}, id="its process"),
        pytest.param((UNEXPLAINED, WELL), {"gate", "yard"}, id="silent capture"),
        pytest.param((dead("gate"), WELL, dead("new", "failed")), {"gate", "yard"}, id="a thread fell"),
        pytest.param((dead("gate", ""), WELL), {"gate", "yard"}, id="no code"),
        pytest.param((status("gate", STARTING), WELL), {"gate", "yard"}, id="only starts"),
        pytest.param((status("gate", CameraState.REDACTION_UNAVAILABLE), WELL), {"gate", "yard"}, id="redaction"),
        pytest.param(
            (dead("gate"), WELL, status("new", CameraState.REDACTION_UNAVAILABLE)), {"gate", "yard"}, id="of any camera"
        ),
    ],
)
def test_what_the_change_may_have_caused_takes_it_back(statuses: tuple[CameraStatus, ...], untouched: set[str]) -> None:
    trial = Trial("gate", "hall", "yard", untouched=untouched)
    assert trial.look(1, *statuses) is None
    assert isinstance(trial.look(60, *statuses), TrialFailed)


def test_two_cameras_in_turn_are_two() -> None:
    trial = Trial("gate", "hall", "yard", untouched={"gate", "hall", "yard"})
    assert trial.look(5, dead("gate"), status("hall", ONLINE), WELL) is None
    assert trial.look(20, status("gate", ONLINE), dead("hall"), WELL) is None
    assert isinstance(trial.look(60, status("gate", ONLINE), dead("hall"), WELL), TrialFailed)


def test_a_camera_that_died_by_itself_excuses_no_lost_broker() -> None:
    trial = Trial("gate", "yard", untouched={"gate", "yard"})
    assert isinstance(trial.look(60, dead("gate"), WELL, is_connected=False), TrialFailed)


NAMES = ("a", "b", "c", "d")
KINDS = st.sampled_from(
    [
        *((state, "") for state in CameraState),
        *((OFFLINE, code) for code in ("unreachable", "stalled", "ended", "wrong_credentials", "crashed", "failed")),
    ]
)


@given(
    online=st.frozensets(st.sampled_from(NAMES)),
    untouched=st.frozensets(st.sampled_from(NAMES)),
    course=st.lists(
        st.tuples(
            st.integers(1, 20),
            st.dictionaries(st.sampled_from(NAMES), KINDS),
            st.booleans() | st.just(value=True),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_what_stays_is_well_but_for_one_camera_that_failed_by_itself(
    online: frozenset[str],
    untouched: frozenset[str],
    course: list[tuple[int, dict[str, tuple[CameraState, str]], bool]],
) -> None:
    """Whatever happens on trial, and however often: redaction, the broker and every other camera take it back."""
    trial, after_s = Trial(*online, untouched=untouched), 0
    for step_s, changes, is_connected in course:
        after_s += step_s
        shown = dict.fromkeys(NAMES, (ONLINE, "")) | changes
        found = trial.look(after_s, *(status(n, s, "why", c) for n, (s, c) in shown.items()), is_connected=is_connected)
        fallen = {name for name in online if shown[name][0] not in {ONLINE, CameraState.PAUSED}}
        if isinstance(found, TrialPassed):
            assert is_connected
            assert len(fallen) <= 1
            assert bool(fallen) == bool(found.cause)
            for name in fallen:
                assert name in untouched
                assert shown[name][1] in {"unreachable", "stalled", "ended"}
                assert any(shown[each][0] is ONLINE for each in online & untouched - fallen)
                assert all(state is not CameraState.REDACTION_UNAVAILABLE for state, _ in shown.values())
                assert after_s >= 60
            return
        if isinstance(found, TrialFailed):
            assert after_s >= 60
            assert fallen or not is_connected
            return
