"""What the platform writes is read back, and differs by edition where it has to."""

import pytest

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp import query_bodies
from edge_agent.gb28181.manscdp.body import DocumentRoot
from edge_agent.gb28181.manscdp.message_types import Other, Result
from provisioning.sip import edition
from provisioning.sip.edition import Version

DEVICE = "34020000001110000001"


def test_a_query_is_the_standards_template_in_its_order() -> None:
    assert query_bodies.catalog(Version.V2016, 17, DEVICE) == (
        b'<?xml version="1.0" encoding="GB2312"?>\r\n<Query>\r\n<CmdType>Catalog</CmdType>\r\n<SN>17</SN>\r\n'
        b"<DeviceID>34020000001110000001</DeviceID>\r\n</Query>\r\n"
    )


def test_the_label_is_the_editions_and_the_bytes_are_gb18030() -> None:
    assert query_bodies.catalog(Version.V2022, 1, DEVICE).startswith(b'<?xml version="1.0" encoding="GB18030"?>\r\n')
    assert "㐀".encode("gb18030") in query_bodies.catalog(Version.V2011, 1, "㐀")  # GBK has it not, GB18030 has


@pytest.mark.parametrize(
    ("body", "cmd_type", "rest"),
    [
        (query_bodies.device_info(Version.V2016, 3, DEVICE), "DeviceInfo", b"</DeviceID>\r\n</Query>"),
        (query_bodies.device_status(Version.V2016, 3, DEVICE), "DeviceStatus", b"</DeviceID>\r\n</Query>"),
        (
            query_bodies.record_info(Version.V2016, 3, DEVICE, "2026-11-24T00:00:00", "2026-11-24T23:59:59"),
            "RecordInfo",
            (
                b"<StartTime>2026-11-24T00:00:00</StartTime>\r\n<EndTime>2026-11-24T23:59:59</EndTime>\r\n"
                b"<Secrecy>0</Secrecy>\r\n<Type>all</Type>\r\n</Query>"
            ),
        ),
        (
            query_bodies.alarm_subscription(Version.V2016, 3, DEVICE),
            "Alarm",
            (
                b"<StartAlarmPriority>1</StartAlarmPriority>\r\n<EndAlarmPriority>4</EndAlarmPriority>\r\n"
                b"<AlarmMethod>0</AlarmMethod>\r\n</Query>"
            ),
        ),
    ],
)
def test_queries(body: bytes, cmd_type: str, rest: bytes) -> None:
    word = manscdp.parse(body)
    assert (word.kind, word.cmd_type, word.sn, word.device_id) == (DocumentRoot.QUERY, cmd_type, 3, DEVICE)
    assert word.content == Other()
    assert rest in body


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (query_bodies.guard(Version.V2016, 4, DEVICE, "SetGuard"), b"<GuardCmd>SetGuard</GuardCmd>"),
        (query_bodies.guard(Version.V2022, 4, DEVICE, "ResetGuard"), b"<GuardCmd>ResetGuard</GuardCmd>"),
        (query_bodies.alarm_reset(Version.V2016, 4, DEVICE), b"<AlarmCmd>ResetAlarm</AlarmCmd>"),
    ],
)
def test_commands(body: bytes, command: bytes) -> None:
    word = manscdp.parse(body)
    assert (word.kind, word.cmd_type, word.sn) == (DocumentRoot.CONTROL, "DeviceControl", 4)
    assert command in body


def test_an_alarm_is_answered_with_its_own_number() -> None:
    word = manscdp.parse(query_bodies.alarm_answer(Version.V2016, 5, DEVICE))
    assert (word.kind, word.cmd_type, word.sn, word.content) == (DocumentRoot.RESPONSE, "Alarm", 5, Result(is_ok=True))


def test_what_is_put_into_a_query_cannot_leave_its_element() -> None:
    body = query_bodies.catalog(Version.V2016, 1, "a</DeviceID><X>&")
    assert b"<DeviceID>a&lt;/DeviceID&gt;&lt;X&gt;&amp;</DeviceID>" in body


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Version.V2016),
        ("", Version.V2016),
        ("1.0", Version.V2011),
        ("1.1", Version.V2011_AMENDED),
        ("2.0", Version.V2016),
        (" 3.0 ", Version.V2022),
        ("4.0", Version.V2016),
    ],
)
def test_the_edition_of_a_header(header: str | None, expected: Version) -> None:
    assert edition.of(header) is expected
    assert edition.OURS is Version.V2022


def test_a_snapshot_is_commanded_with_the_address_that_it_is_uploaded_to() -> None:
    written = query_bodies.snapshot(Version.V2022, 7, "34020000001310000001", "http://h/s/1?a=1&b=2", "0a" * 16)
    assert b"<CmdType>DeviceConfig</CmdType>" in written
    assert (
        b"<SnapShotConfig><SnapNum>1</SnapNum><Interval>1</Interval><UploadURL>http://h/s/1?a=1&amp;b=2</UploadURL>"
        b"<SessionID>" + b"0a" * 16 + b"</SessionID></SnapShotConfig>\r\n</Control>"
    ) in written
