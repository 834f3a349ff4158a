"""What lets a new configuration stay, and what makes it go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.remote_config.trial import Probation, TrialFailed, TrialPassed, judge
from provisioning.contracts.causes import work
from provisioning.contracts.wire.messages import CameraState, CameraStatus

ONLINE, OFFLINE, STARTING = CameraState.ONLINE, CameraState.OFFLINE, CameraState.STARTING


def status(camera_id: str, state: CameraState, cause: str = "") -> CameraStatus:
    return CameraStatus(agent_id="street", camera_id=camera_id, name="", state=state, cause=cause, since_ms=0)


class Trial:
    """A probation of 60 s, looked at as the test says."""

    def __init__(self, *online_before: str, probation_s: float = 60, settle_s: float = 10) -> None:
        self.probation = Probation(frozenset(online_before), probation_s, settle_s)

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
