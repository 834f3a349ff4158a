"""Cutting and shrinking redacted pictures."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from center.errors import PictureBrokenError
from center.search import pictures
from provisioning.contracts.wire.messages import MAX_SIDE_PX, Box
from tests.center.street import HEIGHT, WIDTH, draw

JPEG, MACHINES = draw(4)
KEY = "cabinet-7:" + "0" * 32


def _open(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


@st.composite
def boxes(draw_value: st.DrawFn) -> Box:
    x0 = draw_value(st.integers(0, MAX_SIDE_PX - 1))
    y0 = draw_value(st.integers(0, MAX_SIDE_PX - 1))
    return Box(
        x0=x0,
        y0=y0,
        x1=draw_value(st.integers(x0 + 1, MAX_SIDE_PX)),
        y1=draw_value(st.integers(y0 + 1, MAX_SIDE_PX)),
    )


sides = st.integers(1, MAX_SIDE_PX)


@given(box=boxes(), margin=st.floats(0, 1), width=sides, height=sides)
def test_a_cut_lies_inside_the_picture_and_has_area(box: Box, margin: float, width: int, height: int) -> None:
    x0, y0, x1, y1 = pictures.around(box, margin, width, height)
    assert 0 <= x0 < x1 <= width
    assert 0 <= y0 < y1 <= height


@given(box=boxes(), margin=st.floats(0, 1))
def test_a_cut_holds_the_whole_box_where_the_picture_does(box: Box, margin: float) -> None:
    x0, y0, x1, y1 = pictures.around(box, margin, MAX_SIDE_PX, MAX_SIDE_PX)
    assert x0 <= box.x0
    assert y0 <= box.y0
    assert x1 >= box.x1
    assert y1 >= box.y1


def test_without_a_margin_a_crop_is_the_box() -> None:
    box = MACHINES[0].box
    part = _open(pictures.crop(JPEG, box, margin=0, row_key=KEY))
    assert part.size == (box.x1 - box.x0, box.y1 - box.y0)
    whole = _open(JPEG).convert("RGB").getpixel(((box.x0 + box.x1) // 2, (box.y0 + box.y1) // 2))
    middle = part.convert("RGB").getpixel((part.width // 2, part.height // 2))
    assert isinstance(whole, tuple)
    assert isinstance(middle, tuple)
    assert max(abs(a - b) for a, b in zip(whole, middle, strict=True)) < 24


def test_a_preview_keeps_the_shape() -> None:
    small = _open(pictures.preview(JPEG, max_side_px=320, row_key=KEY))
    assert small.size == (320, 320 * HEIGHT // WIDTH)


@pytest.mark.parametrize("side_px", [WIDTH // 2, WIDTH, pictures.PREVIEW_SIDE_PX])
def test_a_preview_is_half_of_the_picture_at_most_however_small_that_is(side_px: int) -> None:
    picture = io.BytesIO()
    _open(JPEG).resize((320, 180)).save(picture, "JPEG")
    small = _open(pictures.preview(picture.getvalue(), max_side_px=side_px, row_key=KEY))
    assert small.size == (160, 90)


def test_a_preview_of_a_pixel_is_a_pixel() -> None:
    picture = io.BytesIO()
    Image.new("RGB", (1, 1)).save(picture, "JPEG")
    assert _open(pictures.preview(picture.getvalue(), max_side_px=64, row_key=KEY)).size == (1, 1)


def test_size_is_read_from_the_header() -> None:
    assert pictures.size_of(JPEG, row_key=KEY) == (WIDTH, HEIGHT)


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\xff\xd8\xff", JPEG[:40], _png(), JPEG[: len(JPEG) // 2]],
    ids=["nothing", "magic", "head", "png", "half"],
)
def test_what_is_no_whole_jpeg_is_a_typed_error(damaged: bytes) -> None:
    with pytest.raises(PictureBrokenError, match=KEY):
        pictures.crop(damaged, Box(x0=0, y0=0, x1=8, y1=8), margin=0, row_key=KEY)
    with pytest.raises(PictureBrokenError, match=KEY):
        pictures.preview(damaged, max_side_px=64, row_key=KEY)


@pytest.mark.parametrize("side_px", [9_000, 16_000])
def test_a_header_that_promises_a_giant_is_refused_before_it_is_decoded(side_px: int) -> None:
    # The frame header (SOF0) holds height and width as u16 five bytes after its marker.
    at = JPEG.index(b"\xff\xc0") + 5
    giant = JPEG[:at] + side_px.to_bytes(2, "big") * 2 + JPEG[at + 4 :]
    with pytest.raises(PictureBrokenError, match="too large"):
        pictures.preview(giant, max_side_px=64, row_key=KEY)


@given(st.binary(max_size=300).map(lambda tail: b"\xff\xd8\xff" + tail))
def test_no_bytes_raise_anything_else(jpeg: bytes) -> None:
    with pytest.raises(PictureBrokenError):
        pictures.preview(jpeg, max_side_px=64, row_key=KEY)
