"""Channels, and the tree in which makers hang them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.manscdp import body
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem, kind_of
from edge_agent.gb28181.manscdp.channels import Channel, channels
from edge_agent.gb28181.manscdp.message_types import CatalogPart
from tests.edge_agent.gb28181.corpus_file import corpus

PLATFORM = "34020000002000000001"


def of(file: str) -> dict[str, Channel]:
    word = body.parse(corpus(file))
    assert isinstance(word.content, CatalogPart)
    found = channels(word.device_id, word.content.items, PLATFORM)
    assert len({channel.key for channel in found}) == len(found)
    return {channel.channel_id[-1]: channel for channel in found}


def test_one_camera() -> None:
    assert of("catalog-template.xml") == {
        "1": Channel(
            device_id="34020000001180000001",
            channel_id="34020000001320000001",
            name="东门",
            manufacturer="m",
            model="x",
            is_online=True,
            has_video=True,
            parent_id=None,
            groups=(),
            longitude=None,
            latitude=None,
            ptz_kind=None,
            stream_numbers=(),
        )
    }


def test_two_recorders_may_use_the_same_ids() -> None:
    one, other = of("catalog-same-ids-a.xml")["1"], of("catalog-same-ids-b.xml")["1"]
    assert one.channel_id == other.channel_id
    assert one.key != other.key


@pytest.mark.parametrize("file", ["catalog-parent-platform.xml", "catalog-parent-cycle.xml"])
def test_orphans_and_circles_are_under_the_device(file: str) -> None:
    assert {number: (channel.parent_id, channel.groups) for number, channel in of(file).items()} == {
        "1": (None, ()),
        "2": (None, ()),
    }


def test_groups_and_what_has_no_video() -> None:
    found = channels_of("catalog-groups.xml")
    assert [(channel.name, channel.groups, channel.has_video) for channel in found] == [
        ("东门", ("芜湖", "路口", "东侧"), True),
        ("报警", ("芜湖", "路口", "东侧"), False),
    ]
    assert found[0].parent_id == "34020000002160000001"


def channels_of(file: str) -> tuple[Channel, ...]:
    word = body.parse(corpus(file))
    assert isinstance(word.content, CatalogPart)
    return channels(word.device_id, word.content.items, PLATFORM)


def test_what_is_online() -> None:
    assert {number: channel.is_online for number, channel in of("catalog-status-ok.xml").items()} == {
        "1": True,
        "2": True,
        "3": False,
        "4": False,
        "5": None,
    }


def test_a_camera_that_lists_itself() -> None:
    (channel,) = channels_of("catalog-single-camera.xml")
    assert channel.key == ("34020000001320000077", "34020000001320000077")


def test_details_wherever_they_stand() -> None:
    found = of("catalog-details.xml")
    one, two = found["1"], found["2"]
    assert (one.longitude, one.latitude, one.ptz_kind, one.stream_numbers) == (118.376, 31.326, 3, (0, 1, 2))
    assert (two.longitude, two.latitude, two.ptz_kind, two.stream_numbers) == (None, None, 1, ())


def test_parental_and_places_at_the_edge() -> None:
    word = body.parse(
        b"<Response><CmdType>Catalog</CmdType><SumNum>2</SumNum><DeviceList><Item><DeviceID>a</DeviceID>"
        b"<Parental>1</Parental><Longitude>-180</Longitude><Latitude>90.0</Latitude></Item><Item><DeviceID>b</DeviceID>"
        b"<Parental>2</Parental><Longitude>180.1</Longitude><Latitude>1e1</Latitude></Item></DeviceList></Response>"
    )
    assert isinstance(word.content, CatalogPart)
    one, two = word.content.items
    assert (one.parental, one.longitude, one.latitude) == (True, -180.0, 90.0)
    assert (two.parental, two.longitude, two.latitude) == (None, None, None)


def test_ids_that_are_no_20_digits() -> None:
    assert [channel.channel_id for channel in channels_of("catalog-item-without-id.xml")] == [
        "34020000001320000001",
        "bkq-ks-124567",
    ]
    assert kind_of("bkq-ks-124567") is None
    assert kind_of("34020000001320000001") == 132


@pytest.mark.parametrize(
    ("item", "is_channel"),
    [
        (CatalogItem("34020000001180000001"), False),  # the recorder itself, beside others
        (CatalogItem("34020000001180000002", parental=False), True),
        (CatalogItem("34020000001180000002", parental=True), False),
        (CatalogItem("34020000001320000002", parental=True), True),
        (CatalogItem("34020000002150000001"), False),
        (CatalogItem("34020000002000000009"), False),
        (CatalogItem("340200"), False),
        (CatalogItem("34020"), True),
        (CatalogItem("33", parental=False), False),
        (CatalogItem("cam-1", parental=True), False),
        (CatalogItem(PLATFORM), False),
    ],
)
def test_what_is_a_channel(item: CatalogItem, is_channel: bool) -> None:
    camera = CatalogItem("34020000001320000001")
    found = channels("34020000001180000001", [camera, item], PLATFORM)
    assert (item.item_id in {channel.channel_id for channel in found}) is is_channel


def test_a_recorder_that_lists_itself_alone_is_a_channel() -> None:
    (channel,) = channels("34020000001180000001", [CatalogItem("34020000001180000001")])
    assert channel.name == "34020000001180000001"


def test_groups_by_other_names_than_a_parents() -> None:
    items = [
        CatalogItem("3402"),
        CatalogItem("34020000002150000001", parental=True),
        CatalogItem("a", business_group_id="34020000002150000001"),
        CatalogItem("b", civil_code="3402", parent_ids=("gone",)),
    ]
    assert [channel.groups for channel in channels("d", items)] == [("34020000002150000001",), ("3402",)]


def test_deeper_than_any_tree_is_under_the_device() -> None:
    chain = [CatalogItem(f"g{n}", parental=True, parent_ids=(f"g{n + 1}",)) for n in range(17)]
    camera = CatalogItem("c", parent_ids=("g0",))
    assert channels("d", [*chain[:16], camera])[0].groups[-1] == "g0"
    assert channels("d", [*chain, camera])[0].groups == ()


@given(
    st.lists(
        st.builds(
            CatalogItem,
            st.sampled_from(["a", "b", "c", "d", "3402", "34020000002150000001", PLATFORM]),
            parental=st.none() | st.booleans(),
            parent_ids=st.lists(st.sampled_from(["a", "b", "c", "d", "3402", PLATFORM, "x"]), max_size=3).map(tuple),
        ),
        max_size=8,
    )
)
def test_any_tree_has_an_end(items: list[CatalogItem]) -> None:
    found = channels("d", items, PLATFORM)
    assert len({channel.key for channel in found}) == len(found)
    assert all(channel.channel_id != PLATFORM and len(channel.groups) <= 7 for channel in found)
