"""RTP out of a TCP connection, in either framing, cut anywhere, and with parts of it missing."""

import struct
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.rtp_tcp import MAX_HELD_BYTES, MAX_LOST_BYTES, FramingError, TcpFramer


def packet(sequence: int, payload: bytes = b"some payload", ssrc: int = 5, kind: int = 96) -> bytes:
    return struct.pack(">BBHII", 0x80, kind, sequence, 3600, ssrc) + payload


PACKETS = [packet(number, bytes([number]) * (20 + number)) for number in range(8)]


def framed(packets: Iterable[bytes], *, dollar: bool = False) -> bytes:
    return b"".join((b"$\0" if dollar else b"") + len(each).to_bytes(2) + each for each in packets)


def read(*pieces: bytes) -> list[bytes]:
    framer = TcpFramer()
    return [each for piece in pieces for each in framer.push(piece)] + framer.flush()


@pytest.mark.parametrize("dollar", [False, True])
@pytest.mark.parametrize("head", [b"", b"\x01\x00\x02" + bytes(253)])
def test_each_way_of_framing_at_once_and_byte_by_byte(head: bytes, dollar: bool) -> None:
    stream = head + framed(PACKETS, dollar=dollar)
    assert read(stream) == PACKETS
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == PACKETS


def test_a_length_that_begins_with_a_dollar_is_a_length() -> None:
    large = packet(1, bytes(0x2400 - 12))
    assert read(framed([large, packet(2)])) == [large, packet(2)]


def test_a_packet_counts_when_another_stands_where_it_ends() -> None:
    framer = TcpFramer()
    assert framer.push(framed(PACKETS[:1])) == []
    assert framer.is_waiting
    assert framer.push(framed(PACKETS[1:2])[:14]) == PACKETS[:1]
    assert not framer.is_waiting
    assert framer.flush() == []


def test_a_packet_that_was_filled_up_with_the_next_one_does_not_count() -> None:
    stream = framed(PACKETS[:3]) + framed(PACKETS[3:4])[:20] + framed(PACKETS[4:])
    framer = TcpFramer()
    assert [*framer.push(stream), *framer.flush()] == PACKETS[:3] + PACKETS[5:]
    assert framer.lost_bytes > 0


def test_it_goes_on_at_a_pack_where_no_ssrc_is_found() -> None:
    other = [packet(number, b"\0\0\1\xba" + bytes(30), ssrc=9) for number in range(3)]
    assert read(framed(PACKETS[:2]) + b"nonsense and more" + framed(other)) == [PACKETS[0], *other]


def test_two_streams_and_reports_share_a_connection() -> None:
    mixed = [packet(1), packet(1, ssrc=9, kind=8), packet(2, ssrc=9, kind=8), packet(2), packet(1, ssrc=11, kind=200)]
    assert read(framed([*mixed, packet(3)])) == [*mixed, packet(3)]
    several = [packet(number, ssrc=number // 2) for number in range(14)]
    stream = framed(several)
    assert read(stream) == several
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == several


def test_a_packet_of_another_ssrc_by_itself_is_none() -> None:
    assert read(framed([packet(1), packet(1, ssrc=9)]) + b"no more of RTP here...") == []
    # Nor does its SSRC alone make one.
    assert read(framed(PACKETS[:2]) + b"not a header\0\0\0\5" + framed(PACKETS[2:])) == [PACKETS[0], *PACKETS[2:]]
    # `$` is missing where one should be
    assert read(framed(PACKETS[:2], dollar=True) + framed(PACKETS[2:3]) + framed(PACKETS[3:], dollar=True)) == [
        PACKETS[0],
        *PACKETS[3:],
    ]


def test_what_begins_otherwise_is_given_up() -> None:
    with pytest.raises(FramingError, match="16 03 01 02 00"):
        TcpFramer().push(b"\x16\x03\x01\x02\x00\x01\x00")


def test_what_makes_no_sense_for_too_long_is_given_up() -> None:
    framer = TcpFramer()
    framer.push(framed(PACKETS))
    framer.push(b"\xff" * (MAX_LOST_BYTES // 2))
    with pytest.raises(FramingError, match="bytes in a row"):
        framer.push(b"\xff" * MAX_LOST_BYTES)


@given(st.lists(st.binary(max_size=60), max_size=30), st.booleans(), st.sampled_from([b"", framed(PACKETS[:2])]))
def test_anything_gives_packets_or_one_error(pieces: list[bytes], dollar: bool, head: bytes) -> None:
    framer = TcpFramer()
    try:
        for piece in [head, *pieces, *([framed(pieces, dollar=dollar)] if dollar else [])]:
            for each in framer.push(piece):
                assert len(each) >= 12
                assert each[0] >> 6 == 2
            assert framer.held_bytes <= MAX_HELD_BYTES
    except FramingError:
        pass


@given(st.lists(st.integers(1, 400), max_size=40), st.booleans())
def test_any_cuts_give_the_same_packets(cuts: list[int], dollar: bool) -> None:
    stream = framed(PACKETS[:3], dollar=dollar) + b"lost" + framed(PACKETS[3:], dollar=dollar)
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(stream[at : at + cut])
        at += cut
    assert read(*pieces, stream[at:]) == read(stream)
