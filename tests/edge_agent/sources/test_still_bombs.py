"""Files that are small and unpack to much, and files that are two things at once: refused before they are decoded."""

import re
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge_agent.frames import SkipReason
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.still import MAX_NEED_BYTES, Still, decode_still
from tests.edge_agent.pictures import BMP, JPEG, PNG, PROGRESSIVE, saved, segments
from tests.edge_agent.world import noise

MIB = 1024 * 1024


def refusal(data: bytes) -> UnusablePictureError:
    with pytest.raises(UnusablePictureError) as caught:
        Still(data)
    return caught.value


def resized(jpeg: bytes, width: int, height: int) -> bytes:
    """The same with another size in its frame header."""
    at = next(place for place in range(len(jpeg)) if jpeg[place] == 0xFF and jpeg[place + 1] in {0xC0, 0xC2})
    data = bytearray(jpeg)
    struct.pack_into(">HH", data, at + 5, height, width)
    return bytes(data)


@pytest.mark.parametrize(("width", "height"), [(65535, 65535), (16385, 16), (16, 16385)])
def test_a_side_over_the_bound_is_refused_by_its_header_alone(width: int, height: int) -> None:
    error = refusal(resized(JPEG, width, height))
    assert error.reason is SkipReason.TOO_LARGE
    assert f"{width}×{height}" in str(error)


@pytest.mark.parametrize("size", [(0, 96), (160, 0)])
def test_no_size_is_damage(size: tuple[int, int]) -> None:
    assert refusal(resized(JPEG, *size)).reason is SkipReason.BROKEN
    for data, layout, at in ((PNG, ">II", 16), (BMP, "<ii", 18)):
        empty = bytearray(data)
        struct.pack_into(layout, empty, at, *size)
        assert refusal(bytes(empty[: at + 40] if data is BMP else empty)).reason is SkipReason.BROKEN


@pytest.mark.parametrize("side", [16, 17])
def test_small_pictures_come_whole(side: int) -> None:
    small = cv2.imencode(".jpg", noise(1)[:side, :side])[1].tobytes()
    assert decode_still(small).shape == (side, side, 3)


