"""Foreign bytes that claim to be a picture: only pixels within bounds or one typed error come out."""

import struct
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge_agent.frames import SkipReason
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.source import is_bounded
from edge_agent.sources.still import Still, decode_still
from tests.edge_agent.pictures import BMP, JPEG, PNG, PROGRESSIVE, saved, segments
from tests.edge_agent.world import noise

ALL = {"jpeg": JPEG, "progressive": PROGRESSIVE, "png": PNG, "bmp": BMP}


@pytest.mark.parametrize("data", ALL.values(), ids=ALL)
def test_size_and_pixels(data: bytes) -> None:
    image = decode_still(data)
    assert image.shape == (96, 160, 3)
    assert np.abs(image.astype(int) - noise(1)).mean() < 20


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    for magic in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM"):
        check(magic + data)


@given(
    base=st.sampled_from(sorted(ALL)),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    keep=st.floats(0, 1),
)
def test_damaged_pictures(base: str, edits: list[tuple[float, int]], keep: float) -> None:
    data = bytearray(ALL[base])
    for place, value in edits:
        data[int(place * min(len(data), 800))] = value  # mostly in the headers
    check(bytes(data[: round(len(data) * max(keep, 0.01))]))


@given(order=st.lists(st.integers(0, 12), max_size=14))
def test_segments_in_any_order(order: list[int]) -> None:
    parts = segments(PROGRESSIVE)
    check(b"\xff\xd8" + b"".join(parts[number % len(parts)] for number in order) + b"\xff\xd9")


def check(data: bytes) -> None:
    """Anything but pixels within bounds, or that one error, fails the test."""
    with suppress(UnusablePictureError):
        image = decode_still(data)
        assert image.ndim == 3
        assert is_bounded(image.shape[1], image.shape[0])


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("data", ALL.values(), ids=ALL)
def test_what_is_cut_off_is_never_decoded_in_part(data: bytes, keep: float) -> None:
    with pytest.raises(UnusablePictureError) as caught:
        decode_still(data[: int(len(data) * keep)])
    assert caught.value.reason is SkipReason.BROKEN


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"GIF89a" + bytes(50), b"RIFF....WEBP", b"II*\0", b"%PDF", b"<html>"]
)
def test_another_format_never_reaches_the_decoder(data: bytes) -> None:
    with pytest.raises(UnusablePictureError) as caught:
        decode_still(data)
    assert caught.value.reason is SkipReason.UNKNOWN_FORMAT


def test_a_gif_is_not_read() -> None:
    with pytest.raises(UnusablePictureError, match="not a JPEG, PNG or BMP"):
        Still(saved(Image.new("P", (64, 64)), "GIF"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_upright_as_its_exif_says(orientation: int) -> None:
    drawn = Image.fromarray(np.ascontiguousarray(noise(1)[..., ::-1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_still(saved(drawn, "JPEG", exif=exif, quality=95))
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
    assert image.shape == ((160, 96, 3) if orientation > 4 else (96, 160, 3))
    if orientation in turns:
        expected = np.asarray(drawn.transpose(turns[orientation]))[..., ::-1]
        assert np.abs(image.astype(int) - expected).mean() < 10


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_grey_and_print_colours_come_as_bgr(mode: str) -> None:
    drawn = Image.fromarray(np.ascontiguousarray(noise(1)[..., ::-1]))
    image = decode_still(saved(drawn.convert(mode), "JPEG", quality=95))
    expected = np.asarray(drawn.convert(mode).convert("RGB"))[..., ::-1]
    assert np.abs(image.astype(int) - expected).mean() < 10


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"), ("L", "BMP"), ("RGB", "BMP")]
)
def test_every_depth_comes_as_bgr(mode: str, kind: str) -> None:
    drawn = (
        Image.new("L", (40, 30), 200).convert("I;16") if mode == "I;16" else Image.new("L", (40, 30), 200).convert(mode)
    )
    image = decode_still(saved(drawn, kind))
    assert image.shape == (30, 40, 3)
    assert image.dtype == np.uint8


def test_the_size_of_a_thumbnail_is_not_taken_for_the_pictures() -> None:
    thumbnail = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    carrying = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + JPEG[2:]
    assert decode_still(carrying).shape == (96, 160, 3)
