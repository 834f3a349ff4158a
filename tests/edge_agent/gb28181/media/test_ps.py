"""The video of a program stream, whatever its headers say."""

from fractions import Fraction
from io import BytesIO
from typing import Final, Literal

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.nal import Codec
from edge_agent.gb28181.media.ps import MAX_HELD_BYTES, LostBytes, Piece, ProgramStream, VideoPiece
from provisioning.demo.simulators.gb28181.ps import pack_header, pes_flags, pes_times, system_header
from tests.support.gb28181_devices import film

CODECS: Final[dict[Codec, Literal["h264", "hevc"]]] = {"h264": "h264", "h265": "hevc"}

PACK = pack_header(3600)
CODE = b"\0\0\1"
AUDIO = CODE + b"\xc0\0\5hello"


def pes(data: bytes, pts_90k: int | None = None, *, length: int | None = None, stream_id: int = 0xE0) -> bytes:
    times = b"" if pts_90k is None else pes_times(pts_90k, pts_90k)
    body = bytes([0x84, *pes_flags(times)]) + times + data
    return CODE + bytes([stream_id]) + (len(body) if length is None else length).to_bytes(2) + body


def table(code: int, body: bytes, length: int | None = None) -> bytes:
    return CODE + bytes([code]) + (len(body) if length is None else length).to_bytes(2) + body


def psm(*types: int, length: int | None = None, info: int | None = None) -> bytes:
    entries = b"".join(bytes([kind, 0xE0, 0, 0]) for kind in types)
    inner = (len(entries) if info is None else info).to_bytes(2)
    return table(0xBC, b"\xe0\xff\0\0" + inner + entries + b"\x12\x34\x56\x78", length)


def read(*pieces: bytes) -> list[Piece]:
    stream = ProgramStream()
    return [piece for each in pieces for piece in stream.push(each)]


def joined(pieces: list[Piece]) -> list[bytes | None]:
    """What can be read between losses."""
    out: list[bytes | None] = []
    for piece in pieces:
        if isinstance(piece, LostBytes):
            out += [None] if not out or out[-1] is not None else []
        elif out and out[-1] is not None:
            out[-1] += piece.data
        else:
            out.append(piece.data)
    return out


def test_video_with_its_time() -> None:
    assert read(PACK + system_header([0xE0]) + psm(0x1B) + pes(b"abc", 3600) + pes(b"def") + PACK) == [
        VideoPiece(b"abc", 3600),
        VideoPiece(b"def", None),
    ]
    assert read(PACK + pes(b"abc", (1 << 33) - 1)) == [VideoPiece(b"abc", (1 << 33) - 1)]


@pytest.mark.parametrize(
    "between",
    [
        AUDIO,
        table(0xBD, CODE + b"\xe0" + bytes(9)),
        table(0xBE, bytes(40)),
        table(0xBF, b"private"),
        table(0xF9, b"x"),
        CODE + b"\xb9" + PACK,
        bytes(9000),
        AUDIO + bytes(7),
        CODE + b"\xba" + pes(b""),  # a pack header without its ten bytes
        CODE + b"\xba\x44\0\4\0" + pes(b""),
        PACK[:-1] + b"\xfb\xff\xff\xff",  # stuffing
        CODE + b"\xba\x21\0\1\0\1\x80\0\1",  # MPEG-1
        psm(0x1B, length=4),
        psm(0x1B, length=0xFFFF),
        psm(0x1B, info=0x0FFF),
        psm(),
        table(0xBC, b""),
        table(0xBB, b"\x80", 900),
        table(0xBB, b"\x80", 5),
        table(0xC0, b"sound" * 3, 4),
    ],
)
def test_what_is_no_video_is_passed_over(between: bytes) -> None:
    stream = PACK + pes(b"abc", 1) + between + pes(b"def", 2) + bytes(1000) + PACK + pes(b"ghi", 3) + PACK
    expected = [b"abc", b"def", b"ghi"]
    assert [piece.data for piece in read(stream) if isinstance(piece, VideoPiece) and piece.data] == expected
    bytewise = read(*(stream[at : at + 1] for at in range(len(stream))))
    assert [piece.data for piece in bytewise if isinstance(piece, VideoPiece) and piece.data] == expected
    assert not [piece for piece in bytewise if isinstance(piece, LostBytes)]


def test_a_map_claims_types() -> None:
    stream = ProgramStream()
    stream.push(PACK + psm(0x10, 0x90) + PACK)
    assert stream.claimed == {0x10, 0x90}


def test_a_packet_without_a_length_ends_where_the_next_unit_begins() -> None:
    stream = PACK + pes(b"abc\0\0\1\x41def", 5, length=0) + PACK
    assert read(stream) == [VideoPiece(b"abc\0\0\1\x41def", 5)]
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == [VideoPiece(b"abc\0\0\1\x41def", 5)]


