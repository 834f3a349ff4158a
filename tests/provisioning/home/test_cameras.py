"""Cameras belong to one agent, documents are numbered without a gap, and what was not to be is not there afterwards."""

import threading
from functools import partial
from pathlib import Path

import pytest

from provisioning.contracts.fleet.documents import MAX_CAMERAS
from provisioning.errors import RegisterError
from provisioning.home.agents import Register
from provisioning.home.cameras import CameraRecord, Draft, Plans, StoredDocument
from provisioning.home.database import RegisterFile
from tests.support.office import Clock


@pytest.fixture
def file(tmp_path: Path) -> RegisterFile:
    made = RegisterFile.create(tmp_path / "register.sqlite3")
    register = Register(made, Clock())
    register.add_site("north", "North", None, None)
    for agent in ("a-1", "a-2"):
        register.add_agent(agent, "north")
    return made


@pytest.fixture
def plans(file: RegisterFile) -> Plans:
    return Plans(file, Clock())


def camera(camera_id: str, agent_id: str = "a-1", *, name: str = "") -> CameraRecord:
    return CameraRecord(agent_id, camera_id, name, "rtsp://10.0.0.9/1", None, None, None, None)


def ids(plans: Plans, agent_id: str) -> list[str]:
    return [each.id for each in plans.cameras(agent_id)]


def test_cameras_are_added_changed_and_only_with_replace_removed(plans: Plans) -> None:
    plans.put_cameras("a-1", [camera("c-2"), camera("c-1")], replace=False)
    plans.put_cameras("a-1", [camera("c-2", name="Gate"), camera("c-3")], replace=False)
    assert ids(plans, "a-1") == ["c-1", "c-2", "c-3"]
    assert plans.cameras("a-1")[1].name == "Gate"
    plans.put_cameras("a-1", [camera("c-3")], replace=True)
    assert ids(plans, "a-1") == ["c-3"]


@pytest.mark.parametrize("replace", [False, True])
def test_a_camera_of_another_agent_is_refused_and_nothing_else_is_taken_either(plans: Plans, replace: bool) -> None:
    plans.put_cameras("a-1", [camera("c-1")], replace=False)
    plans.put_cameras("a-2", [camera("c-9", "a-2")], replace=False)
    with pytest.raises(RegisterError, match=r"camera c-1 belongs to agent a-1.*cameras remove a-1 c-1"):
        plans.put_cameras("a-2", [camera("c-2", "a-2"), camera("c-1", "a-2")], replace=replace)
    assert ids(plans, "a-2") == ["c-9"]
    assert plans.owners() == {"c-1": "a-1", "c-9": "a-2"}


def test_a_camera_that_was_removed_may_become_anothers(plans: Plans) -> None:
    plans.put_cameras("a-1", [camera("c-1")], replace=False)
    assert plans.remove_camera("a-1", "c-1") is True
    assert plans.remove_camera("a-1", "c-1") is False
    plans.put_cameras("a-2", [camera("c-1", "a-2")], replace=False)
    assert plans.remove_camera("a-1", "c-1") is False
    assert ids(plans, "a-2") == ["c-1"]


def test_an_agent_has_no_more_cameras_than_a_document_can_name(plans: Plans) -> None:
    most = [camera(f"c-{number}") for number in range(MAX_CAMERAS)]
    plans.put_cameras("a-1", most, replace=False)
    with pytest.raises(RegisterError, match=f"would have {MAX_CAMERAS + 1} cameras"):
        plans.put_cameras("a-1", [camera("one-more")], replace=False)
    assert len(ids(plans, "a-1")) == MAX_CAMERAS
    plans.put_cameras("a-1", [*most[1:], camera("another")], replace=True)


def test_documents_are_numbered_from_one_and_the_same_basis_makes_none(plans: Plans) -> None:
    made = [plans.put_document("a-1", partial(Draft, basis, str)) for basis in ("x", "x", "y", "x")]
    assert [None if each is None else (each.number, each.sealed) for each in made] == [
        (1, "1"), None, (2, "2"), (3, "3"),
    ]  # fmt: skip
    assert plans.newest_document("a-1") == made[-1]
    assert plans.put_document("a-1", lambda: None) is None
    first = plans.put_document("a-2", lambda: Draft("x", str))
    assert first is not None
    assert first.number == 1
    assert plans.newest_document("center") is None
    assert plans.newest_documents() == [made[-1], first]


def test_a_document_that_cannot_be_sealed_takes_no_number(plans: Plans) -> None:
    def fail(_number: int) -> str:
        raise RegisterError("no key")

    with pytest.raises(RegisterError, match="no key"):
        plans.put_document("a-1", lambda: Draft("x", fail))
    made = plans.put_document("a-1", lambda: Draft("x", str))
    assert made is not None
    assert made.number == 1


def test_two_at_once_make_one_document_of_one_basis(file: RegisterFile) -> None:
    gate, made = threading.Barrier(4), []

    def make() -> None:
        gate.wait()
        made.append(Plans(file, Clock()).put_document("a-1", lambda: Draft("x", str)))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for each in made if each is not None] == [StoredDocument("a-1", 1, "x", "1", Clock().now_ms)]


def test_an_agents_newest_word_replaces_the_one_before(plans: Plans) -> None:
    assert plans.configured("a-1") is None
    plans.put_configured("a-1", "trying")
    plans.put_configured("a-1", "applied")
    assert plans.configured("a-1") == "applied"
    assert plans.configured("a-2") is None


def test_a_stored_password_shows_in_no_repr() -> None:
    record = CameraRecord("a-1", "c-1", "", "rtsp://h/1", "u", "0badcafe", None, None)
    assert "0badcafe" not in repr(record)