@pytest.mark.parametrize("size", [(1, 1), (15, 15), (16384, 1), (1, 16384), (256, 1), (4096, 200)])
def test_what_shows_nothing_or_is_a_strip_is_refused_by_its_header_alone(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = np.zeros((size[1], size[0], 3), np.uint8)
    files = [cv2.imencode(kind, strip)[1].tobytes() for kind in (".jpg", ".png", ".bmp")]
    monkeypatch.setattr(cv2, "imdecode", None)
    assert [(refusal(data).reason, f"{size[0]}×{size[1]} px" in str(refusal(data))) for data in files] == [
        (SkipReason.SHAPE, True)
    ] * 3


@pytest.mark.parametrize(
    ("width", "height", "divisor"), [(8192, 8192, 1), (8193, 8192, 2), (12000, 14448, 2), (16384, 16384, 2)]
)
def test_what_is_over_64_megapixels_comes_at_half_size(width: int, height: int, divisor: int) -> None:
    still = Still(resized(JPEG, width, height))
    assert still.need_bytes == 6 * -(-width // divisor) * -(-height // divisor)
    assert still.need_bytes <= MAX_NEED_BYTES


def test_a_progressive_picture_is_counted_with_its_coefficients() -> None:
    # 4:2:0 keeps 3 bytes a pixel until the last scan: what does not fit comes smaller, and what never fits not at all.
    assert Still(resized(PROGRESSIVE, 8192, 8192)).need_bytes == 8192 * 8192 * 6
    assert Still(resized(PROGRESSIVE, 12000, 14448)).need_bytes == 750 * 903 * 6 * 128 + 1500 * 1806 * 3
    assert refusal(resized(PROGRESSIVE, 16000, 14000)).reason is SkipReason.TOO_LARGE


MEASURE = """
import sys
from edge_agent.sources.still import Still
def peak_kib():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
data = sys.stdin.buffer.read()
before = peak_kib()
still = Still(data)
image = still.pixels()
print(*image.shape, (peak_kib() - before) * 1024, still.need_bytes)
"""


def measured(data: bytes) -> tuple[int, int, int, int]:
    """Height and width as decoded, memory that it took, memory that was said."""
    done = subprocess.run([sys.executable, "-c", MEASURE], input=data, capture_output=True, check=True)
    height, width, _, grown_bytes, need_bytes = map(int, done.stdout.split())
    return height, width, grown_bytes, need_bytes


def tall(width: int, height: int) -> bytes:
    """A grey JPEG of any height, its rows of blocks repeated by way of restart markers."""
    stripes = Image.fromarray(np.ascontiguousarray(noise(1, width, 64)[..., 0]))
    *head, last = segments(saved(stripes, "JPEG", restart_marker_rows=1))
    header = struct.unpack_from(">H", last, 2)[0] + 2
    rows = re.split(rb"\xff[\xd0-\xd7]", last[header:])
    assert len(rows) == 8
    data = b"".join(rows[row % 8] + bytes([0xFF, 0xD0 + row % 8]) for row in range(height // 8))
    return resized(b"\xff\xd8" + b"".join(head) + last[:header] + data[:-2] + b"\xff\xd9", width, height)


def test_a_picture_of_173_megapixels_comes_at_half_size_in_the_memory_that_was_said() -> None:
    height, width, grown_bytes, need_bytes = measured(tall(12000, 14448))
    assert (height, width) == (7224, 6000)
    assert 130_000_000 < grown_bytes <= need_bytes + 16 * MIB
    assert need_bytes == 6 * 7224 * 6000


def test_a_progressive_picture_takes_the_memory_that_was_said() -> None:
    _, _, grown_bytes, need_bytes = measured(
        cv2.imencode(".jpg", noise(1, 4000, 2400), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    )
    assert 0.8 * need_bytes < grown_bytes <= need_bytes + 16 * MIB


def test_too_many_scans_are_refused() -> None:
    *others, last = segments(PROGRESSIVE)
    assert decode_still(b"\xff\xd8" + b"".join(others) + last * 10 + b"\xff\xd9").shape == (96, 160, 3)
    assert "scans" in str(refusal(b"\xff\xd8" + b"".join(others) + last * 30 + b"\xff\xd9"))


def test_too_many_segments_are_refused() -> None:
    assert "segments" in str(refusal(JPEG[:2] + b"\xff\xfe\x00\x02" * 2000 + JPEG[2:]))
    assert decode_still(JPEG[:2] + b"\xff" * 5000 + JPEG[2:]).shape == (96, 160, 3)  # fill bytes are free


@pytest.mark.parametrize("kind", [0xC3, 0xC5, 0xC9, 0xCA, 0xCF])
def test_lossless_hierarchical_and_arithmetic_coding_are_not_read(kind: int) -> None:
    at = JPEG.index(b"\xff\xc0")
    assert "kind" in str(refusal(JPEG[: at + 1] + bytes([kind]) + JPEG[at + 2 :]))


@pytest.mark.parametrize(
    ("offset", "value"), [(4, 12), (4, 16), (9, 2), (11, 0x00), (11, 0x05), (11, 0x50), (14, 0x10)]
)
def test_a_frame_header_that_makes_no_sense_is_refused(offset: int, value: int) -> None:
    data = bytearray(JPEG)
    data[data.index(b"\xff\xc0") + offset] = value
    assert refusal(bytes(data)).reason is SkipReason.BROKEN


def test_two_sizes_in_one_file_are_refused() -> None:
    at = JPEG.index(b"\xff\xc0")
    (length,) = struct.unpack_from(">H", JPEG, at + 2)
    segment = JPEG[at : at + 2 + length]
    assert "second frame header" in str(refusal(JPEG[:at] + segment + JPEG[at:]))


def test_a_picture_within_a_picture_is_refused() -> None:
    assert "another picture" in str(refusal(JPEG[:2] + JPEG))
    assert "another picture" in str(refusal(JPEG[:-2] + JPEG))


ARCHIVE = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)


@pytest.mark.parametrize("picture", [JPEG, PROGRESSIVE, PNG, BMP], ids=["jpeg", "progressive", "png", "bmp"])
@pytest.mark.parametrize(
    "tail", [JPEG, PNG, ARCHIVE, b"\n<HTML><script>", b"%PDF-1.7", b"GIF89a", bytes(range(256)) * 17]
)
def test_a_picture_with_something_behind_it_is_refused(picture: bytes, tail: bytes) -> None:
    error = refusal(picture + tail)
    assert error.reason is SkipReason.BROKEN
    assert "followed by" in str(error)


@pytest.mark.parametrize("picture", [JPEG, PROGRESSIVE, PNG, BMP], ids=["jpeg", "progressive", "png", "bmp"])
@pytest.mark.parametrize("tail", [b"\0" * 10**6, b"\xff" * 7, b"\r\n", b"camera 7 " * 30])
def test_padding_and_a_short_note_are_cut_off(picture: bytes, tail: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    decode = cv2.imdecode

    def spy(data: NDArray[np.uint8], flags: int) -> object:
        seen.append(data.size)
        return decode(data, flags)

    monkeypatch.setattr(cv2, "imdecode", spy)
    assert decode_still(picture + tail).shape == (96, 160, 3)
    assert seen == [len(picture)]


def test_an_animated_png_is_refused() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    animated = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100)
    assert "animated" in str(refusal(animated))


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(b"IEND")],
        [chunk(b"IDAT"), chunk(b"IHDR", bytes(13)), chunk(b"IEND")],
        [chunk(b"IHDR", bytes(12)), chunk(b"IEND")],
        [chunk(b"IHDR", bytes(13)), chunk(b"IHDR", bytes(13)), chunk(b"IEND")],
        [chunk(b"IHDR", bytes(13)), *[chunk(b"tEXt")] * 70_000, chunk(b"IEND")],
        [chunk(b"IHDR", bytes(13)), struct.pack(">I", 2**31) + b"IDAT"],
    ],
)
def test_a_png_in_disorder_is_damage(chunks: list[bytes]) -> None:
    assert refusal(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).reason is SkipReason.BROKEN


def test_a_png_bomb_is_refused_by_its_header() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 16000, 16000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND")
    assert refusal(bomb).reason is SkipReason.TOO_LARGE


@pytest.mark.parametrize(
    ("at", "layout", "value"),
    [(14, "<I", 12), (26, "<H", 2), (28, "<H", 1), (28, "<H", 7), (30, "<I", 1), (30, "<I", 2), (10, "<I", 20)],
)
def test_a_bmp_of_another_kind_is_not_read(at: int, layout: str, value: int) -> None:
    data = bytearray(BMP)
    struct.pack_into(layout, data, at, value)
    assert refusal(bytes(data)).reason is SkipReason.BROKEN


def test_a_bmp_that_promises_more_than_it_holds_is_cut_off() -> None:
    data = bytearray(BMP)
    struct.pack_into("<ii", data, 18, 8000, 8000)
    assert "cut off" in str(refusal(bytes(data)))
    struct.pack_into("<ii", data, 18, 160, -96)  # rows from the top
    assert decode_still(bytes(data)).shape == (96, 160, 3)
