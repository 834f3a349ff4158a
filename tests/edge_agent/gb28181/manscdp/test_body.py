"""Every kind of message, every quirk of the XML, and what is never kept."""

import pytest

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp.alarms import Alarm
from edge_agent.gb28181.manscdp.body import DocumentRoot, ManscdpError, ManscdpMessage
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.message_types import (
    CatalogChange,
    CatalogPart,
    DeviceInfo,
    DeviceStatus,
    Keepalive,
    MediaStatus,
    Other,
    RecordItem,
    RecordPart,
    Result,
    SnapshotsUploaded,
)
from provisioning.manscdp import xml_tree
from tests.edge_agent.gb28181.corpus_file import CORPUS, corpus

RECORDER = "34020000001180000001"
EAST, WEST = "34020000001320000001", "34020000001320000002"


def items_of(word: ManscdpMessage) -> tuple[CatalogItem, ...]:
    assert isinstance(word.content, CatalogPart)
    return word.content.items


@pytest.mark.parametrize(
    ("file", "name", "is_mended"),
    [
        ("xml-gb2312.xml", "东门", False),
        ("xml-utf8-labelled-gb2312.xml", "东门", False),
        ("xml-outside-gb2312.xml", "萳街", False),
        ("xml-four-byte-character.xml", "㐀𠀀街", False),
        ("xml-gb2312-valid-as-utf8.xml", "联通", False),
        ("xml-utf8-name-cut.xml", "北京路与解放路口\ufffd", False),
        ("xml-gb2312-name-cut.xml", "北京路\ufffd", False),
        ("xml-bom.xml", "东门", False),
        ("xml-nul-bytes.xml", "东门", False),
        ("xml-control-bytes.xml", "东门", True),
        ("xml-unescaped-ampersand.xml", "东&门 & &#0; &bad;", True),
        ("xml-unescaped-less-than.xml", "东<3号门", True),
        ("xml-extra-close-tag.xml", "东门", True),
        ("xml-wrong-close-tag.xml", "东门", True),
        ("xml-trailing-garbage.xml", "东门", True),
        ("xml-lower-case-tags.xml", "东门", False),
        ("xml-declaration-late.xml", "东门", False),
        ("xml-cdata-comment.xml", "东<门&", False),
        ("xml-cdata-comment-broken.xml", "东<门&", True),
        ("catalog-template.xml", "东门", False),
    ],
)
def test_one_channel_whatever_the_bytes(file: str, name: str, is_mended: bool) -> None:
    word = manscdp.parse(corpus(file))
    assert (word.kind, word.cmd_type, word.sn, word.device_id) == (DocumentRoot.RESPONSE, "Catalog", 17, RECORDER)
    assert word.is_mended is is_mended
    assert word.content == CatalogPart(
        1,
        (
            CatalogItem(
                item_id=EAST,
                name=name,
                manufacturer="m",
                model="x",
                civil_code="340200",
                parental=False,
                parent_ids=(RECORDER,),
                is_online=True,
            ),
        ),
    )


def test_an_item_that_is_not_closed_does_not_swallow_the_next() -> None:
    word = manscdp.parse(corpus("xml-missing-close-tag.xml"))
    assert [(item.item_id, item.name) for item in items_of(word)] == [(EAST, "东门"), (WEST, "西门")]
    assert word.is_mended


def test_an_empty_element_stays_one_when_a_body_is_mended() -> None:
    word = manscdp.parse(
        b"<Response><CmdType>Catalog</CmdType><SumNum>1</SumNum><DeviceList Num='1'><Item><DeviceID>a</DeviceID>"
        b"<Name/><Model />R&D<Status>ON</Status></Item></DeviceList></Response>"
    )
    assert word.is_mended
    assert items_of(word) == (CatalogItem("a", is_online=True),)


def test_of_a_body_that_was_cut_off_no_half_id_is_kept() -> None:
    word = manscdp.parse(corpus("xml-cut-off.xml"))
    assert [item.item_id for item in items_of(word)] == [EAST]


@pytest.mark.parametrize("size", range(1, 640, 7))
def test_cut_off_anywhere_it_is_an_error_or_whole_items(size: int) -> None:
    try:
        word = manscdp.parse(corpus("xml-gb2312.xml")[:size])
    except ManscdpError:
        return
    assert word.content == Other() or {item.item_id for item in items_of(word)} <= {EAST}


def test_the_head_may_be_attributes() -> None:
    word = manscdp.parse(corpus("xml-head-as-attributes.xml"))
    assert (word.cmd_type, word.sn, word.device_id) == ("Catalog", 17, RECORDER)
    assert word.content == CatalogPart(0, ())


def test_attributes_outlive_mending() -> None:
    word = manscdp.parse(b'<Response CmdType=\'Device&Info\' SN = "7" DeviceID="a" x=y><Result>R&D</Result></Response>')
    assert (word.cmd_type, word.sn, word.device_id, word.is_mended) == ("Device&Info", 7, "a", True)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (corpus("xml-entity-bomb.xml"), "a document type declaration"),
        (corpus("xml-html.xml"), "the root is none of Notify, Response, Query, Control"),
        (b"", "no XML even after mending: no element found"),
        (b"MESSAGE sip:x", "no XML even after mending"),
        (b"<Notify>" + b"<a>" * 20, "deeper than 16 levels"),
        (b"<Notify>" + b"<a/>" * 70_000 + b"</Notify>", "over 65536 elements"),
        (b" " * (xml_tree.MAX_BYTES + 1), "a body of 1048577 bytes"),
    ],
)
def test_what_is_no_message(body: bytes, what: str) -> None:
    with pytest.raises(ManscdpError, match=what):
        manscdp.parse(body)


