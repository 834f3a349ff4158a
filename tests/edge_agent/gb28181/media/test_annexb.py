"""Access units, and only whole ones."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.media.annexb import MAX_TIMES, MAX_UNIT_BYTES, AccessUnits, Broken, Cut, Unit
from edge_agent.gb28181.media.nal import Codec
from tests.edge_agent.gb28181.nal_text import SETS, START, key, plain

CODECS: tuple[Codec, ...] = ("h264", "h265")
both = pytest.mark.parametrize("codec", CODECS)


def read(units: AccessUnits, *pieces: bytes) -> list[Cut]:
    return [cut for number, piece in enumerate(pieces) for cut in units.push(piece, number)]


def whole(codec: Codec, data: bytes, *, is_keyframe: bool = False, pts_90k: int | None = 0) -> Unit:
    return Unit(codec, data, is_keyframe, pts_90k)


@both
def test_a_picture_ends_where_the_next_begins(codec: Codec) -> None:
    pictures = [key(codec, slices=3), plain(codec, 5, slices=2), plain(codec, 9), key(codec, 11)]
    units = AccessUnits()
    assert read(units, *pictures) == [
        whole(codec, pictures[0], is_keyframe=True, pts_90k=0),
        whole(codec, pictures[1], pts_90k=1),
        whole(codec, pictures[2], pts_90k=2),
    ]
    assert units.held_bytes == len(pictures[3])


@both
def test_a_delimiter_begins_a_picture_and_what_follows_one_belongs_to_it(codec: Codec) -> None:
    delimiter, tail = (b"\x09\xf0", b"\x0c\xff\x80") if codec == "h264" else (b"\x46\x01\x50", b"\x50\x01\x80")
    pictures = [key(codec) + START + tail, *(START + delimiter + plain(codec, n) + START + tail for n in range(3))]
    assert read(AccessUnits(), *pictures) == [
        whole(codec, picture, is_keyframe=number == 0, pts_90k=number) for number, picture in enumerate(pictures[:3])
    ]


def test_times_belong_to_the_picture_that_begins_there() -> None:
    units = AccessUnits()
    pieces: list[tuple[bytes, int | None]] = [
        (key("h264")[:40] + b"", 10),
        (key("h264")[40:] + b"\0", None),  # the zero of the next start code stands in another piece
        (plain("h264")[1:] + plain("h264"), 20),
        (b"", 25),
        (plain("h264"), 30),
        (plain("h264") * 2, None),
    ]
    out = [cut for data, pts_90k in pieces for cut in units.push(data, pts_90k)]
    assert [cut.pts_90k for cut in out if isinstance(cut, Unit)] == [10, 20, 20, 30, None]


@both
def test_nothing_comes_before_a_parameter_set(codec: Codec) -> None:
    units = AccessUnits()
    assert read(units, plain(codec), key(codec, sets=False), plain(codec)) == []
    assert units.codec is None
    assert units.mark() is None
    assert read(units, key(codec), plain(codec)) == [whole(codec, key(codec), is_keyframe=True)]


@both
def test_a_keyframe_without_its_sets_gets_those_that_came_once(codec: Codec) -> None:
    units = AccessUnits()
    sets = b"".join(START + unit for unit in SETS[codec])
    assert read(units, sets, key(codec, sets=False), key(codec, 3, sets=False), plain(codec)) == [
        whole(codec, key(codec), is_keyframe=True),
        whole(codec, key(codec, 3), is_keyframe=True, pts_90k=2),
    ]
    # Nobody misses them behind missing bytes either.
    units.reset()
    assert read(units, key(codec, 5, sets=False), plain(codec)) == [whole(codec, key(codec, 5), is_keyframe=True)]


@both
def test_a_keyframe_that_has_lost_its_sets_is_none(codec: Codec) -> None:
    units = AccessUnits()
    read(units, key(codec), plain(codec))
    units.reset()
    assert read(units, key(codec, 7, sets=False), plain(codec)) == [whole(codec, key(codec, 7, sets=False))]
    # A part of them is not enough either.
    cut = START + SETS[codec][-1] + key(codec, 9, sets=False)
    read(units, key(codec, 8), plain(codec))
    units.reset()
    assert read(units, cut, plain(codec)) == [whole(codec, cut)]


@both
def test_a_keyframe_whose_sets_never_came_is_none(codec: Codec) -> None:
    some = START + SETS[codec][0] + key(codec, sets=False)
    assert read(AccessUnits(), some, plain(codec)) == [whole(codec, some)]
    # One that is too long is not kept.
    long = START + SETS[codec][0] + b"\xff" * 5000 + key(codec)[len(START) + len(SETS[codec][0]) :]
    assert read(AccessUnits(), long, plain(codec)) == [whole(codec, long)]


@both
def test_a_picture_whose_first_slice_is_missing_is_none(codec: Codec) -> None:
    units = AccessUnits()
    read(units, key(codec), plain(codec))
    units.reset()
    second, third = key(codec, 5, slices=3).split(START)[-2:]
    assert [type(cut) for cut in read(units, START + second, START + third, plain(codec))] == [Broken, Broken]


def test_a_picture_of_intra_slices_behind_an_sps_is_a_keyframe() -> None:
    sets = b"".join(START + unit for unit in SETS["h264"])
    intra = sets + START + b"\x41\x88\x84" + bytes(range(1, 9))
    inter = sets + plain("h264")
    assert read(AccessUnits(), intra, inter, plain("h264")) == [
        whole("h264", intra, is_keyframe=True),
        whole("h264", inter, pts_90k=1),
    ]


@both
def test_a_unit_with_its_forbidden_bit_set_is_damage(codec: Codec) -> None:
    units = AccessUnits()
    picture = plain(codec)
    out = read(units, key(codec), picture, picture + START + b"\xe0\0\x80", picture, picture)
    assert [type(cut) for cut in out] == [Unit, Unit, Broken, Unit]


@pytest.mark.parametrize(("before", "after"), [CODECS, CODECS[::-1]])
def test_a_device_that_changes_its_codec_is_followed_at_the_second_keyframe(before: Codec, after: Codec) -> None:
    units = AccessUnits()
    read(units, key(before), plain(before))
    out = read(units, plain(before), key(after), plain(after), key(after, 3), plain(after), plain(after))
    damaged = next(number for number, cut in enumerate(out) if isinstance(cut, Broken))
    came = [cut for cut in out[damaged:] if isinstance(cut, Unit)]
    assert came[0] == whole(after, key(after, 3), is_keyframe=True, pts_90k=3)
    assert {cut.codec for cut in came} == {after}


def test_a_slip_is_forgotten_when_the_codec_is_told_again() -> None:
    units = AccessUnits()
    slip = START + b"\x42\x01\x01"
    for _ in range(3):
        read(units, key("h264"), slip, plain("h264"))
    assert units.codec == "h264"


@both
def test_marks_are_believed_when_they_were_right_for_long(codec: Codec) -> None:
    units = AccessUnits()
    pictures = [key(codec, slices=2), *(plain(codec, number) for number in range(12))]
    came = []
    for number, picture in enumerate(pictures):
        came.append([units.push(picture, number), units.mark()])
    expected = [
        whole(codec, picture, is_keyframe=number == 0, pts_90k=number) for number, picture in enumerate(pictures)
    ]
    # The ninth is the first of which it is known that eight marks before were right.
    assert came[:8] == [[[], None], *([[unit], None] for unit in expected[:7])]
    assert came[8:] == [[[expected[7]], expected[8]], *([[], unit] for unit in expected[9:])]


@both
def test_marks_behind_each_slice_are_never_believed(codec: Codec) -> None:
    units = AccessUnits()
    for number in range(30):
        for piece in plain(codec, number, slices=2).split(START)[1:] if number else [key(codec)[len(START) :]]:
            units.push(START + piece, number)
            assert units.mark() is None


@pytest.mark.parametrize("rest", [START + b"\x41\x1a\x24", b"\x5a\x5a" + plain("h264")])
def test_a_believed_mark_that_was_wrong_is_damage(rest: bytes) -> None:
    units = AccessUnits()
    for number, picture in enumerate([key("h264"), *[plain("h264")] * 12]):
        units.push(picture, number)
        units.mark()
    assert Broken(0) in read(units, rest + bytes(8))
    units.push(plain("h264"), 0)
    assert units.mark() is None


@both
def test_a_picture_without_an_end_is_thrown_away(codec: Codec) -> None:
    units = AccessUnits()
    read(units, key(codec), plain(codec))
    out: list[Cut] = []
    for _ in range(5):
        out += units.push(b"\xff" * (1 << 20), None)
        assert units.held_bytes <= MAX_UNIT_BYTES
    assert [type(cut) for cut in out] == [Broken]


def test_empty_pieces_take_no_memory() -> None:
    units = AccessUnits()
    for number in range(1000):
        units.push(b"", number)
    assert len(units._times) == 1


def cut_at(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(data[at : at + cut])
        at += cut
    return [*pieces, data[at:]]


@given(st.lists(st.integers(0, 60), max_size=60), st.sampled_from(CODECS))
def test_any_cuts_give_the_same_pictures(cuts: list[int], codec: Codec) -> None:
    stream = (
        key(codec, slices=2)
        + b"\0"
        + plain(codec)
        + plain(codec, 4, slices=3)
        + bytes(5)
        + key(codec, 9)
        + plain(codec)
    )
    expected = [(cut.data, cut.is_keyframe) for cut in read(AccessUnits(), stream) if isinstance(cut, Unit)]
    out = read(AccessUnits(), *cut_at(stream, cuts))
    assert [(cut.data, cut.is_keyframe) for cut in out if isinstance(cut, Unit)] == expected
    assert len(expected) == 4


_PARTS = [key("h264"), key("h265"), plain("h264"), plain("h265"), START, START + b"\xba\0\0", b"\0", b"x" * 50]


@given(st.lists(st.sampled_from(_PARTS) | st.binary(max_size=20) | st.none() | st.booleans()))
def test_anything_gives_cuts(parts: list[bytes | bool | None]) -> None:
    units = AccessUnits()
    total = 0
    for part in parts:
        if part is None:
            units.reset()
        elif isinstance(part, bool):
            units.mark()
        else:
            total += len(part)
            for cut in units.push(part, None):
                assert isinstance(cut, Broken) or cut.data
        assert units.held_bytes <= total


def test_times_are_kept_once_and_a_picture_of_too_many_is_none() -> None:
    units = AccessUnits()
    assert read(units, key("h264")) == []
    for _ in range(2 * MAX_TIMES):
        assert units.push(b"x", 7) == []
    cuts = [cut for number in range(MAX_TIMES) for cut in units.push(b"x", number)]
    assert len(cuts) == 1
    assert isinstance(cuts[0], Broken)
    assert units.held_bytes < MAX_TIMES
