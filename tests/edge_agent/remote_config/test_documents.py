"""Which documents an agent takes, and what it still knows after a crash, an orderly stop or damage on the disk."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import ConfigurationRefused
from edge_agent.remote_config.documents import effective, in_use
from provisioning.contracts.causes import work
from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.fleet.documents import Verdict
from provisioning.files import durable
from provisioning.signing.documents import encrypt_password
from tests.edge_agent.told import Box, Centre, camera
from tests.edge_agent.world import FakeClock, edge_config

TRYING, APPLIED, ROLLED_BACK, REFUSED = Verdict.TRYING, Verdict.APPLIED, Verdict.ROLLED_BACK, Verdict.REFUSED


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_an_agent_that_was_told_nothing_says_nothing(box: Box) -> None:
    assert box.documents.configured() is None
    assert box.in_force() is None
    assert box.files().keys() == {"state.json"}
    assert box.folder.stat().st_mode & 0o777 == 0o700


def test_a_document_is_accepted_tried_and_applied(box: Box) -> None:
    box.documents.accept(box.centre.document(1, "gate"))
    assert box.said() == (1, TRYING)
    assert box.in_force() is None
    trial = box.documents.begin({"yard"})
    assert (trial.number, trial.online, trial.configuration.cameras[0].id) == (1, frozenset({"yard"}), "gate")
    assert box.documents.apply(1)
    box.documents.now_using(1)
    assert (box.said(), box.word().active, box.word().cause) == ((1, APPLIED), 1, "")
    assert box.in_force() == ("gate",)
    box.restart()
    assert (box.said(), box.in_force()) == ((1, APPLIED), ("gate",))


def test_what_rests_is_what_came_and_for_the_owner_alone(box: Box) -> None:
    sealed = encrypt_password("s3cret", box.centre.secrets.public, agent_id="street", camera_id="gate")
    source = {"kind": "rtsp", "url": "rtsp://10.0.0.1/a", "username": "viewer", "password_sealed": sealed}
    payload = box.centre.document(1, cameras=({"id": "gate", "source": source},))
    box.documents.accept(payload)
    assert payload in box.files().values()
    assert not any(b"s3cret" in content for content in box.files().values())
    assert {path.stat().st_mode & 0o777 for path in box.folder.iterdir()} == {0o600}


def test_one_that_failed_is_rolled_back_and_never_tried_again(box: Box) -> None:
    box.put_in_force(1, "gate")
    payload = box.centre.document(2, "yard")
    box.documents.accept(payload)
    box.documents.begin({"gate"})
    assert box.documents.roll_back(2, "camera gate fell")
    for _ in range(2):
        assert (box.said(), box.word().cause, box.in_force()) == ((2, ROLLED_BACK), "camera gate fell", ("gate",))
        box.documents.accept(payload)  # each connection brings the retained one
        assert box.documents.waiting is None
        box.restart()


def test_why_it_was_rolled_back_is_coded_over_a_restart_and_an_older_release_reads_the_state(box: Box) -> None:
    box.put_in_force(1, "gate")
    box.documents.accept(box.centre.document(2, "yard"))
    box.documents.begin({"gate"})
    reason = work.CAMERAS_FELL(seconds="60", count=1, camera="gate")
    assert box.documents.roll_back(2, "camera gate fell", reason)
    assert box.word().reason == reason
    assert reason.code.encode() not in box.files()["state.json"], "its fields are those that every release reads"
    for _ in range(2):
        box.restart()
        assert (box.word().cause, box.word().reason) == ("camera gate fell", reason)
    box.documents.accept(box.centre.document(3, "gate"))
    box.restart()
    assert (box.said(), box.word().reason) == ((3, TRYING), None), "a reason is of one verdict"


def test_a_damaged_reason_costs_the_code_alone(box: Box) -> None:
    box.put_in_force(1, "gate")
    box.documents.accept(box.centre.document(2, "yard"))
    box.documents.begin({"gate"})
    box.documents.roll_back(2, "camera gate fell", work.CUT_OFF(seconds="60"))
    (box.folder / "reason.json").write_bytes(b"{")
    box.restart()
    assert (box.said(), box.word().cause, box.word().reason) == ((2, ROLLED_BACK), "camera gate fell", None)


def test_the_same_again_is_silently_nothing(box: Box) -> None:
    payload = box.centre.document(3, "gate")
    box.documents.accept(payload)
    before = box.files(), box.word()
    box.clock.pass_s(60)
    box.documents.accept(payload)
    assert (box.files(), box.word()) == before


def test_what_is_refused_changes_nothing_on_the_disk_and_says_why(box: Box, tmp_path: Path) -> None:
    box.put_in_force(5, "gate")
    centre, before = box.centre, box.files()
    forger = Centre(tmp_path / "forger")
    refused = {
        forger.document(9, "yard"): (None, "not by the key"),
        centre.document(9, "yard", addressee="avenue"): (None, "meant for 'avenue'"),
        centre.document(4, "yard"): (4, "not newer than 5"),
        centre.document(5, "yard"): (5, "not newer than 5"),
        centre.roster(9, "street"): (9, "is a roster and no configuration"),
        b"": (None, "not a valid Sealed"),
        b'{"version":1}': (None, "not a valid Sealed"),
    }
    for payload, (number, cause) in refused.items():
        box.documents.accept(payload)
        assert box.said() == (number, REFUSED)
        assert cause in box.word().cause
        assert box.word().cause.endswith("what is in use goes on")
        assert words(box.word().reason, "zh") == words(work.DOCUMENT_REFUSED(detail=""), "zh")
        assert (box.in_force(), box.files(), box.documents.waiting) == (("gate",), before, None)
    box.documents.accept(centre.document(5, "gate"))  # the right one again: the word on it stands again
    assert box.said() == (5, APPLIED)
    box.documents.accept(centre.document(6, "yard"))  # and no forged number was remembered
    assert box.said() == (6, TRYING)


def test_a_refusal_that_repeats_is_one_line_and_one_word(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        box.documents.accept(b"{}")
        box.clock.pass_s(1)
    assert sum("refused" in record.message for record in caplog.records) == 1
    assert box.word().at_ms == FakeClock().now_ms()


def test_a_newer_one_takes_the_place_of_one_on_trial_and_keeps_what_it_is_compared_with(box: Box) -> None:
    box.put_in_force(1, "gate")
    box.documents.accept(box.centre.document(2, "gate", "yard"))
    box.documents.begin({"gate"})
    box.documents.accept(box.centre.document(3, "yard"))
    assert not box.documents.apply(2)
    assert not box.documents.roll_back(2, "late")
    assert box.said() == (3, TRYING)
    trial = box.documents.begin({"yard"})
    assert (trial.number, trial.online) == (3, frozenset({"gate"}))
    assert box.documents.roll_back(3, "fell")
    assert box.in_force() == ("gate",)


def test_of_two_in_a_row_only_the_newer_is_tried(box: Box) -> None:
    box.documents.accept(box.centre.document(1, "gate"))
    box.documents.accept(box.centre.document(2, "yard"))
    assert box.documents.begin(()).number == 2


def test_a_process_that_died_of_it_does_not_try_it_again(box: Box) -> None:
    box.put_in_force(1, "gate")
    payload = box.centre.document(2, "yard")
    box.documents.accept(payload)
    box.documents.begin({"gate"})
    box.restart()
    assert (box.said(), box.in_force()) == ((2, ROLLED_BACK), ("gate",))
    assert "process ended" in box.word().cause
    box.documents.accept(payload)
    assert box.documents.waiting is None


def test_an_orderly_stop_is_no_failure(box: Box) -> None:
    box.documents.accept(box.centre.document(2, "yard"))
    box.documents.begin({"gate"})
    box.documents.suspend()
    box.restart()
    assert box.said() == (2, TRYING)
    trial = box.documents.begin(())
    assert (trial.number, trial.online) == (2, frozenset({"gate"}))
    assert box.documents.apply(2)


def test_a_crash_before_it_was_begun_is_no_failure(box: Box) -> None:
    box.documents.accept(box.centre.document(2, "yard"))
    box.restart()
    assert box.documents.waiting is not None
    assert box.documents.begin({"gate"}).online == {"gate"}


def test_at_most_three_documents_are_kept(box: Box) -> None:
    for number in range(1, 6):
        box.put_in_force(number, "gate")
    box.documents.accept(box.centre.document(6, "gate"))
    assert box.files().keys() == {"state.json", "document-4.json", "document-5.json", "trial-6.json"}


def test_another_centre_begins_at_one_again(box: Box) -> None:
    box.put_in_force(7, "gate")
    box.centre.change_key()
    box.restart()
    assert (box.documents.configured(), box.in_force()) == (None, None)
    box.documents.accept(box.centre.document(1, "yard"))
    assert box.said() == (1, TRYING)
    assert box.files().keys() == {"state.json", "trial-1.json"}


class TestDisk:
    """A disk that is full."""

    @pytest.fixture
    def full(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
        def no_room(*_: object, **__: object) -> Path:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(durable, "write", no_room)
        yield monkeypatch
        monkeypatch.undo()

    def test_a_document_that_cannot_be_kept_is_refused_and_taken_later(
        self, box: Box, full: pytest.MonkeyPatch
    ) -> None:
        payload = box.centre.document(1, "gate")
        box.documents.accept(payload)
        assert box.said() == (1, REFUSED)
        assert "No space left" in box.word().cause
        assert "free some disk" in box.word().cause
        full.undo()
        box.documents.accept(payload)
        assert box.said() == (1, TRYING)

    def test_it_is_not_tried_before_that_is_written_down(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        box.documents.accept(box.centre.document(1, "gate"))
        with monkeypatch.context() as context:
            context.setattr(durable, "write", _refuse)
            with pytest.raises(ConfigurationRefused, match="free some disk"):
                box.documents.begin(())
        assert box.documents.waiting is not None
        box.documents.begin(())

    def test_a_verdict_that_cannot_be_written_down_is_written_later(
        self, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        box.documents.accept(box.centre.document(1, "gate"))
        box.documents.begin(())
        with monkeypatch.context() as context:
            context.setattr(durable, "write", _refuse)
            assert box.documents.apply(1)
            box.documents.write_pending()
        assert (box.said(), box.in_force()) == ((1, APPLIED), ("gate",))
        box.documents.write_pending()
        box.restart()
        assert (box.said(), box.in_force()) == ((1, APPLIED), ("gate",))


def _refuse(*_: object, **__: object) -> Path:
    raise OSError(errno.ENOSPC, "No space left on device")


@given(payload=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_payload_raises_or_changes_what_is_in_force(
    payload: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    box = Box(tmp_path_factory.mktemp("documents"))
    box.put_in_force(1, "gate")
    before = box.files()
    box.documents.accept(payload)
    assert (box.in_force(), box.files()) == (("gate",), before)
    assert box.word().verdict is REFUSED


def test_a_document_replaces_what_it_may_and_nothing_else(box: Box, tmp_path: Path) -> None:
    local = edge_config(tmp_path, camera("own"), provisioning=box.centre.section.model_dump(), heartbeat_s=20)
    assert in_use(local, box.clock) == local
    box.put_in_force(1, "gate")
    told = in_use(local, box.clock)
    assert told == effective(local, box.documents.in_force())
    assert ([each.id for each in told.cameras], told.heartbeat_s) == (["gate"], 10)
    kept = {"agent_id", "broker", "models_dir", "spool", "provisioning"}
    assert told.model_dump(include=kept) == local.model_dump(include=kept)
    before = box.files()
    box.documents.accept(box.centre.document(2, "yard"))
    assert [each.id for each in in_use(local, box.clock).cameras] == ["gate"]
    box.documents.begin(())
    assert [each.id for each in in_use(local, box.clock).cameras] == ["yard"]
    assert box.files() != before


def test_without_provisioning_nothing_is_looked_for(tmp_path: Path) -> None:
    local = edge_config(tmp_path, camera("own"))
    assert in_use(local, FakeClock()) is local
