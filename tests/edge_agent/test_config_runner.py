"""An agent takes configuration over the air: it tries it, keeps it, or goes back by itself.

fake cameras ──▶ whole agents, one after another, with their threads and one real spool ──▶ fake broker and archive
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import DropReason, RedactionUnavailable
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.fleet.documents import Verdict
from provisioning.contracts.wire import topics
from tests.edge_agent.street import Camera, Street
from tests.edge_agent.told import Centre, camera
from tests.support.waiting import LONG_S


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    """An agent that was enrolled and told of two cameras."""
    for name in ("config_runner._DRAIN_S", "config_runner._LAST_S", "agent._CHANGE_S"):
        monkeypatch.setattr(f"edge_agent.{name}", LONG_S)
    made = Street(tmp_path)
    made.broker.tell(made.centre.document(1, "gate", "yard"))
    made.pass_probation(1, "gate", "yard")
    yield made
    made.configurator.stop()


def test_an_enrolled_agent_without_cameras_waits_to_be_told(tmp_path: Path) -> None:
    street = Street(tmp_path)
    street.until(lambda: topics.configuration("street") not in street.broker.retained)
    assert (street.configurator.cameras, street.word(), street.broker.shown()) == ((), None, {})
    street.configurator.stop()


def test_a_good_document_is_tried_confirmed_and_kept(street: Street) -> None:
    street.until(lambda: street.ledger()["gate"].archived > 3)
    street.broker.tell(street.centre.document(2, "gate", "hall"))
    street.pass_probation(2, "gate", "hall")
    assert next(word.verdict for word in street.broker.words if word.number == 2) is Verdict.TRYING
    assert topics.camera_status("street", "yard") not in street.broker.retained
    street.until(lambda: street.ledger()["hall"].archived > 3)
    assert street.loads == [2]  # the models are loaded once
    street.configurator.stop()
    street.started()
    street.until(lambda: street.online("gate", "hall"))
    assert street.word() == (2, "applied", 2)


def test_a_bad_one_is_rolled_back_and_no_picture_is_lost_on_either_way(street: Street) -> None:
    street.broker.tell(street.centre.document(2, "gate", camera("yard", "dead")))
    street.until(lambda: street.word() == (2, "trying", 2))
    street.until(lambda: {s.state.value for s in street.broker.shown().values()} == {"online", "offline"})
    street.live(61)
    street.until(lambda: street.word() == (2, "rolled_back", 1))
    assert street.broker.words[-1].cause == (
        "worked before, and not 60 s after the change: camera yard: 10.0.0.9:554 refuses the connection: check address"
        " and port. Correct that and send a new document"
    )
    before = street.ledger()["yard"].archived
    street.until(lambda: street.ledger()["yard"].archived > before + 3)
    for ledger in street.ledger().values():
        assert ledger.balanced
        assert ledger.dropped.keys() <= {DropReason.REDACTOR_BUSY}
    assert sum(each.archived for each in street.ledger().values()) == len(street.broker.rows)
    street.live(120)
    assert street.word() == (2, "rolled_back", 1)


def test_a_camera_that_dies_during_the_trial_of_another_change_is_told_and_takes_nothing_back(street: Street) -> None:
    street.broker.tell(street.centre.document(2, "gate", "yard", "hall"))
    street.pass_probation(2, "gate", "yard", "hall")
    street.broker.tell(street.centre.document(3, "gate", "yard", "hall", heartbeat_s=5))
    street.until(lambda: street.word() == (3, "trying", 3))
    Camera.dead.add("gate")
    try:
        street.until(lambda: street.broker.shown()["gate"].state.value == "offline")
        for _ in range(14):  # a few seconds at a time, so that the threads of the others keep up with the clock
            street.live(5)
            street.until(lambda: {n for n, s in street.broker.shown().items() if s.state.value != "online"} == {"gate"})
        street.until(lambda: street.word() == (3, "applied", 3))
    finally:
        Camera.dead.clear()
    assert street.broker.words[-1].cause.startswith(
        "kept; camera gate, whose settings did not change, failed by itself"
    )
    assert street.broker.words[-1].reason is not None
    street.until(lambda: street.online("gate", "yard", "hall"))


def test_what_waits_for_the_redactor_at_a_change_is_still_redacted(street: Street) -> None:
    block = {"overflow": "block", "queue_per_camera": 8}
    street.broker.tell(street.centre.document(2, "gate", "yard", redactor=block))
    street.pass_probation(2, "gate", "yard")
    street.until(lambda: street.ledger()["gate"].in_flight >= 8)
    street.broker.tell(street.centre.document(3, "gate"))
    street.pass_probation(3, "gate")
    assert all("interrupted" not in each.dropped and each.balanced for each in street.ledger().values())
    street.until(lambda: street.ledger()["yard"].in_flight == 0)


def test_what_waits_for_the_redactor_when_the_agent_ends_is_still_redacted(street: Street) -> None:
    street.broker.tell(street.centre.document(2, "gate", redactor={"overflow": "block", "queue_per_camera": 8}))
    street.pass_probation(2, "gate")
    street.until(lambda: street.ledger()["gate"].in_flight >= 8)
    street.configurator.stop()
    street.started()
    assert all("interrupted" not in each.dropped and each.balanced for each in street.ledger().values())


@pytest.mark.parametrize("kind", ["forged", "for another", "older", "broken"])
def test_what_is_refused_disturbs_nothing(street: Street, kind: str, tmp_path: Path) -> None:
    payload = {
        "forged": Centre(tmp_path / "forger").document(2, "hall"),
        "for another": street.centre.document(2, "hall", addressee="avenue"),
        "older": street.centre.document(1, "hall"),
        "broken": b"\0\1\2",
    }[kind]
    agent = street.configurator._agent
    street.broker.tell(payload)
    street.until(lambda: (street.word() or (0, "", 0))[1:] == ("refused", 1))
    street.live(20)
    assert street.configurator._agent is agent
    assert street.online("gate", "yard")


def test_the_retained_one_again_disturbs_nothing_and_the_word_is_said_again(street: Street) -> None:
    agent, words = street.configurator._agent, len(street.broker.words)
    street.broker.fall()
    street.broker.is_down = False
    street.until(lambda: len(street.broker.words) > words)
    street.live(5)
    assert street.broker.words[-1] == street.broker.words[words - 1]
    assert street.configurator._agent is agent


def test_a_newer_one_during_probation_is_compared_with_what_worked_before_both(street: Street) -> None:
    street.broker.tell(street.centre.document(2, camera("gate", "dead"), "yard"))
    street.until(lambda: street.word() == (2, "trying", 2))
    street.broker.tell(street.centre.document(3, camera("gate", "dead"), "yard"))
    street.until(lambda: street.word() == (3, "trying", 3))
    street.live(61)
    street.until(lambda: street.word() == (3, "rolled_back", 1))
    assert "camera gate" in street.broker.words[-1].cause
    street.until(lambda: street.online("gate", "yard"))


def test_a_good_one_after_a_bad_one_is_kept(street: Street) -> None:
    street.broker.tell(street.centre.document(2, camera("gate", "dead"), "yard"))
    street.until(lambda: street.word() == (2, "trying", 2))
    street.broker.tell(street.centre.document(3, "gate", "yard"))
    street.pass_probation(3, "gate", "yard")


def test_a_camera_taken_out_on_purpose_is_erased_and_its_pictures_still_go_out(street: Street) -> None:
    street.broker.tell(street.centre.document(2, "yard"))
    street.pass_probation(2, "yard")
    street.until(lambda: street.ledger()["gate"].in_flight == 0)
    assert street.ledger()["gate"].balanced


def test_the_pictures_of_a_paused_camera_wait_also_when_it_is_taken_out(street: Street) -> None:
    pauses = street.configurator._lasting.pauses
    street.broker.archives = False
    street.until(lambda: street.ledger()["gate"].in_flight >= 8)  # most of it in the spool
    pauses.pause("gate")
    street.broker.archives = True
    street.broker.tell(street.centre.document(2, "yard"))
    with street.time_passing():  # the publisher would like to empty the spool before it ends
        street.until(lambda: street.word() == (2, "applied", 2))
    waiting = street.ledger()["gate"].in_flight
    street.live(20)
    assert street.ledger()["gate"].in_flight == waiting > 0
    assert pauses.resume("gate")  # as by hand
    street.until(lambda: street.ledger()["gate"].in_flight == 0)


def test_an_agent_that_has_just_started_sees_first_what_works(street: Street) -> None:
    street.configurator.stop()
    street.broker.tell(street.centre.document(2, camera("gate", "dead"), "yard"))  # while it was away
    street.started()
    street.until(lambda: street.word() == (2, "trying", 2))
    street.live(61)
    street.until(lambda: street.word() == (2, "rolled_back", 1))


def test_a_camera_that_only_starts_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    street = Street(tmp_path, camera("gate", "silent"))
    street.broker.tell(street.centre.document(1, "yard"))
    street.until(lambda: street.word() == (1, "trying", None))
    street.live(9)
    assert street.word() == (1, "trying", None)
    street.live(2)
    street.pass_probation(1, "yard")
    assert topics.camera_status("street", "gate") not in street.broker.retained
    street.configurator.stop()


def test_killed_on_probation_it_starts_on_the_one_before(street: Street) -> None:
    street.broker.tell(street.centre.document(2, "gate", "hall"))
    street.until(lambda: street.word() == (2, "trying", 2))
    street.killed()
    street.started()
    street.until(lambda: street.word() == (2, "rolled_back", 1) and street.online("gate", "yard"))
    assert "process ended" in street.broker.words[-1].cause


def test_stopped_in_good_order_on_probation_it_begins_the_probation_again(street: Street) -> None:
    street.broker.tell(street.centre.document(2, camera("gate", "dead"), "yard"))
    street.until(lambda: street.word() == (2, "trying", 2))
    street.live(30)
    street.configurator.stop()
    street.started()
    assert street.configurator.cameras == ("gate", "yard")
    street.live(31)
    street.until(lambda: street.broker.shown()["gate"].state.value == "offline")
    assert street.word() == (2, "trying", 2)
    street.live(30)
    street.until(lambda: street.word() == (2, "rolled_back", 1))  # it still knew that the gate had worked


def test_one_that_takes_the_broker_away_is_rolled_back(street: Street) -> None:
    street.broker.tell(street.centre.document(2, "gate", "yard"))
    street.until(lambda: street.word() == (2, "trying", 2) and street.online("gate", "yard"))
    agent = street.configurator._agent
    assert agent is not None
    street.broker.fall()
    street.until(lambda: not agent.is_connected)
    street.live(61)
    assert street.configurator._trying is None
    street.broker.is_down = False
    street.until(lambda: street.word() == (2, "rolled_back", 1))
    assert "after the change: the broker is not reached any more. Correct" in street.broker.words[-1].cause


def test_other_threads_load_the_models_again_and_a_failure_to_is_rolled_back_at_once(street: Street) -> None:
    street.broker.tell(street.centre.document(2, "gate", "yard", redactor={"threads": 1}))
    street.pass_probation(2, "gate", "yard")
    assert street.loads == [2, 1]

    def fail(_: object) -> None:
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, OTHER(detail="no memory for the models"))

    street.load = fail  # type: ignore[assignment] # it returns nothing
    agent = street.configurator._agent
    street.broker.tell(street.centre.document(3, "gate", redactor={"threads": 64}))
    street.until(lambda: street.word() == (3, "rolled_back", 2))
    assert "no memory for the models" in street.broker.words[-1].cause
    assert street.configurator._agent is agent  # the running one was not disturbed


def test_without_models_an_agent_takes_documents_all_the_same(tmp_path: Path) -> None:
    street = Street(tmp_path)

    def none(_: object) -> None:
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, OTHER(detail="no models: fetch them"))

    street.configurator.stop()
    street.load = none  # type: ignore[assignment] # it returns nothing
    street.started()
    street.broker.tell(street.centre.document(1, "gate"))
    street.until(lambda: street.word() == (1, "trying", 1))
    street.live(11)
    street.until(lambda: street.word() == (1, "applied", 1))
    street.until(lambda: street.broker.shown()["gate"].state.value == "redaction_unavailable")
    street.configurator.stop()


def test_what_runs_beside_lives_across_the_change_and_ends_with_the_agent(street: Street) -> None:
    ended = threading.Event()
    runs: list[int] = []

    def renew(stop: threading.Event) -> None:
        runs.append(1)
        stop.wait(60)
        ended.set()

    street.configurator.stop()
    street.beside = {"renewal": renew}
    street.started()
    street.broker.tell(street.centre.document(2, "gate"))
    street.pass_probation(2, "gate")
    assert (runs, ended.is_set()) == ([1], False)
    street.configurator.stop()
    assert ended.wait(LONG_S)
    street.started()