def test_a_packet_without_an_end_is_thrown_away() -> None:
    stream = ProgramStream()
    out = list(stream.push(PACK + pes(b"", length=0)))
    for _ in range(MAX_HELD_BYTES // (1 << 20) + 1):
        out += stream.push(b"\xff" * (1 << 20))
        assert stream.held_bytes <= MAX_HELD_BYTES
    assert [type(piece) for piece in out] == [LostBytes, LostBytes, LostBytes]
    assert stream.push(PACK + pes(b"abc"))[-1] == VideoPiece(b"abc", None)


@pytest.mark.parametrize(
    ("packet", "video"),
    [
        # The header's length is wrong: beyond the packet, and beyond the header.
        (CODE + b"\xe0\0\x0f\x84\x80\xf0" + pes_times(7, 7) + b"\0\0\1\x65abc", VideoPiece(b"\0\0\1\x65abc", 7)),
        (CODE + b"\xe0\0\x10\x84\x80\x0d" + pes_times(7, 7) + b"\0\0\0\1\x65abc", VideoPiece(b"\0\0\0\1\x65abc", 7)),
        (CODE + b"\xe0\0\x0f\x84\x80\x0b" + pes_times(7, 7) + b"\xff" * 6 + b"a", VideoPiece(b"a", 7)),
        (CODE + b"\xe0\0\5\x84\x80\xf0ab", LostBytes(11)),
        (CODE + b"\xe0\0\2\x84\x80", LostBytes(8)),
        # The time is cut off, or its marker bits are wrong.
        (CODE + b"\xe0\0\5\x84\x80\0ab", VideoPiece(b"ab", None)),
        (CODE + b"\xe0\0\x0a\x84\x80\5\x20\0\0\0\0ab", VideoPiece(b"ab", None)),
    ],
)
def test_a_header_is_believed_as_far_as_it_can_be(packet: bytes, video: Piece) -> None:
    assert read(PACK + packet + PACK) == [video]


def test_what_belongs_to_nothing_is_lost_up_to_the_next_pack() -> None:
    assert joined(read(b"no stream" + PACK + pes(b"abc") + b"junk" + pes(b"x") + PACK + pes(b"def"))) == [
        None,
        b"abc",
        None,
        b"def",
    ]
    assert joined(read(PACK + pes(b"abc") + b"\0\0\1\x65" + pes(b"x") + PACK + pes(b"def"))) == [b"abc", None, b"def"]
    # A header of no known form
    assert joined(read(PACK + CODE + b"\xba" + b"\xff" * 20 + pes(b"x") + PACK + pes(b"def"))) == [None, b"def"]


def test_a_unit_behind_which_nothing_is_found_is_given_up() -> None:
    stream = ProgramStream()
    out = list(stream.push(PACK + table(0xBD, b"\xff" * 100, 4)))
    for _ in range(3):
        out += stream.push(b"\xff" * 30_000)
    assert joined(out) == [None]
    assert stream.push(PACK + pes(b"abc"))[-1] == VideoPiece(b"abc", None)


def test_when_bytes_are_missing_what_is_there_of_a_packet_is_given() -> None:
    stream = ProgramStream()
    assert stream.reset() is None
    stream.push(PACK + pes(b"abcdef", 5)[:-2])
    assert not stream.is_at_boundary
    assert stream.reset() == VideoPiece(b"abcd", 5)
    assert stream.is_at_boundary
    assert stream.push(pes(b"x")) == [LostBytes(7)]
    stream.push(PACK + AUDIO[:-1])
    assert stream.reset() is None
    stream.push(PACK + pes(b"")[:-2])
    assert stream.reset() is None
    stream.push(PACK + CODE + b"\xe0\0\xff\x84\x80\xf0ab")
    assert stream.reset() is None


@given(
    st.lists(
        st.sampled_from([PACK, AUDIO, CODE, b"\0", b"\xba", b"\xe0", pes(b"abc"), psm(0x1B), b"junk"])
        | st.binary(max_size=20)
    )
)
def test_anything_gives_pieces_and_any_cuts_the_same(parts: list[bytes]) -> None:
    stream = b"".join(parts) + bytes(40) + PACK
    bytewise = ProgramStream()
    pieces: list[Piece] = []
    for at in range(len(stream)):
        pieces += bytewise.push(stream[at : at + 1])
        assert bytewise.held_bytes <= len(stream)
    assert joined(pieces) == joined(read(stream))


def test_packets_of_mpeg_1_have_headers_of_their_own() -> None:
    kinds = [b"\xff\xff\x60\x2e" + pes_times(3600, 3600), pes_times(7200, 3600), b"\x60\x2e\x0f", b"\x0f"]
    assert read(PACK + b"".join(table(0xE0, kind + b"abcde") for kind in kinds) + PACK) == [
        VideoPiece(b"abcde", 3600),
        VideoPiece(b"abcde", 7200),
        VideoPiece(b"abcde", None),
        VideoPiece(b"abcde", None),
    ]


@pytest.mark.parametrize("rest", [b"\xff" * 16, b"\xff\xff", bytes(5), b"\x10" * 5])
@pytest.mark.parametrize("first", [b"\xff\xff\0", b"\x40\0\0", b"\x20\0\0", b"\x10\0\0"])
def test_a_header_of_neither_kind_has_the_length_that_it_says(first: bytes, rest: bytes) -> None:
    assert read(PACK + table(0xE0, first + rest) + PACK) == [VideoPiece(rest, None)]


@pytest.mark.parametrize(("codec", "name"), CODECS.items())
def test_what_ffmpeg_writes_in_mpeg_1_is_what_it_was_given(codec: Codec, name: Literal["h264", "hevc"]) -> None:
    written = BytesIO()
    with av.open(written, "w", format="mpeg") as container:
        stream = container.add_stream(name, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for unit in film(codec).units:
            packet = av.Packet(unit.data)
            packet.stream, packet.time_base = stream, Fraction(1, 90_000)
            packet.pts, packet.dts = unit.pts_90k, unit.dts_90k
            container.mux(packet)
    assert joined(read(written.getvalue())) == [b"".join(unit.data for unit in film(codec).units)]
