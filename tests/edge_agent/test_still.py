"""Foreign bytes that claim to be a picture: only pixels within bounds or one typed error come out."""

import struct
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.frames import SkipReason
from edge_agent.sources.dimensions import UnusablePictureError, picture_size
from edge_agent.sources.source import is_bounded
from edge_agent.sources.still import decode_still
from tests.edge_agent.world import noise

JPEG = cv2.imencode(".jpg", noise(1))[1].tobytes()
PROGRESSIVE = cv2.imencode(".jpg", noise(1), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
PNG = cv2.imencode(".png", noise(1))[1].tobytes()
BMP = cv2.imencode(".bmp", noise(1))[1].tobytes()
ALL = {"jpeg": JPEG, "progressive": PROGRESSIVE, "png": PNG, "bmp": BMP}


@pytest.mark.parametrize("data", ALL.values(), ids=ALL)
def test_size_and_pixels(data: bytes) -> None:
    assert picture_size(data) == (160, 96)
    assert decode_still(data).shape == (96, 160, 3)


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    check(data)


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


def test_a_bomb_is_refused_by_its_header_alone() -> None:
    at = JPEG.index(b"\xff\xc0")
    bomb = bytearray(JPEG)
    struct.pack_into(">HH", bomb, at + 5, 65535, 65535)
    with pytest.raises(UnusablePictureError, match="65535×65535") as caught:
        decode_still(bytes(bomb))
    assert caught.value.reason is SkipReason.TOO_LARGE


def test_the_size_of_a_thumbnail_is_not_taken_for_the_pictures() -> None:
    thumbnail = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    carrying = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + JPEG[2:]
    assert picture_size(carrying) == (160, 96)


def test_two_sizes_in_one_file_are_refused() -> None:
    at = JPEG.index(b"\xff\xc0")
    (length,) = struct.unpack_from(">H", JPEG, at + 2)
    segment = JPEG[at : at + 2 + length]
    with pytest.raises(UnusablePictureError, match="damaged frame header"):
        picture_size(JPEG[:at] + segment + JPEG[at:])
