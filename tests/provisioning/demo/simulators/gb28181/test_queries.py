"""What a device answers to the platform's questions and orders, page by page."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.demo.simulators.gb28181 import moments
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import Send
from tests.provisioning.demo.simulators.gb28181.scripted_platform import (
    CHANNEL_ID,
    DEVICE_ID,
    PLATFORM_ID,
    WALL_S,
    Desk,
    control,
    header,
    invite,
    query,
    reply,
    request,
)

SPAN = (
    f"<StartTime>{moments.text(WALL_S - 10 * 3600)}</StartTime>\n<EndTime>{moments.text(WALL_S + 3600)}</EndTime>\n"
    "<Type>all</Type>\n"
)


def desk_with(*faults: DeviceFault, **options: Any) -> Desk:
    desk = Desk(*faults, heartbeat_s=1e6, **options)
    desk.register()
    return desk


def answers(desk: Desk, data: bytes) -> list[str]:
    """Every part of an answer: each comes when the one before was answered."""
    parts = []
    waiting = [text for text in desk.tell(data) if text.startswith("MESSAGE ")]
    while waiting:
        (part,) = waiting
        parts.append(part)
        waiting = desk.tell(reply(part, 200))
    return parts


def ids(parts: list[str]) -> list[str]:
    return [found for part in parts for found in re.findall(r"<Item>\r\n<DeviceID>(\d+)<", part)]


def test_a_query_is_answered_200_and_then_by_a_message() -> None:
    desk = desk_with()
    ok, answer = desk.tell(query("Catalog", sn=17))
    assert ok.startswith("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK-q-Catalog-17")
    assert header(ok, "To").count("tag=") == 1
    assert "<SN>17</SN>" in answer
    assert answer.endswith("</Response>\r\n")
    assert desk.tell(query("Catalog", sn=17)) == [ok]  # a repetition is no second question
    assert desk.counts.queries == 1


def test_a_catalog_comes_in_pages() -> None:
    desk = desk_with(channels=20, page_items=8)
    parts = answers(desk, query("Catalog"))
    assert [header(part, "CSeq") for part in parts] == ["1 MESSAGE"] * 3
    assert ids(parts) == list(desk.device.channels)
    assert desk.device.channels[0] == CHANNEL_ID
    assert len(set(desk.device.channels)) == 20
    assert all("<SumNum>20</SumNum>" in part for part in parts)
    assert [re.findall(r'Num="(\d+)"', part) for part in parts] == [["8"], ["8"], ["4"]]


def test_a_part_that_nobody_answers_ends_the_answer() -> None:
    desk = desk_with(channels=20)
    desk.tell(query("Catalog"))
    desk.wait(60)
    assert (desk.counts.answers_sent, desk.counts.requests_unanswered) == (1, 1)
    assert len(answers(desk, query("Catalog", sn=18))) == 3


def test_information_and_status() -> None:
    desk = desk_with(channels=4, skew_s=7200)
    (info,) = answers(desk, query("DeviceInfo"))
    assert "<Channel>4</Channel>" in info
    (status,) = answers(desk, query("DeviceStatus"))
    assert f"<DeviceTime>{moments.text(WALL_S + 7200)}</DeviceTime>" in status
    assert "<DutyStatus>ONDUTY</DutyStatus>" in status


def test_records() -> None:
    desk = desk_with(recording_s=1800)
    parts = answers(desk, query("RecordInfo", CHANNEL_ID, more=SPAN))
    starts = [found for part in parts for found in re.findall(r"<StartTime>(.*?)<", part)]
    assert len(starts) == len(set(starts)) == 20
    assert starts[0] == moments.text(WALL_S - 10 * 3600)
    assert all("<SumNum>20</SumNum>" in part for part in parts)


def test_no_records() -> None:
    parts = answers(desk_with(), query("RecordInfo", CHANNEL_ID, more=SPAN.replace("2026", "2019")))
    assert ["<SumNum>0</SumNum>" in part for part in parts] == [True]
    assert "RecordList" not in parts[0]


def test_orders() -> None:
    desk = desk_with(DeviceFault.NEEDS_GUARD)
    assert not desk.device.raise_alarm(desk.now)
    assert len(desk.tell(control("<PTZCmd>A50F0100000000B5</PTZCmd>"))) == 1  # the 200 alone
    (answer,) = answers(desk, control("<GuardCmd>SetGuard</GuardCmd>", sn=31))
    assert "<Result>OK</Result>" in answer
    assert desk.device.raise_alarm(desk.now)
    assert desk.counts.notices_withheld == 1
    assert desk.counts.controls == 2


def test_what_is_no_query() -> None:
    desk = desk_with()
    assert desk.tell(request("MESSAGE", body="hello"))[0].startswith("SIP/2.0 400")
    assert header(desk.tell(request("OPTIONS", cseq=2))[0], "Allow").startswith("INVITE")
    assert desk.tell(request("PUBLISH", cseq=3))[0].startswith("SIP/2.0 405")
    assert desk.tell(b"nonsense") == []
    assert desk.tell(b"\r\n\r\n") == []
    assert desk.counts.unreadable == 1


@given(st.binary(max_size=100), st.integers(0, 500))
def test_a_device_bears_whatever_comes(junk: bytes, at: int) -> None:
    desk = desk_with()
    for data in (query("Catalog"), query("RecordInfo", CHANNEL_ID, more=SPAN), invite(), control("<GuardCmd/>")):
        desk.tell(data[:at] + junk + data[at:])
        desk.tell(data[:at] + junk)
    desk.wait(40)
    assert desk.device.due_s > desk.now.mono_s


CHANGED: dict[DeviceFault, str] = {
    DeviceFault.UTF8_AS_GB2312: 'encoding="GB2312"',
    DeviceFault.RARE_CHARACTER: "萳",
    DeviceFault.UNESCAPED: "A&B <1</Name>",
    DeviceFault.NUL_BYTES: "</Response>\r\n\0\0\0",
    DeviceFault.EXTRA_CLOSE_TAG: "</Item></Item>",
    DeviceFault.ATTRIBUTES: '<Response CmdType="Catalog" SN="17">',
    DeviceFault.LOWER_CASE_TAGS: f"<cmdtype>Catalog</cmdtype>\r\n<sn>17</sn>\r\n<deviceid>{DEVICE_ID}</deviceid>",
    DeviceFault.SN_NOT_ECHOED: "<SN>1</SN>",
    DeviceFault.SUM_NUM_LIES: "<SumNum>5</SumNum>",
    DeviceFault.SUM_NUM_ZERO: "<SumNum>0</SumNum>",
    DeviceFault.ITEM_WITHOUT_ID: "<Item><Name>?</Name>",
    DeviceFault.PARENT_IS_PLATFORM: f"<ParentID>{PLATFORM_ID}</ParentID>",
    DeviceFault.STATUS_OK: "<Status>OK</Status>",
}


def catalog_bytes(*faults: DeviceFault) -> bytes:
    desk = desk_with(*faults, channels=2)
    desk.device.receive(query("Catalog", sn=17), desk.now)
    return b"".join(effect.data for effect in desk.device.line.outbox if isinstance(effect, Send))


@pytest.mark.parametrize("fault", CHANGED, ids=lambda fault: fault.value)
def test_spoiled_texts(fault: DeviceFault) -> None:
    charset = "utf-8" if fault is DeviceFault.UTF8_AS_GB2312 else "gb18030"
    text = catalog_bytes(fault).decode(charset)
    assert CHANGED[fault] in text
    assert "东门1" in text
    if fault is not DeviceFault.UTF8_AS_GB2312:  # the label is as ever there
        assert CHANGED[fault] not in catalog_bytes().decode("gb18030")


def test_lists() -> None:
    catalog = query("Catalog")
    assert "SumNum" not in answers(desk_with(DeviceFault.NO_LIST), catalog)[0]
    assert len(answers(desk_with(DeviceFault.ONE_ITEM_A_MESSAGE, channels=5), catalog)) == 5
    desk = desk_with(DeviceFault.PARTS_OUT_OF_ORDER, channels=20)
    assert ids(answers(desk, catalog)) == [
        *desk.device.channels[16:],
        *desk.device.channels[8:16],
        *desk.device.channels[:8],
    ]
    twice = ids(answers(desk_with(DeviceFault.ITEMS_TWICE, channels=20), catalog))
    assert len(twice) == 22
    assert len(set(twice)) == 20
    cycle = answers(desk_with(DeviceFault.PARENT_CYCLE), catalog)[0]
    groups = re.findall(r"<DeviceID>(\d+)</DeviceID>\r\n<Name>\S+</Name>\r\n<ParentID>(\d+)<", cycle)
    assert groups[0] == groups[1][::-1]


def test_records_that_stall_and_times_with_a_zone() -> None:
    asked = query("RecordInfo", CHANNEL_ID, more=SPAN)
    assert len(answers(desk_with(recording_s=1800), asked)) == 3
    assert len(answers(desk_with(DeviceFault.RECORD_STALL, recording_s=1800), asked)) == 1
    assert "+08:00</StartTime>" in answers(desk_with(DeviceFault.OFFSET_TIMES), asked)[0]


def test_the_answer_before_the_200() -> None:
    desk = desk_with(DeviceFault.ANSWER_BEFORE_200)
    first, second = desk.tell(query("Catalog"))
    assert first.startswith("MESSAGE ")
    assert second.startswith("SIP/2.0 200")


def test_an_answer_without_a_body() -> None:
    (part,) = answers(desk_with(DeviceFault.EMPTY_ANSWER), query("Catalog"))
    assert header(part, "Content-Length") == "0"


def test_a_text_over_several_datagrams() -> None:
    desk = desk_with(DeviceFault.SPLIT_DATAGRAMS, channels=8)
    _, *pieces = desk.tell(query("Catalog"))
    assert len(pieces) > 2
    whole = "".join(pieces)
    assert whole.endswith("</Response>\r\n")
    assert int(header(whole, "Content-Length")) == len(whole.partition("\r\n\r\n")[2].encode("gb18030"))


def test_a_year_off_until_told() -> None:
    desk = Desk(DeviceFault.CLOCK_A_YEAR_OFF)
    assert moments.text(desk.device.clock.wall_s(desk.now)).startswith("2025")


def test_2022_says_gb18030() -> None:
    (part,) = answers(desk_with(gb_version="3.0"), query("Catalog"))
    assert '<?xml version="1.0" encoding="GB18030"?>' in part
