"""What a device says of people and places is kept in no object, however it is dressed up."""

import dataclasses
from typing import Any

import pytest

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp.message_types import CatalogPart, Unwanted
from provisioning.manscdp import xml_tree
from tests.edge_agent.gb28181.corpus_file import CORPUS, corpus


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("mobile-position-2022.xml", "mobile_position"),
        ("mobile-position-2016.xml", "mobile_position"),
        ("person-event.xml", "person"),
        ("alarm-loitering.xml", "person"),
    ],
)
def test_of_people_and_positions_it_is_known_that_they_came(file: str, kind: str) -> None:
    word = manscdp.parse(corpus(file))
    assert word.content == Unwanted(kind)  # type: ignore[arg-type]
    assert dataclasses.astuple(word)[4] == (kind,)


@pytest.mark.parametrize(
    "cmd_type", ["FaceSnap", "personInfo", "HumanDetect", "PedestrianFlow", "Mobile_Position", "PassengerFlow"]
)
@pytest.mark.parametrize("root", ["Notify", "Response", "Query", "Control"])
def test_under_any_name_and_root(cmd_type: str, root: str) -> None:
    body = f"<{root}><CmdType>{cmd_type}</CmdType><Result>OK</Result></{root}>".encode()
    assert isinstance(manscdp.parse(body).content, Unwanted)


@pytest.mark.parametrize("alarm_type", [8, 9, 10])
@pytest.mark.parametrize("method", ["<AlarmMethod>5</AlarmMethod>", ""])
def test_alarms_of_people(alarm_type: int, method: str) -> None:
    body = f"<Notify><CmdType>Alarm</CmdType>{method}<Info><AlarmType>{alarm_type}</AlarmType></Info></Notify>"
    assert manscdp.parse(body.encode()).content == Unwanted("person")


SECRETS = ["某某", "皖B00000", "118.376", "31.326", "Geheim-1", "192.0.2.7", "3.0"]


def reachable(value: Any) -> str:
    """Everything in an object, whatever its repr hides."""
    if dataclasses.is_dataclass(value):
        return " ".join(reachable(getattr(value, each.name)) for each in dataclasses.fields(value))
    return " ".join(map(reachable, value)) if isinstance(value, tuple | list) else str(value)


@pytest.mark.parametrize(
    "file", [path.name for path in CORPUS.glob("*.xml") if path.name.startswith(("alarm", "mobile", "person"))]
)
def test_no_name_plate_or_place_is_in_any_object(file: str) -> None:
    kept = reachable(manscdp.parse(corpus(file)))
    assert [secret for secret in SECRETS if secret in kept] == []


def test_nor_are_they_in_the_tree_from_which_the_message_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    tree = xml_tree.tree

    def watched(text: str, wanted: frozenset[str], *, is_head: bool = False) -> tuple[xml_tree.Element, bool]:
        root, is_mended = tree(text, wanted, is_head=is_head)
        texts.extend(element.text for element in root.walk())
        return root, is_mended

    monkeypatch.setattr(xml_tree, "tree", watched)
    for file in ("alarm-described.xml", "mobile-position-2022.xml", "mobile-position-2016.xml", "person-event.xml"):
        manscdp.parse(corpus(file))
    assert len(texts) > 20
    assert [text for text in texts if any(secret in text for secret in SECRETS)] == []


def test_a_catalog_has_no_password_and_no_address() -> None:
    kept = reachable(manscdp.parse(corpus("catalog-details.xml")))
    assert "Geheim-1" not in kept
    assert "192.0.2.7" not in kept
    assert "118.376" in kept  # of a camera on its pole: that is where it is to be drawn


def test_of_a_camera_that_somebody_wears_no_place_is_kept() -> None:
    body = corpus("catalog-details.xml").replace(b"34020000001320000001", b"34020000001380000001")
    content = manscdp.parse(body).content
    assert isinstance(content, CatalogPart)
    item = content.items[0]
    assert (item.item_id, item.longitude, item.latitude, item.ptz_kind) == ("34020000001380000001", None, None, 3)