def test_mending_does_not_grow_a_body_without_bound() -> None:
    with pytest.raises(ManscdpError, match="over 1048576"):
        manscdp.parse(b"<Notify>" + b"&" * 900_000 + b"</Notify>")


def test_no_type_and_a_number_that_is_none() -> None:
    word = manscdp.parse(b"<Notify><SN>x</SN><DeviceID>a/b</DeviceID></Notify>")
    assert word == ManscdpMessage(DocumentRoot.NOTIFY, "", None, "", Other())


def test_a_long_text_is_cut() -> None:
    word = manscdp.parse(
        b"<Response><CmdType>DeviceInfo</CmdType><Model>" + b"m" * 9000 + b"</Model><Channel>16</Channel></Response>"
    )
    assert word.content == DeviceInfo(name="", manufacturer="", model="m" * 256, firmware="", channel_count=16)
    assert len(manscdp.parse(b"<Notify><CmdType>" + b"c" * 200 + b"</CmdType></Notify>").cmd_type) == 64


# --- kinds of message


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("keepalive-template.xml", Keepalive(is_ok=True)),
        ("keepalive-faulty.xml", Keepalive(is_ok=False, faulty=(EAST, WEST))),
        ("media-status-121.xml", MediaStatus(121)),
        ("device-info.xml", DeviceInfo("录像机", "m", "x", "V1.2", None)),
        (
            "device-status.xml",
            DeviceStatus(
                is_online=True,
                is_ok=True,
                is_recording=False,
                reason="r",
                device_time="2026-11-24T21:40:05",
                duties=(("34020000001340000001", "ONDUTY"),),
            ),
        ),
        ("catalog-sumnum-zero.xml", CatalogPart(0, ())),
        ("catalog-refused.xml", Result(is_ok=False)),
        ("records-none.xml", RecordPart(0, ())),
        ("records-refused.xml", Result(is_ok=False)),
        ("alarm-answer.xml", Result(is_ok=True)),
        (
            "records-stall.xml",
            RecordPart(600, (RecordItem(EAST, "2026-11-24T00:00:00", "2026-11-24T01:00:00", "time", 1024),)),
        ),
    ],
)
def test_what_a_message_says(file: str, content: object) -> None:
    word = manscdp.parse(corpus(file))
    assert word.content == content
    assert not word.is_mended


def test_a_keepalive_without_a_status_is_life() -> None:
    assert manscdp.parse(b"<Notify><CmdType>Keepalive</CmdType></Notify>").content == Keepalive(is_ok=True)


def test_only_121_ends_a_playback() -> None:
    assert MediaStatus(121).is_end
    assert not MediaStatus(None).is_end


def test_a_device_status_may_say_nothing() -> None:
    word = manscdp.parse(b"<Response><CmdType>DeviceStatus</CmdType></Response>")
    assert word.content == DeviceStatus(None, None, None, "", "", ())


def test_states_in_lower_case() -> None:
    word = manscdp.parse(
        b"<Response><CmdType>DeviceStatus</CmdType><Online>Online</Online><Status>ok</Status><Record>on</Record></Response>"
    )
    assert word.content == DeviceStatus(
        is_online=True, is_ok=True, is_recording=True, reason="", device_time="", duties=()
    )


def test_a_list_that_also_says_a_result_is_a_list() -> None:
    body = b"<Response><CmdType>Catalog</CmdType><Result>OK</Result><SumNum>0</SumNum></Response>"
    assert manscdp.parse(body).content == CatalogPart(0, ())


def test_a_notification_has_its_events() -> None:
    content = manscdp.parse(corpus("catalog-notify.xml")).content
    assert isinstance(content, CatalogChange)
    assert [item.event for item in content.items] == ["OFF", "ON", "VLOST", "DEL", "ADD", "UPDATE", "OFF"]


# --- alarms


@pytest.mark.parametrize(
    ("file", "kind", "needs_reset"),
    [
        ("alarm-video.xml", "intrusion", False),
        ("alarm-device.xml", "video_loss", True),
        ("alarm-described.xml", "line_crossed", False),
    ],
)
def test_alarms_are_numbers(file: str, kind: str, needs_reset: bool) -> None:
    alarm = manscdp.parse(corpus(file)).content
    assert isinstance(alarm, Alarm)
    assert (alarm.kind, alarm.needs_reset, alarm.alarmed_at) == (kind, needs_reset, "2026-11-24T10:00:00")
    assert (alarm.priority, alarm.event_type) == (4, 1)


def test_an_alarm_that_says_little() -> None:
    alarm = manscdp.parse(corpus("alarm-bare.xml")).content
    assert alarm == Alarm(None, None, None, None, "")
    assert alarm.kind == "unknown"
    assert Alarm(1, 6, 99, None, "").kind == "fault"


def test_the_corpus_says_of_each_file_what_it_is() -> None:
    said = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in CORPUS.glob("*.xml") if f"| {path.name} |" not in said] == []


@pytest.mark.parametrize(("session", "kept"), [("0a" * 16, "0a" * 16), ("京A12345", ""), ("", "")])
def test_the_report_of_an_upload_is_a_session_and_nothing_else(session: str, kept: str) -> None:
    inner = f"<SessionID>{session}</SessionID><SnapShotList><SnapShotFileID>1</SnapShotFileID></SnapShotList>"
    text = f"<Notify><CmdType>UploadSnapShotFinished</CmdType><SN>1</SN><DeviceID>1</DeviceID>{inner}</Notify>"
    assert manscdp.parse(text.encode("gb18030")).content == SnapshotsUploaded(kept)
