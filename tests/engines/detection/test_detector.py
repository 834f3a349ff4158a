from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.catalog.catalog import Catalog
from engines.detection.detector import BATCH_PX, PICTURES_A_RUN, Detector
from engines.detection.heads import HEADS
from engines.detection.postprocess import Box
from engines.errors import ManifestInvalid, ModelMissing, TooManyTiles, UnexpectedOutput, WrongKind
from engines.manifest import Manifest
from engines.runtimes.engine import Tensor, TensorSpec, check_inputs


class BrightFaces:
    """Answers like CenterFace: a face of 16 x 16 pixels wherever a cell is white."""

    name = "centerface"
    sha256 = "0" * 64
    inputs = (TensorSpec("input.1", (None, 3, None, None), "float32"),)
    outputs = (
        TensorSpec("heat", (None, 1, None, None), "float32"),
        TensorSpec("scale", (None, 2, None, None), "float32"),
        TensorSpec("offset", (None, 2, None, None), "float32"),
    )

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        check_inputs(self.name, self.inputs, inputs)
        x = inputs["input.1"]
        self.batches.append(x.shape)
        heat = (x[:, :1, 2::4, 2::4] > 250).astype(np.float32) * np.float32(0.9)
        size = np.full((x.shape[0], 2, *heat.shape[2:]), np.log(4), np.float32)
        return {"heat": heat, "scale": size, "offset": np.zeros_like(size)}


@pytest.fixture
def manifest(models_dir: Path) -> Manifest:
    return Catalog(models_dir).manifest("centerface")


def picture_with_a_face(width: int, height: int, column: int, row: int) -> np.typing.NDArray[np.uint8]:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[row * 4 : row * 4 + 4, column * 4 : column * 4 + 4] = 255
    return picture


def test_a_picture_goes_through_and_its_boxes_come_back_in_its_pixels(manifest: Manifest) -> None:
    detector = Detector(manifest, BrightFaces())
    (face,) = detector.detect(picture_with_a_face(64, 32, 8, 4))
    assert (face.class_name, round(face.score, 2)) == ("face", 0.9)
    np.testing.assert_allclose(face.box, Box(34 - 8, 18 - 8, 34 + 8, 18 + 8), atol=1e-4)


def test_pictures_of_one_tensor_size_are_one_batch_and_keep_their_order(manifest: Manifest) -> None:
    engine = BrightFaces()
    pictures = [picture_with_a_face(64, 32, 3, 3), np.zeros((64, 64, 3), np.uint8), picture_with_a_face(64, 32, 9, 5)]
    found = Detector(manifest, engine).detect_many(pictures)
    assert engine.batches == [(2, 3, 32, 64), (1, 3, 64, 64)]
    assert [len(one) for one in found] == [1, 0, 1]
    assert [one[0].box.x0 for one in (found[0], found[2])] == [14 - 8, 38 - 8]


def test_crops_of_any_size_are_one_batch_when_a_size_is_given(manifest: Manifest) -> None:
    engine = BrightFaces()
    crops = [picture_with_a_face(32, 32, 4, 4), picture_with_a_face(16, 16, 2, 2)]
    found = Detector(manifest, engine).detect_many(crops, size=(64, 64))
    assert engine.batches == [(2, 3, 64, 64)]
    assert all(one.box.x1 <= crop.shape[1] for faces, crop in zip(found, crops, strict=True) for one in faces)
    assert found[0]


def test_a_batch_in_parts_is_the_same_batch(manifest: Manifest) -> None:
    engine = BrightFaces()
    detector, pictures = Detector(manifest, engine), [picture_with_a_face(64, 32, at, 4) for at in (3, 5, 7, 9, 11)]
    assert detector.detect_many(pictures, at_a_time=2) == detector.detect_many(pictures)
    assert [shape[0] for shape in engine.batches] == [2, 2, 1, 5]


def test_thresholds_can_be_replaced(manifest: Manifest) -> None:
    detector = Detector(manifest, BrightFaces())
    assert detector.detect(picture_with_a_face(64, 32, 8, 4), thresholds={"face": 0.95}) == []


