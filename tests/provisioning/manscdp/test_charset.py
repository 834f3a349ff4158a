"""Which of three codings a text is in, and what a wrong answer costs."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.manscdp import charset
from provisioning.sip.edition import Version

COMMON = [
    bytes([row, cell]).decode("gb2312")
    for row in range(0xB0, 0xD8)
    for cell in range(0xA1, 0xFF)
    if (row, cell) < (0xD7, 0xFA)
]


def labelled(label: str, name: str) -> str:
    return f'<?xml version="1.0" encoding="{label}"?>\n<Notify>{name}</Notify>'


def test_the_common_hanzi_are_all_there() -> None:
    assert len(COMMON) == 3755


@pytest.mark.parametrize("coding", ["gb2312", "utf-8"])
@pytest.mark.parametrize("length", [1, 2, 3, 6])
def test_a_lying_label_harms_no_short_name(coding: str, length: int) -> None:
    chance = random.Random(length)
    names = ["".join(chance.choices(COMMON, k=length)) for _ in range(1000)]
    bodies = [labelled("GB2312", name) for name in names]
    assert [charset.decode(body.encode(coding)) for body in bodies] == bodies


def test_what_a_two_byte_character_of_utf_8_is_depends_on_the_label_alone() -> None:
    assert charset.decode(labelled("GB2312", "联通").encode("gb2312")) == labelled("GB2312", "联通")
    assert charset.decode(labelled("UTF-8", "é").encode("utf-8")) == labelled("UTF-8", "é")
    assert charset.decode("é".encode()) == "é"
    # A label that lies over a dot between hanzi, which GB2312 would not read:
    assert charset.decode(labelled("gbk", "雅·").encode("utf-8")) == labelled("gbk", "雅·")


def test_a_longer_text_is_not_asked_for_its_label() -> None:
    assert charset.decode(labelled("GB2312", "éüö·").encode("utf-8")) == labelled("GB2312", "éüö·")


def test_every_character_goes_out() -> None:
    assert charset.encode("萳㐀𠀀é").decode("gb18030") == "萳㐀𠀀é"
    assert charset.encode("\ud800") == b"?"


@pytest.mark.parametrize(("version", "label"), [(Version.V2016, "GB2312"), (Version.V2022, "GB18030")])
def test_the_label_that_we_write(version: Version, label: str) -> None:
    assert charset.declaration(version) == f'<?xml version="1.0" encoding="{label}"?>'


@given(st.binary(max_size=200))
def test_any_bytes_are_some_text(body: bytes) -> None:
    assert "\0" not in charset.decode(body)


@given(st.text(alphabet=COMMON, min_size=4, max_size=60))
def test_utf_8_is_utf_8(text: str) -> None:
    assert charset.decode(labelled("GB2312", text).encode("utf-8")) == labelled("GB2312", text)
