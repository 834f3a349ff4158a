"""The real weights on real pictures. They prove that conversion, preprocessing and decoding fit together."""

from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.errors import ProcessorUnfit
from engines.manifest import Kind
from engines.runtimes.processor import weight_bits

pytestmark = pytest.mark.network

Frame = Callable[[int], Picture]

FACES = {1: 3, 2: 3, 3: 3, 4: 4, 5: 5, 6: 4}
"""People in each group photo, counted by eye."""


@pytest.fixture(scope="module")
def nanodet(catalog: Catalog) -> Detector:
    return Detector.load(catalog, "nanodet-g-416", threads=2)


@pytest.fixture(scope="module")
def centerface(catalog: Catalog) -> Detector:
    return Detector.load(catalog, "centerface", threads=2)


def classes(found: list[Detection]) -> Counter[str]:
    return Counter(one.class_name for one in found)


def test_every_artifact_is_what_its_manifest_says(catalog: Catalog) -> None:
    for manifest in catalog.manifests():
        assert catalog.path(manifest.name).stat().st_size > 0
        if manifest.kind is not Kind.MODEL:
            continue
        if (manifest.weight_bits or 0) > weight_bits(manifest.name):  # on a processor without VNNI
            with pytest.raises(ProcessorUnfit):
                catalog.load(manifest.name)
        else:
            assert catalog.load(manifest.name).sha256 == manifest.sha256


def test_nanodet_finds_the_cars_and_the_bicycle(nanodet: Detector, frame: Frame) -> None:
    assert classes(nanodet.detect(frame(160)))["car"] >= 2
    tiled = nanodet.detect_tiled(frame(160))
    assert classes(tiled)["car"] >= 2
    assert max(one.box.width for one in tiled) < 200, "railings that fill a tile are no cars"
    assert classes(nanodet.detect_tiled(frame(216)))["bicycle"] >= 1


def test_nanodet_puts_the_box_on_the_cyclist(nanodet: Detector, frame: Frame) -> None:
    best = nanodet.detect(frame(120))[0]
    assert (best.class_name, best.score > 0.7) == ("person", True)
    x, y = (best.box.x0 + best.box.x1) / 2, (best.box.y0 + best.box.y1) / 2
    assert 340 < x < 480, "he stands in the middle right of a picture 640 wide"
    assert 60 < y < 220


def test_a_batch_gives_what_single_runs_give(nanodet: Detector, catalog: Catalog, frame: Frame) -> None:
    pictures = [frame(number) for number in (56, 120, 160)]
    engine = catalog.load("nanodet-g-416", threads=2)
    tensors = np.stack([_tensor(picture) for picture in pictures])
    together = engine.run({"input_1": tensors})
    for row in range(len(pictures)):
        alone = engine.run({"input_1": tensors[row : row + 1]})
        for name, value in alone.items():
            np.testing.assert_allclose(value[0], together[name][row], atol=1e-4)
    singles = [nanodet.detect(picture) for picture in pictures]
    for one, other in zip(nanodet.detect_many(pictures), singles, strict=True):
        assert classes(one) == classes(other)


def _tensor(picture: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.dnn.blobFromImage(picture, 1 / 58.0, (416, 416), (104, 117, 123))[0], np.float32)


@pytest.mark.parametrize("number", FACES)
def test_centerface_finds_the_faces(centerface: Detector, catalog: Catalog, number: int) -> None:
    photo = _photo(catalog, number)
    found = centerface.detect(photo, thresholds={"face": 0.6})
    assert len(found) == FACES[number]
    assert all(0.5 < one.box.width / one.box.height < 1.2 for one in found)


def test_centerface_finds_small_faces_in_a_batch_of_crops(centerface: Detector, catalog: Catalog) -> None:
    photo = _photo(catalog, 4)
    heads = [one.box for one in centerface.detect(photo, thresholds={"face": 0.6})]
    crops = []
    for head in heads:
        side, x, y = 2 * head.height, (head.x0 + head.x1) / 2, (head.y0 + head.y1) / 2
        x0, y0 = max(0, int(x - side / 2)), max(0, int(y - side / 2))
        crop = photo[y0 : y0 + int(side), x0 : x0 + int(side)]
        crops.append(np.asarray(cv2.resize(crop, (40, 40), interpolation=cv2.INTER_AREA), np.uint8))
    found = centerface.detect_many(crops, size=(128, 128))
    assert sum(bool(faces) for faces in found) == len(heads), "a face of 20 px, enlarged threefold"


def test_yunet_finds_the_same_faces(catalog: Catalog) -> None:
    yunet = Detector.load(catalog, "yunet", threads=2)
    for number, count in FACES.items():
        photo = np.asarray(cv2.resize(_photo(catalog, number), None, fx=0.2, fy=0.2), np.uint8)
        assert len(yunet.detect(photo, thresholds={"face": 0.8})) == count, f"photo {number}"


def test_plates_are_found_where_one_is_drawn_and_not_on_a_wall(catalog: Catalog, frame: Frame) -> None:
    plates = Detector.load(catalog, "clp-det", threads=2)
    assert plates.detect(frame(216), thresholds={"plate": 0.5}) == []
    picture = np.asarray(cv2.resize(frame(216), (1280, 544)), np.uint8)
    x, y = 200, 300
    cv2.rectangle(picture, (x - 40, y - 60), (x + 220, y + 110), (40, 40, 40), -1)  # a car's rear
    cv2.rectangle(picture, (x, y), (x + 180, y + 54), (150, 60, 10), -1)
    cv2.rectangle(picture, (x + 4, y + 4), (x + 176, y + 50), (255, 255, 255), 2)
    cv2.putText(picture, "A 12345", (x + 12, y + 40), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 2)
    best = plates.detect(picture)[0]
    assert best.box.x0 < x + 60 < x + 120 < best.box.x1
    assert best.box.y0 < y + 27 < best.box.y1


def _photo(catalog: Catalog, number: int) -> Picture:
    photo = cv2.imread(str(catalog.path(f"faces-{number}")))
    assert photo is not None
    return np.asarray(photo, np.uint8)
