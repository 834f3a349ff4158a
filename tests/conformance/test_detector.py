"""One suite for every detector head: what a customer's manifest and ONNX file must give, whoever exported it.

Each net is a tiny ONNX file that finds one bright rectangle (tests/support/square_nets.py), put beside its manifest in
a models folder and loaded as the product loads it.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.errors import EngineError, ManifestInvalid, ManifestMismatch, ModelCorrupt, UnexpectedOutput
from tests.support.square_nets import CAR, DOG, HEIGHT, NETS, PERSON, SCORE, WIDTH, SquareNet, street

SIZES = [(640, 360), (1920, 1080), (360, 640), (192, 128), (500, 500), (97, 61)]
YOLOX, DETR, SOFTMAX, DFINE = NETS[1], NETS[3], NETS[4], NETS[5]


@pytest.fixture(scope="module", params=NETS, ids=lambda net: net.name)
def net(request: pytest.FixtureRequest) -> SquareNet:
    made: SquareNet = request.param
    return made


@pytest.fixture(scope="module")
def detector(net: SquareNet, tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return loaded(net, tmp_path_factory.mktemp(net.name))


def loaded(net: SquareNet, folder: Path) -> Detector:
    name = net.put(folder)
    return Detector.load(Catalog(folder), name)


def rectangle(size: tuple[int, int], where: float = 0.25) -> tuple[int, int, int, int]:
    """Right of and below `where`, three tenths wide and half as high: no symmetry that would hide a swap of sides."""
    return tuple(
        round(share * side)
        for share, side in zip((where, where + 0.1, where + 0.3, where + 0.6), [*size, *size], strict=True)
    )  # type: ignore[return-value] # four of them


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_boxes_are_in_picture_pixels_whatever_the_shape(detector: Detector, size: tuple[int, int]) -> None:
    square = rectangle(size)
    (found,) = detector.detect(street(square, size))
    assert found.class_name == "car"
    assert found.score == pytest.approx(SCORE, abs=1e-3)
    # What a pixel of the input is in the picture: no detector can say more.
    one = max(size[0] / WIDTH, size[1] / HEIGHT, 1)
    np.testing.assert_allclose(found.box, square, atol=1.2 * one)


def test_a_colour_is_a_class_so_the_channels_come_in_the_order_of_the_manifest(detector: Detector) -> None:
    size = (640, 360)
    (found,) = detector.detect(street(rectangle(size), size, PERSON))
    assert found.class_name == "person"


def test_a_class_that_the_manifest_does_not_name_does_not_exist(detector: Detector) -> None:
    assert detector.detect(street(rectangle((640, 360)), (640, 360), DOG)) == []


def test_each_group_has_its_own_threshold(detector: Detector) -> None:
    size = (640, 360)
    car, person = (street(rectangle(size), size, colour) for colour in (CAR, PERSON))
    strict = {"vehicle": 0.95, "person": 0.5}
    assert [len(one) for one in detector.detect_many([car, person], thresholds=strict)] == [0, 1]  # type: ignore[arg-type]
    strict = {"vehicle": 0.5, "person": 0.95}
    assert [len(one) for one in detector.detect_many([car, person], thresholds=strict)] == [1, 0]  # type: ignore[arg-type]


def test_nothing_in_the_picture_nothing_found(detector: Detector) -> None:
    assert detector.detect(np.zeros((360, 640, 3), np.uint8)) == []
    detector.probe()


def test_a_batch_is_what_one_by_one_gives(detector: Detector) -> None:
    pictures = [
        street(rectangle(size, where), size, colour)
        for size, where, colour in [
            ((640, 360), 0.1, CAR),
            ((300, 400), 0.3, PERSON),
            ((640, 360), 0.3, DOG),
            ((1920, 1080), 0.2, CAR),
            ((64, 64), 0.25, PERSON),
        ]
    ]
    together = detector.detect_many(pictures)
    assert [len(one) for one in together] == [1, 1, 0, 1, 1]
    for found, picture in zip(together, pictures, strict=True):
        for one, alone in zip(found, detector.detect(picture), strict=True):
            assert one.class_name == alone.class_name
            np.testing.assert_allclose([*one.box, one.score], [*alone.box, alone.score], rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_file_with_a_fixed_batch_is_run_as_often_as_needed(net: SquareNet, batch: int, tmp_path: Path) -> None:
    fixed = loaded(net.with_(batch=batch), tmp_path)
    size = (320, 200)
    pictures = [street(rectangle(size, 0.1 + 0.05 * number), size) for number in range(4)]
    for picture, found in zip(pictures, fixed.detect_many(pictures), strict=True):
        np.testing.assert_allclose([one.box for one in found], [one.box for one in fixed.detect(picture)], rtol=1e-5)
        assert len(found) == 1


@pytest.mark.parametrize("times", [float("nan"), float("inf"), float("-inf")])
def test_outputs_that_are_no_numbers_are_a_typed_error_and_not_an_empty_street(
    net: SquareNet, times: float, tmp_path: Path
) -> None:
    broken = loaded(net.with_(times=times), tmp_path)
    with pytest.raises(UnexpectedOutput, match=f"{net.name}: outputs do not fit the decoder"):
        broken.detect(street(rectangle((640, 360)), (640, 360)))
    with pytest.raises(UnexpectedOutput):
        broken.probe()


@pytest.mark.parametrize("net", [NETS[1], NETS[2], NETS[5]], ids=lambda net: net.name)
def test_scores_that_are_no_probabilities_are_a_typed_error(net: SquareNet, tmp_path: Path) -> None:
    with pytest.raises(UnexpectedOutput, match="scores from"):
        loaded(net.with_(times=40.0), tmp_path).detect(street(rectangle((640, 360)), (640, 360)))


@pytest.mark.parametrize(
    ("net", "change", "reason"),
    [
        (YOLOX.with_(extra="decoded = true"), ("decoded = true", "decoded = false"), "this export is decoded already"),
        (YOLOX, ("[output]", "[output]\ndecoded = true"), "this export is not decoded"),
        (DETR, ("[output]", '[output]\nactivation = "softmax"'), ""),
    ],
    ids=["decoded said to be raw", "raw said to be decoded", "sigmoid said to be softmax"],
)
def test_an_export_that_its_manifest_describes_wrongly_does_not_pass_for_a_good_one(
    net: SquareNet, change: tuple[str, str], reason: str, tmp_path: Path
) -> None:
    picture = street(rectangle((640, 360)), (640, 360))
    good = loaded(net, tmp_path).detect(picture)
    manifest = tmp_path / f"{net.name}.toml"
    manifest.write_text(manifest.read_text().replace(*change))
    wrong = Detector.load(Catalog(tmp_path), net.name)
    if reason:
        with pytest.raises(UnexpectedOutput, match=reason):
            wrong.detect(picture)
    else:
        assert [one.score for one in wrong.detect(picture)] != [one.score for one in good], "this one nobody can see"


def edited(old: str, new: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit


MISFITS = {
    "input name": (YOLOX, edited('"images"', '"image"'), "tensor 'image' is no input of the file; it has 'images' any"),
    "input size": (YOLOX, edited("width = 192", "width = 640"), "'images' is any x 3 x 128 x 192, the manifest wants"),
    "output name": (YOLOX, edited("[output]", '[output]\ntensors = { output = "out" }'), "is no output of the file"),
    "strides": (YOLOX, edited("[output]", "[output]\nstrides = [8, 16]"), "'output' is any x 504 x 85, decoder yolox"),
    "another head": (
        YOLOX,
        edited('decoder = "yolox"', 'decoder = "detr"'),
        "tensor 'logits' is no output of the file",
    ),
    "nanodet": (NETS[0], edited('decoder = "nanodet"', 'decoder = "yolox"'), "tensor 'output' is no output"),
    "swapped": (
        DETR,
        edited('logits = "labels", boxes = "dets"', 'logits = "dets", boxes = "labels"'),
        "'labels' is any x 5 x 91, decoder detr wants any x any x 4",
    ),
    "classes": (DETR, edited("car = 3", "car = 91"), "has room for 91 classes, the manifest says car = 91"),
    "yolox classes": (YOLOX, edited("car = 2", "car = 80"), "has room for 80 classes, the manifest says car = 80"),
    "size tensor": (DFINE, edited('size_tensor = "orig_target_sizes"', ""), "'orig_target_sizes' is an input that"),
    "no size tensor": (DETR, edited("[input]", '[input]\nsize_tensor = "sizes"'), "'sizes' is no input of the file"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_a_file_that_is_not_what_its_manifest_says_is_refused_when_it_is_loaded(case: str, tmp_path: Path) -> None:
    net, edit, words = MISFITS[case]
    manifest = tmp_path / f"{net.put(tmp_path)}.toml"
    manifest.write_text(edit(manifest.read_text()))
    with pytest.raises(ManifestMismatch) as caught:
        Detector.load(Catalog(tmp_path), net.name)
    text = str(caught.value)
    assert text.startswith(f"{net.name}: tensor ")
    assert words in text
    assert "; " in text, "what to do about it"
    assert "\n" not in text


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (edited('decoder = "yolox"', 'decoder = "yolov5"'), "no decoder 'yolov5'; there are"),
        (
            edited("[output]", '[output]\ntensors = { boxes = "output" }'),
            "decoder yolox reads no 'boxes'; it reads output",
        ),
        (edited("[output]", '[output]\nactivation = "softmax"'), "decoder yolox knows no 'activation'"),
        (edited("vehicle = 0.5, ", ""), "class car has no threshold for its group vehicle"),
        (edited("[input]", '[input]\nsize_tensor = "images"'), "size_tensor is an input of its own"),
        (edited("[input]", "[input]\nstd = [1.0, 0.0, 1.0]"), "input.std"),
        (edited("[input]", "[input]\nmean = [nan, 0.0, 1.0]"), "input.mean"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused_before_the_file_is_read(
    edit: Callable[[str], str], words: str, tmp_path: Path
) -> None:
    manifest = tmp_path / f"{YOLOX.put(tmp_path)}.toml"
    manifest.write_text(edit(manifest.read_text()))
    (tmp_path / "yolox-raw.onnx").unlink()
    with pytest.raises(ManifestInvalid) as caught:
        Detector.load(Catalog(tmp_path), YOLOX.name)
    assert words in str(caught.value)


def test_a_file_that_was_exchanged_under_its_manifest_is_refused(tmp_path: Path) -> None:
    YOLOX.put(tmp_path)
    (tmp_path / "yolox-raw.onnx").write_bytes(YOLOX.with_(times=2.0).model())
    with pytest.raises(ModelCorrupt):
        Detector.load(Catalog(tmp_path), YOLOX.name)


def test_every_error_of_a_misfit_is_of_the_engines(tmp_path: Path) -> None:
    assert issubclass(ManifestMismatch, EngineError)
    assert issubclass(UnexpectedOutput, EngineError)
