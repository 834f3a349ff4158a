"""RTP's header, and what else comes to its port."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.rtp import Noise, Packet, SenderReport, parse, sender_report

HEAD = struct.pack(">BBHII", 0x80, 0xE0, 7, 3600, 200_000_001)
REPORT = struct.pack(">BBHIQIII", 0x80, 200, 6, 5, (2_208_988_800 + 1000) << 32 | 1 << 31, 3600, 0, 0)


def test_a_plain_packet() -> None:
    assert parse(HEAD + b"abc") == Packet(96, True, 7, 3600, 200_000_001, b"abc")


@pytest.mark.parametrize(
    ("first", "rest", "payload"),
    [
        (0x80, b"", b""),
        (0x82, bytes(8) + b"abc", b"abc"),  # two contributing sources
        (0x90, b"\xbe\xde\0\1" + bytes(4) + b"abc", b"abc"),  # an extension of one word
        (0xA0, b"abc\0\0\3", b"abc"),  # padding
        (0xB1, bytes(4) + b"\xbe\xde\0\0abc\1", b"abc"),  # all of them
    ],
)
def test_what_stands_around_the_payload_is_no_part_of_it(first: int, rest: bytes, payload: bytes) -> None:
    packet = parse(bytes([first]) + HEAD[1:] + rest)
    assert isinstance(packet, Packet)
    assert packet.payload == payload


@pytest.mark.parametrize(
    ("data", "noise"),
    [
        (b"", Noise.SHORT),
        (HEAD[:-1], Noise.SHORT),
        (b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\n", Noise.SIP),
        (b"\nSIP/2.0 200 OK\r\nVia: x", Noise.SIP),
        (b"GET / HTTP/1.1\r\n", Noise.OTHER),
        (REPORT, Noise.RTCP),
        (b"\x8f" + HEAD[1:] + b"abc", Noise.OTHER),  # fifteen contributing sources in three bytes
        (b"\x90" + HEAD[1:] + b"ab", Noise.OTHER),
        (b"\xa0" + HEAD[1:] + b"abc\0", Noise.OTHER),  # padding of no bytes
        (b"\xa0" + HEAD[1:] + b"abc\xff", Noise.OTHER),
    ],
)
def test_noise_has_a_name(data: bytes, noise: Noise) -> None:
    assert parse(data) is noise


def test_a_sender_report_ties_timestamps_to_a_clock() -> None:
    assert sender_report(REPORT) == SenderReport(5, 1_000_500.0, 3600)
    assert sender_report(REPORT[:8] + bytes(8) + REPORT[16:]) is None  # from a device that knows no time


@pytest.mark.parametrize(
    "data", [REPORT[:19], b"\x40" + REPORT[1:], REPORT[:1] + b"\xc9" + REPORT[2:]], ids=["short", "version", "receiver"]
)
def test_other_reports_are_none(data: bytes) -> None:
    assert sender_report(data) is None


@given(st.binary(max_size=80))
def test_anything_is_a_packet_or_noise(data: bytes) -> None:
    packet = parse(data)
    assert isinstance(packet, Noise) or data.find(packet.payload) >= 0
    sender_report(data)
