"""Files that are not what they were: the agent goes on with what is whole, says so, and forgets no number."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import DocumentsError
from edge_agent.remote_config.document_store import DocumentState
from edge_agent.remote_config.documents import in_use
from provisioning.contracts.fleet.documents import Verdict
from provisioning.contracts.wire import codec
from tests.edge_agent.told import Box
from tests.edge_agent.world import edge_config

TRYING, ROLLED_BACK, REFUSED = Verdict.TRYING, Verdict.ROLLED_BACK, Verdict.REFUSED


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_the_one_in_force_gives_way_to_the_one_before_and_comes_back_from_the_broker(box: Box) -> None:
    box.put_in_force(1, "gate")
    box.put_in_force(2, "yard")
    box.file_of(2).write_bytes(b"\0" * 100)
    box.restart()
    assert (box.said(), box.in_force()) == ((2, ROLLED_BACK), ("gate",))
    assert "damaged" in box.word().cause
    assert "document 1 is in use instead" in box.word().cause
    box.documents.accept(box.centre.document(1, "gate"))
    assert box.said() == (1, REFUSED)  # the older one is still an older one
    box.documents.accept(box.centre.document(2, "yard"))  # the retained one, whole
    assert box.said() == (2, TRYING)
    box.documents.begin(())
    assert box.documents.apply(2)
    assert box.in_force() == ("yard",)


def test_without_one_before_the_agents_own_file_is_in_use(box: Box) -> None:
    box.put_in_force(1, "gate")
    box.file_of(1).unlink()
    box.restart()
    assert (box.documents.active, box.in_force()) == (None, None)
    assert "the agent's own file is in use instead" in box.word().cause


def test_one_that_was_rolled_back_does_not_come_back_by_damage(box: Box) -> None:
    box.put_in_force(1, "gate")
    payload = box.centre.document(2, "yard")
    box.documents.accept(payload)
    box.documents.begin(())
    box.documents.roll_back(2, "fell")
    for number in (2, 1):
        box.file_of(number).write_bytes(b"")
        box.restart()
        box.documents.accept(payload)
        assert box.documents.waiting is None


def test_a_document_in_the_wrong_file_is_not_taken(box: Box) -> None:
    box.put_in_force(1, "gate")
    box.put_in_force(2, "yard")
    box.file_of(2).write_bytes(box.file_of(1).read_bytes())
    box.restart()
    assert box.documents.active == 1


def test_a_waiting_one_that_is_damaged_comes_again_from_the_broker(box: Box) -> None:
    payload = box.centre.document(1, "gate")
    box.documents.accept(payload)
    box.file_of(1).write_bytes(b"{}")
    box.restart()
    assert (box.said(), box.documents.waiting) == ((1, ROLLED_BACK), None)
    box.documents.accept(payload)
    assert box.documents.waiting is not None


def test_a_state_that_is_gone_is_made_anew_and_forgets_no_number(box: Box) -> None:
    box.put_in_force(1, "gate")
    box.put_in_force(2, "yard")
    box.documents.accept(box.centre.document(3, "gate"))
    box.documents.begin(())
    box.documents.roll_back(3, "fell")
    (box.folder / "state.json").unlink()
    box.restart()
    assert (box.said(), box.in_force()) == ((3, ROLLED_BACK), ("yard",))
    assert "made anew" in box.word().cause
    box.documents.accept(box.centre.document(3, "gate"))
    assert box.documents.waiting is None


def test_a_folder_that_is_a_file_is_one_clear_error(box: Box) -> None:
    box.folder.rename(box.folder.with_name("aside"))
    box.folder.touch()
    with pytest.raises(DocumentsError, match="check owner and mode"):
        box.restart()


def test_without_the_seals_key_there_is_one_clear_error(box: Box) -> None:
    box.centre.section.seal_key_file.write_text("no key")
    with pytest.raises(DocumentsError, match="not 32 bytes in hex"):
        box.restart()


def test_a_state_that_contradicts_itself_is_damage(box: Box) -> None:
    box.put_in_force(1, "gate")
    state = codec.decode(DocumentState, (box.folder / "state.json").read_bytes())
    (box.folder / "state.json").write_bytes(codec.encode(state.model_copy(update={"seen": 0})))
    box.restart()
    assert (box.in_force(), box.documents.active) == (("gate",), 1)
    assert "made anew" in box.word().cause


@given(data=st.data(), content=st.binary(max_size=300), file=st.sampled_from(["state", "1", "2", "3"]))
def test_no_damage_to_one_file_raises_and_only_its_own_takes_the_one_in_force_away(
    data: st.DataObject, content: bytes, file: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    box = Box(tmp_path_factory.mktemp("documents"))
    box.put_in_force(1, "gate")
    box.put_in_force(2, "yard")
    box.documents.accept(box.centre.document(3, "hall"))
    path = box.folder / "state.json" if file == "state" else box.file_of(int(file))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    path.write_bytes(data.draw(st.sampled_from([content, whole[:at] + content, whole[:at] + content + whole[at:]])))
    if path.read_bytes() == whole:
        return
    box.restart()
    assert box.in_force() == (("gate",) if file == "2" else ("yard",))
    local = edge_config(box.folder.parent, provisioning=box.centre.section.model_dump())
    assert [each.id for each in in_use(local, box.clock).cameras] == list(box.in_force() or ())