def test_no_pictures_no_run(manifest: Manifest) -> None:
    engine = BrightFaces()
    assert Detector(manifest, engine).detect_many([]) == []
    assert engine.batches == []


def test_tiles_are_seen_with_the_whole(manifest: Manifest) -> None:
    engine = BrightFaces()
    (face,) = Detector(manifest, engine).detect_tiled(picture_with_a_face(128, 64, 20, 8))
    assert engine.batches == [(1, 3, 64, 128), (2, 3, 64, 64)]
    np.testing.assert_allclose(face.box, Box(82 - 8, 34 - 8, 82 + 8, 34 + 8), atol=1e-4)


def test_a_large_picture_is_searched_in_pieces_and_as_a_whole(manifest: Manifest) -> None:
    engine = BrightFaces()
    picture = picture_with_a_face(1024, 512, 125, 40)
    (face,) = Detector(manifest, engine).detect_pieces(picture, run_px=320 * 512)
    np.testing.assert_allclose(face.box, Box(502 - 8, 162 - 8, 502 + 8, 162 + 8), atol=1)
    *pieces, whole = engine.batches
    assert len(pieces) > 1
    assert all(rows * columns <= 1.1 * 320 * 512 for _, _, rows, columns in engine.batches)
    assert whole[3] / whole[2] == pytest.approx(2, abs=0.2)


def test_a_face_on_the_seam_of_two_pieces_is_found_once(manifest: Manifest) -> None:
    for x in range(240, 800, 7):
        picture = np.zeros((256, 1024, 3), np.uint8)
        picture[80:88, x : x + 8] = 255
        (found,) = Detector(manifest, BrightFaces()).detect_pieces(picture, run_px=512 * 256, small_only=True)
        assert (found.box.x0 + found.box.x1) / 2 == pytest.approx(x + 4, abs=5)


def test_what_fits_one_run_is_one_run(manifest: Manifest) -> None:
    engine = BrightFaces()
    (face,) = Detector(manifest, engine).detect_pieces(picture_with_a_face(64, 32, 8, 4), scale=2.0)
    assert engine.batches == [(1, 3, 64, 128)]
    assert (face.box.x0 + face.box.x1) / 2 == pytest.approx(34, abs=1)


def test_tiles_beyond_a_run_are_several_batches(manifest: Manifest) -> None:
    engine = BrightFaces()
    Detector(manifest, engine).detect_tiled(np.zeros((640, 960, 3), np.uint8), reach_px=160)
    assert sum(batch[0] for batch in engine.batches) > 20
    assert max(batch[0] for batch in engine.batches) <= 8


def test_one_pass_shows_what_is_small_and_the_trained_size_what_is_large(manifest: Manifest) -> None:
    assert manifest.input is not None
    sizes = {"width": 64, "height": 64, "pixels": 3072, "multiple_of": 32, "fit": "pad"}
    scaled = manifest.model_copy(update={"input": manifest.input.model_copy(update=sizes)})
    engine = BrightFaces()
    detector = Detector(scaled, engine)
    detector.detect_tiled_many([picture_with_a_face(96, 32, 8, 4)] * 2)
    assert engine.batches == [(1, 3, 32, 96), (1, 3, 32, 64)] * 2
    engine.batches.clear()
    detector.detect_tiled(np.zeros((640, 960, 3), np.uint8), reach_px=320)
    assert len(engine.batches) > 5, "the whole twice, and pieces"
    engine.batches.clear()
    detector.detect_squares(np.zeros((64, 128, 3), np.uint8))
    assert engine.batches == [(3, 3, 64, 64)]


@settings(max_examples=60)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 700), st.integers(1, 700)), min_size=1, max_size=40),
    at_a_time=st.none() | st.integers(1, 100),
)
def test_no_run_has_more_pictures_or_pixels_than_the_bound(
    shapes: list[tuple[int, int]], at_a_time: int | None
) -> None:
    engine = BrightFaces()
    pictures = [np.zeros((height, width, 3), np.uint8) for width, height in shapes]
    found = Detector(Catalog().manifest("centerface"), engine).detect_many(pictures, at_a_time=at_a_time)
    assert len(found) == len(pictures)
    assert sum(batch[0] for batch in engine.batches) == len(pictures)
    assert max(batch[0] for batch in engine.batches) <= min(at_a_time or PICTURES_A_RUN, PICTURES_A_RUN)


