from typing import Literal

import cv2
import numpy as np
import pytest

from engines.detection.preprocess import (
    Picture,
    check_picture,
    pass_size,
    tensor_covers,
    tensor_of,
    tensor_size,
    trained_size,
)
from engines.errors import BadImage
from engines.manifest import Input


def plain(width: int, height: int, colour: tuple[int, int, int] = (10, 20, 30)) -> Picture:
    return np.full((height, width, 3), colour, np.uint8)


def test_mean_and_std_are_in_the_order_of_the_model() -> None:
    spec = Input(tensor="x", colour="RGB", mean=(1, 2, 3), std=(2, 4, 8))
    np.testing.assert_allclose(tensor_of(plain(4, 2), spec)[:, 0, 0], [(30 - 1) / 2, (20 - 2) / 4, (10 - 3) / 8])
    spec = Input(tensor="x", colour="BGR", mean=(1, 2, 3), std=(2, 4, 8))
    np.testing.assert_allclose(tensor_of(plain(4, 2), spec)[:, 0, 0], [(10 - 1) / 2, (20 - 2) / 4, (30 - 3) / 8])


@pytest.mark.parametrize(
    ("picture", "size", "shape"),
    [((64, 32), None, (3, 32, 64)), ((65, 33), None, (3, 64, 96)), ((65, 33), (128, 100), (3, 128, 128))],
)
def test_a_free_size_is_rounded_up(
    picture: tuple[int, int], size: tuple[int, int] | None, shape: tuple[int, int, int]
) -> None:
    spec = Input(tensor="x", colour="BGR", multiple_of=32)
    tensor = tensor_of(plain(*picture), spec, size)
    assert tensor.shape == shape
    assert tensor.dtype == np.float32


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((320, 200), (384, 256)),  # 1.3 times its own pixels, no more
        ((640, 272), (736, 320)),
        ((768, 576), (864, 640)),
        ((800, 600), (864, 640)),
        ((1280, 720), (992, 544)),
        ((1920, 1080), (992, 544)),
        ((1080, 1920), (544, 992)),
        ((7680, 4320), (992, 544)),
    ],
)
def test_a_pass_has_so_many_pixels(picture: tuple[int, int], size: tuple[int, int]) -> None:
    spec = Input(tensor="x", colour="BGR", width=416, height=416, pixels=520_000, multiple_of=32, fit="pad")
    pixels = np.zeros((picture[1], picture[0], 3), np.uint8)
    assert tensor_size(pixels, spec, pass_size(picture, spec)) == size


@pytest.mark.parametrize(
    ("picture", "size"),
    [((720, 720), (416, 416)), ((1280, 720), (416, 256)), ((720, 1280), (256, 416)), ((4096, 256), (416, 32))],
)
def test_at_the_trained_size_a_picture_keeps_its_proportions(picture: tuple[int, int], size: tuple[int, int]) -> None:
    spec = Input(tensor="x", colour="BGR", width=416, height=416, pixels=520_000, multiple_of=32, fit="pad")
    pixels = np.zeros((picture[1], picture[0], 3), np.uint8)
    assert tensor_size(pixels, spec, trained_size(picture, spec)) == size
    assert tensor_size(pixels, spec) == (416, 416)


def test_a_fixed_size_wins() -> None:
    spec = Input(tensor="x", colour="BGR", width=48, height=32)
    assert tensor_of(plain(100, 100), spec, (64, 64)).shape == (3, 32, 48)
    assert tensor_covers((100, 100), (48, 32), spec) == (100, 100)


def test_padding_keeps_proportions_and_says_what_the_tensor_spans() -> None:
    spec = Input(tensor="x", colour="BGR", width=64, height=64, fit="pad")
    tensor = tensor_of(plain(128, 32), spec)
    assert (tensor[:, :16] == np.array([10, 20, 30])[:, None, None]).all()
    assert (tensor[:, 16:] == 114).all()
    assert tensor_covers((128, 32), (64, 64), spec) == (128, 128)


@pytest.mark.parametrize("colour", ["RGB", "BGR"])
@pytest.mark.parametrize(
    ("fit", "side", "size"),
    [("stretch", None, None), ("stretch", None, (90, 61)), ("stretch", 48, None), ("pad", 48, None)],
)
def test_a_tensor_is_what_opencv_makes_of_the_picture(
    colour: Literal["RGB", "BGR"], fit: Literal["stretch", "pad"], side: int | None, size: tuple[int, int] | None
) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (40, 64, 3), np.uint8)
    mean, std = (103.5, 116.3, 123.7), (57.4, 57.1, 58.4)
    spec = Input(tensor="x", colour=colour, width=side, height=side, multiple_of=32, fit=fit, mean=mean, std=std)
    into = np.empty((3, *reversed(tensor_size(picture, spec, size))), np.float32)
    tensor = tensor_of(picture, spec, size, into=into)
    assert tensor is into
    if fit == "pad":
        small = np.full((48, 48, 3), 114, np.uint8)
        small[:30] = cv2.resize(picture, (48, 30))
        picture = small
    blob = cv2.dnn.blobFromImage(picture, 1.0, (into.shape[2], into.shape[1]), mean, colour == "RGB")[0]
    np.testing.assert_array_equal(tensor, blob / np.array(std, np.float32)[:, None, None])


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 20_000, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture: Picture) -> None:
    with pytest.raises(BadImage, match="not a picture"):
        check_picture(picture)
