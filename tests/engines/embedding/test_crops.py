"""What is hidden leaves no trace in a vector; the rest of the arithmetic is what its documentation says."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.catalog.catalog import Catalog
from engines.detection.postprocess import Box
from engines.embedding.crops import (
    BINS,
    FILL,
    Crop,
    cut,
    histogram,
    joined,
    projection,
    projection_sha256,
    tensor_of_crop,
)
from engines.embedding.crops import unit as unit_rows
from engines.embedding.embedder import CROPS_A_RUN, Vectoriser
from engines.errors import BadImage, ManifestInvalid, UnexpectedOutput, WrongKind
from engines.manifest import Input, Manifest
from engines.runtimes.engine import Tensor, TensorSpec

SPEC = Input(tensor="image", colour="RGB", mean=(127, 127, 127), std=(128, 128, 128), width=32, height=32, fit="pad")
NAME = "efficientnet-lite0"


class Means:
    """An engine whose features are the means of a 4 x 4 grid over each colour: enough to depend on every pixel."""

    name = "means"
    sha256 = "0" * 64
    inputs = (TensorSpec("image", (None, 3, 32, 32), "float32"),)
    outputs = (TensorSpec("feature", (None, 48), "float32"),)

    def __init__(self) -> None:
        self.batches: list[int] = []

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        image = inputs["image"]
        self.batches.append(len(image))
        return {"feature": image.reshape(-1, 3, 4, 8, 4, 8).mean(axis=(3, 5)).reshape(len(image), 48)}


def manifest(**changes: object) -> Manifest:
    shipped = Catalog().manifest(NAME)
    assert shipped.embedding is not None
    matrix = projection(5, 48 + BINS, 16)
    told = {"features": 48, "dimensions": 16, "seed": 5, "projection_sha256": projection_sha256(matrix), **changes}
    return shipped.model_copy(update={"input": SPEC, "embedding": shipped.embedding.model_copy(update=told)})


def picture(seed: int, height: int = 60, width: int = 80) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_a_crop_beyond_the_picture_is_filled_and_not_visible() -> None:
    crop = cut(picture(1), Box(-4, 50, 10, 70), np.zeros((60, 80), np.bool_), margin=0)
    assert crop.size == (14, 20)
    assert crop.visible.sum() == 10 * 10
    assert (crop.pixels[~crop.visible] == FILL).all()


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.3), st.booleans())
def test_noise_under_a_cover_changes_nothing(seed: int, margin: float, tall: bool) -> None:
    random = np.random.default_rng(seed)
    one, noise = picture(seed), picture(seed + 1)
    hidden = np.zeros(one.shape[:2], np.bool_)
    for _ in range(3):
        x, y = random.integers(0, 80), random.integers(0, 60)
        hidden[y : y + random.integers(1, 40), x : x + random.integers(1, 50)] = True
    other = np.where(hidden[:, :, None], noise, one)
    box = Box(10, 5, 40, 58) if tall else Box(3, 20, 77, 50)
    model = Vectoriser(manifest(), Means())
    crops = [cut(image, box, hidden, margin=margin) for image in (one, other)]
    first, second = model.vectors(crops)
    np.testing.assert_array_equal(first, second)
    assert abs(float(np.linalg.norm(first)) - 1) < 1e-5


def test_a_visible_pixel_does_change_it() -> None:
    """Else the test above could not fail."""
    one = picture(1)
    other = one.copy()
    other[20:30, 20:30] = 255
    crops = [cut(image, Box(0, 0, 80, 60), np.zeros((60, 80), np.bool_), margin=0) for image in (one, other)]
    first, second = Vectoriser(manifest(), Means()).vectors(crops)
    assert float(first @ second) < 0.9999


def test_proportions_are_kept_and_colours_are_in_the_models_order() -> None:
    crop = Crop(np.full((10, 20, 3), (0, 127, 255), np.uint8), np.ones((10, 20), np.bool_))
    tensor = tensor_of_crop(crop, SPEC)
    assert tensor.shape == (3, 32, 32)
    np.testing.assert_allclose(tensor[:, 16, 16], [1.0, 0.0, -127 / 128])
    assert (tensor[:, :8] == 0).all(), "a crop twice as wide as high fills half of the height"
    stretched = tensor_of_crop(crop, SPEC.model_copy(update={"fit": "stretch"}))
    assert (stretched[0] == 1).all()


def test_a_histogram_counts_what_is_visible() -> None:
    pixels = np.full((4, 4, 3), (0, 0, 255), np.uint8)
    visible = np.zeros((4, 4), np.bool_)
    assert (histogram(Crop(pixels, visible)) == 0).all()
    visible[0] = True
    visible[1, 0] = True
    pixels[1, 0] = (255, 0, 0)
    shares = histogram(Crop(pixels, visible)) ** 2
    np.testing.assert_allclose(sorted(shares[shares > 0]), [0.2, 0.8], atol=1e-6)


def test_the_two_parts_are_weighed() -> None:
    rows = joined(np.full((1, 4), 9, np.float32), np.full((1, 2), 5, np.float32), 0.5)
    np.testing.assert_allclose([np.linalg.norm(rows[0, :4]), np.linalg.norm(rows[0, 4:])], [1, 0.5], atol=1e-6)
    assert (unit_rows(np.zeros((1, 3), np.float32)) == 0).all()


def test_the_shipped_projection_is_orthogonal_and_is_the_one_of_its_hash() -> None:
    embedding = Catalog().manifest(NAME).embedding
    assert embedding is not None
    matrix = projection(embedding.seed, embedding.features + BINS, embedding.dimensions)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(embedding.dimensions), atol=1e-4)
    assert projection_sha256(matrix) == embedding.projection_sha256


def test_a_projection_of_another_hash_is_refused() -> None:
    with pytest.raises(ManifestInvalid, match="its seed makes"):
        Vectoriser(manifest(seed=6), Means())


def test_a_detector_is_no_model_of_appearances() -> None:
    with pytest.raises(WrongKind):
        Vectoriser.load(Catalog(), "nanodet-g-416")


def test_many_crops_go_through_in_bounded_batches() -> None:
    engine = Means()
    crop = Crop(picture(2), np.ones((60, 80), np.bool_))
    assert Vectoriser(manifest(), engine).vectors([crop] * (CROPS_A_RUN + 3)).shape == (CROPS_A_RUN + 3, 16)
    assert engine.batches == [CROPS_A_RUN, 3]
    assert Vectoriser(manifest(), engine).vectors([]).shape == (0, 16)


def test_outputs_of_another_model_are_refused() -> None:
    crop = Crop(picture(2), np.ones((60, 80), np.bool_))
    for changes in ({"output": "logits"}, {"features": 47}):
        more = {"projection_sha256": projection_sha256(projection(5, 47 + BINS, 16))} if "features" in changes else {}
        with pytest.raises(UnexpectedOutput, match="means"):
            Vectoriser(manifest(**changes, **more), Means()).vectors([crop])


@pytest.mark.parametrize("box", [Box(90, 0, 99, 9), Box(5, 5, 5, 9), Box(0, 0, 1e6, 9)])
def test_a_box_that_is_not_in_the_picture_is_refused(box: Box) -> None:
    with pytest.raises(BadImage, match="box"):
        cut(picture(1), box, np.zeros((60, 80), np.bool_), margin=0)


def test_a_mask_of_another_picture_is_refused() -> None:
    with pytest.raises(BadImage, match="mask"):
        cut(picture(1), Box(0, 0, 9, 9), np.zeros((61, 80), np.bool_), margin=0)
