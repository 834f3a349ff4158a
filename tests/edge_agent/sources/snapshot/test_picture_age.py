"""A picture's age is read from EXIF that another program wrote and from headers; foreign bytes tell nothing."""

import struct
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge_agent.sources.snapshot.picture_age import age_s, exif_times
from tests.edge_agent.pictures import JPEG, saved

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
DAY_S = 24 * 3600


def taken(text: str, offset: str = "", tag: int = 0x9003) -> bytes:
    """A JPEG with this time in its EXIF."""
    exif = Image.Exif()
    if tag == 0x0132:
        exif[tag] = text
    else:
        exif.get_ifd(0x8769)[tag] = text
    if offset:
        exif.get_ifd(0x8769)[{0x9003: 0x9011, 0x9004: 0x9012, 0x0132: 0x9010}[tag]] = offset
    return saved(Image.new("RGB", (64, 48)), "JPEG", exif=exif)


def http(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


@pytest.mark.parametrize("tag", [0x9003, 0x9004, 0x0132])
def test_a_time_with_a_zone_is_one_moment(tag: int) -> None:
    assert exif_times(taken("2026:11:28 14:00:00", "+08:00", tag)) == [NOW - timedelta(days=1)]


def test_without_a_zone_it_is_utc_or_chinas_and_the_younger_is_believed() -> None:
    assert age_s(taken("2026:11:29 14:00:00"), "", "", NOW_MS) == 0
    assert age_s(taken("2026:11:29 06:00:00"), "", "", NOW_MS) == 0
    assert age_s(taken("2026:11:28 14:00:00"), "", "", NOW_MS) == pytest.approx(16 * 3600)


def test_headers_tell_the_age_by_the_cameras_own_clock() -> None:
    wrong = NOW - timedelta(days=4000)
    assert age_s(JPEG, http(wrong), http(wrong), NOW_MS) == 0
    assert age_s(JPEG, http(wrong - timedelta(days=1)), http(wrong), NOW_MS) == DAY_S
    assert age_s(JPEG, http(NOW - timedelta(days=1)), "", NOW_MS) == DAY_S
    local = f"{wrong + timedelta(hours=8):%Y:%m:%d %H:%M:%S}"
    assert age_s(taken(local), "", http(wrong), NOW_MS) == 0


@pytest.mark.parametrize(
    "data",
    [
        JPEG,
        b"",
        b"\xff\xd8\xff\xe1",
        taken("0000:00:00 00:00:00"),
        taken("yesterday"),
        taken("0001:01:01 00:00:00", "+14:00"),
        taken("2026:11:29 14:00:00", "+99:99"),
    ],
    ids=["no-exif", "empty", "cut", "no-clock", "words", "before-time", "no-zone"],
)
def test_what_tells_no_time_is_not_old(data: bytes) -> None:
    assert exif_times(data) == []
    assert age_s(data, "gestern", "", NOW_MS) == 0


def test_a_directory_of_both_byte_orders_is_read() -> None:
    found = taken("2026:11:28 14:00:00", "+08:00")
    start = found.index(b"Exif\0\0") + 6
    assert found[start : start + 2] in {b"II", b"MM"}
    text = b"2026:11:28 14:00:00\0"
    for order, mark in (("<", b"II*\0"), (">", b"MM\0*")):
        entry = struct.pack(f"{order}HHII", 0x0132, 2, len(text), 26)
        tiff = mark + struct.pack(f"{order}IH", 8, 1) + entry + struct.pack(f"{order}I", 0) + text
        body = b"Exif\0\0" + tiff
        assert len(exif_times(b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body)) == 2


@given(st.binary(max_size=600), st.text(max_size=40), st.text(max_size=40))
def test_no_bytes_raise(data: bytes, modified: str, date: str) -> None:
    body = b"Exif\0\0" + data
    for prefix in (b"", b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body):
        assert age_s(prefix + data, modified, date, NOW_MS) >= 0


@given(st.integers(0, 250), st.binary(min_size=1, max_size=12))
def test_no_damage_of_real_exif_raises(at: int, damage: bytes) -> None:
    data = taken("2026:11:28 14:00:00", "+08:00")
    assert len(exif_times(data[:at] + damage + data[at + len(damage) :])) <= 2
