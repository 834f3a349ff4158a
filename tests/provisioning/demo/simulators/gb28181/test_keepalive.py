"""Keeping alive: the beat, what follows silence and refusal, and each way to do it wrong."""

import pytest

from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import MovePort
from tests.provisioning.demo.simulators.gb28181.scripted_platform import DEVICE_ID, LOCAL, Desk, header, reply


def is_keepalive(text: str) -> bool:
    return text.startswith("MESSAGE ") and "<CmdType>Keepalive</CmdType>" in text


def test_the_beat() -> None:
    desk = Desk(heartbeat_s=60)
    desk.register()
    (first,) = desk.next(60)
    begun_s = desk.now.mono_s
    assert 12 <= begun_s - 1000 <= 60
    assert is_keepalive(first)
    assert f"<DeviceID>{DEVICE_ID}</DeviceID>" in first
    assert "<Status>OK</Status>" in first
    desk.tell(reply(first, 200))
    for beat in range(1, 10):
        (text,) = desk.next(60)
        assert desk.now.mono_s == pytest.approx(begun_s + 60 * beat)
        desk.tell(reply(text, 200))
    counts = desk.counts
    assert (counts.keepalives_sent, counts.keepalives_answered, counts.keepalives_lost) == (10, 10, 0)


def test_an_answer_to_a_repetition_counts_once() -> None:
    desk = Desk()
    desk.register()
    (text,) = desk.next()
    assert desk.next() == [text]
    desk.tell(reply(text, 200))
    desk.tell(reply(text, 200))
    assert (desk.counts.keepalives_answered, desk.counts.repeats) == (1, 1)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refused_it_registers_anew(status: int) -> None:
    desk = Desk()
    desk.register()
    (text,) = desk.next()
    desk.tell(reply(text, status))
    assert not desk.device.is_registered
    (again,) = desk.next(2)
    assert (again.split(" ")[0], header(again, "CSeq")) == ("REGISTER", "1 REGISTER")
    assert "Authorization" not in again
    assert desk.counts.keepalives_refused == 1


def test_three_lost_and_it_registers_anew() -> None:
    desk = Desk(heartbeat_s=10, answer_s=4)
    desk.register()
    desk.wait(10)
    assert desk.device.is_registered
    said = desk.wait(31)
    assert desk.counts.keepalives_lost == 3
    assert any(text.startswith("REGISTER ") for text in said)


def test_never_reregisters() -> None:
    desk = Desk(DeviceFault.NEVER_REREGISTERS)
    desk.register()
    for _ in range(5):
        (text,) = desk.next()
        assert is_keepalive(text)
        desk.tell(reply(text, 403))
    assert desk.counts.keepalives_refused == 5


def test_a_new_connection() -> None:
    desk = Desk(transport="tcp")
    desk.register()
    desk.device.connection_lost()
    assert not desk.device.is_registered
    assert desk.wait(600) == []
    assert [text.split(" ")[0] for text in desk.connect()] == ["REGISTER"]


def test_a_new_connection_with_keepalives_alone() -> None:
    desk = Desk(DeviceFault.NEVER_REREGISTERS, transport="tcp")
    desk.register()
    desk.device.connection_lost()
    assert [is_keepalive(text) for text in desk.connect()] == [True]


def test_keepalive_unregistered() -> None:
    desk = Desk(DeviceFault.KEEPALIVE_UNREGISTERED)
    (text,) = desk.connect()
    assert is_keepalive(text)
    desk.tell(reply(text, 403))
    assert is_keepalive(desk.next(60)[0])


def test_no_keepalive() -> None:
    desk = Desk(DeviceFault.NO_KEEPALIVE)
    desk.register()
    assert desk.next()[0].startswith("REGISTER ")


def test_port_changes() -> None:
    desk = Desk(DeviceFault.PORT_CHANGES)
    desk.register()
    desk.next()
    assert desk.effects == [MovePort()]
    desk.device.moved((LOCAL[0], 40000))
    assert ":40000;" in header(desk.wait(60)[-1], "Via")


def test_unasked_catalog() -> None:
    desk = Desk(DeviceFault.UNASKED_CATALOG)
    desk.register()
    alive, catalog = desk.next()
    assert is_keepalive(alive)
    assert "<SN>1</SN>" in catalog
    assert "<SumNum>1</SumNum>" in catalog
    assert "<Response>" in catalog


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (DeviceFault.VIA_SAYS_UDP, "SIP/2.0/UDP"),
        (None, "SIP/2.0/TCP"),
    ],
)
def test_via_says_udp(fault: DeviceFault | None, expected: str) -> None:
    desk = Desk(*([fault] if fault else []), transport="tcp")
    assert header(desk.connect()[0], "Via").startswith(expected)


def test_lengths() -> None:
    def sent(*faults: DeviceFault) -> tuple[str, int]:
        desk = Desk(*faults)
        desk.register()
        text = desk.next()[0]
        return header(text, "Content-Length"), len(text.partition("\r\n\r\n")[2].encode("gb18030"))

    length = sent()[1]
    assert sent() == (str(length), length)
    assert sent(DeviceFault.NO_CONTENT_LENGTH) == ("", length)
    assert sent(DeviceFault.LONG_CONTENT_LENGTH) == (str(length + 40), length)
    assert sent(DeviceFault.ZERO_CONTENT_LENGTH) == ("0", length)


def test_compact_headers() -> None:
    text = Desk(DeviceFault.COMPACT_HEADERS).connect()[0]
    assert [line[:2] for line in text.split("\r\n")[1:5]] == ["v:", "f:", "t:", "i:"]
    assert "\r\nl: 0\r\n" in text


def test_pings_and_twins() -> None:
    assert Desk(DeviceFault.CRLF_PINGS).connect()[1:] == ["\r\n\r\n"]
    first, second = Desk(DeviceFault.SENDS_TWICE).connect()
    assert first == second