def test_a_hundred_pictures_are_several_batches_and_so_are_few_large_ones(manifest: Manifest) -> None:
    engine = BrightFaces()
    Detector(manifest, engine).detect_many([np.zeros((32, 32, 3), np.uint8)] * 100)
    assert [batch[0] for batch in engine.batches] == [32, 32, 32, 4]
    engine.batches.clear()
    Detector(manifest, engine).detect_many([np.zeros((1600, 2560, 3), np.uint8)] * 5)
    assert [batch[0] for batch in engine.batches] == [4, 1]
    assert all(batch[0] * batch[2] * batch[3] <= BATCH_PX for batch in engine.batches)


def test_tiles_of_many_pictures_share_batches_of_bounded_size(manifest: Manifest) -> None:
    engine = BrightFaces()
    strips = [picture_with_a_face(1024, 64, 20, 8)] * 8  # a whole and sixteen squares each
    found = Detector(manifest, engine).detect_tiled_many(strips)
    assert sorted(batch[0] for batch in engine.batches) == [8, 32, 32, 32, 32]
    assert [len(faces) for faces in found] == [1] * 8


def test_a_strip_of_one_pixel_is_refused_before_anything_runs(manifest: Manifest) -> None:
    engine = BrightFaces()
    detector, strip = Detector(manifest, engine), np.zeros((1, 16384, 3), np.uint8)
    with pytest.raises(TooManyTiles):
        detector.detect_tiled(strip)
    with pytest.raises(TooManyTiles):
        detector.detect_tiled_many([strip] * 8)
    assert engine.batches == []


def test_what_is_called_before_each_run_can_end_a_search_in_the_middle(manifest: Manifest) -> None:
    class TooLateError(Exception):
        pass

    left = iter([None, None])

    def before_run() -> None:
        if next(left, "none") is not None:
            raise TooLateError

    engine = BrightFaces()
    detector = Detector(manifest, engine)
    with pytest.raises(TooLateError):
        detector.checked(before_run).detect_tiled(np.zeros((640, 960, 3), np.uint8), reach_px=160)
    assert len(engine.batches) == 2
    detector.detect(np.zeros((32, 32, 3), np.uint8))
    assert len(engine.batches) == 3, "the detector itself asks nobody"


def test_a_decoder_that_does_not_fit_the_model_is_a_typed_error(manifest: Manifest) -> None:
    assert manifest.output is not None
    wrong = manifest.model_copy(update={"output": manifest.output.model_copy(update={"decoder": "nanodet"})})
    with pytest.raises(UnexpectedOutput, match="centerface: outputs do not fit the decoder"):
        Detector(wrong, BrightFaces()).detect(picture_with_a_face(64, 32, 1, 1))


def test_a_decoder_that_nobody_wrote_is_named(manifest: Manifest) -> None:
    assert manifest.output is not None
    wrong = manifest.model_copy(update={"output": manifest.output.model_copy(update={"decoder": "yolo"})})
    with pytest.raises(ManifestInvalid, match="no decoder 'yolo'; there are centerface, clp, dbnet, detr"):
        Detector(wrong, BrightFaces())


def test_a_wrong_kind_is_said_before_a_missing_file(models_dir: Path) -> None:
    with pytest.raises(WrongKind, match="'footage', not a detector"):
        Detector.load(Catalog(models_dir), "bikes")
    with pytest.raises(WrongKind, match="'audit', not a detector"):
        Detector.load(Catalog(models_dir), "mediapipe-face-full-range")
    with pytest.raises(ModelMissing):
        Detector.load(Catalog(models_dir), "centerface")


def test_every_shipped_model_has_its_decoder(models_dir: Path) -> None:
    for manifest in Catalog(models_dir).manifests():
        if manifest.output is not None:
            assert manifest.output.decoder in HEADS
