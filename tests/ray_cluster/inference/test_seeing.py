"""Parser, canary and the JPEG reader under them, with detectors that answer what the test tells them."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.errors import InferenceFailed
from engines.manifest import ClassName, Group
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from ray_cluster.errors import NotJpeg, StageFault
from ray_cluster.inference.canary import Canary
from ray_cluster.inference.embedder import Embedder
from ray_cluster.inference.jpeg import decode, frame_size
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import DetectorRef, Parsed, Photo, Sitter, Unreadable
from tests.ray_cluster.inference.test_embedder import Means
from tests.ray_cluster.world import CAR, jpeg

WIDTH, HEIGHT = 160, 120


class FakeDetector:
    name = "fake"
    sha256 = "ab" * 32
    precisions = frozenset({sha256, "ef" * 32})

    def __init__(self, *found: Detection, fails: bool = False) -> None:
        self.found = list(found)
        self.fails = fails
        self.thresholds: Mapping[Group, float] = {}
        self.calls: list[tuple[int, Mapping[Group, float] | None]] = []

    def detect_tiled_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        self.calls.append((len(pictures), thresholds))
        if self.fails:
            raise InferenceFailed("fake", "out of memory")
        return [self.found for _ in pictures]

    def detect_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        return self.detect_tiled_many(pictures, thresholds=thresholds)

    def detect(self, picture: Picture, *, thresholds: Mapping[Group, float] | None = None) -> list[Detection]:
        return self.detect_tiled_many([picture], thresholds=thresholds)[0]


def detection(name: ClassName, *edges: float, score: float = 0.6) -> Detection:
    return Detection(name, score, Found(*edges))


def photo(content: bytes | None = None, *, regions: tuple[Box, ...] = (), size: tuple[int, int] = (64, 48)) -> Photo:
    return Photo(jpeg() if content is None else content, size[0], size[1], regions)


def scene(cover: Box | None = None, *, quality: int = 85, seed: int = 5) -> bytes:
    """Saturated noise in blocks, the hardest neighbour a cover can have, with one cover."""
    blocks = np.random.default_rng(seed).integers(0, 2, (HEIGHT // 5, WIDTH // 5, 3), np.uint8) * 255
    picture = blocks.repeat(5, 0).repeat(5, 1)
    if cover is not None:
        picture[cover.y0 : cover.y1, cover.x0 : cover.x1] = (64, 64, 64)
    return encoded(picture, quality)


def encoded(picture: NDArray[np.uint8], quality: int = 85) -> bytes:
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return content.tobytes()


def test_people_are_counted_and_only_machines_come_out() -> None:
    detector = FakeDetector(
        detection("car", 1.4, 2.6, 30.5, 20.2, score=1.0000001),
        detection("person", 1, 2, 3, 20),
        detection("bicycle", 5, 5, 20, 20),
        detection("person", 4, 2, 7, 20),
        detection("truck", 7.1, 7.1, 7.3, 30),  # no whole pixel wide
        detection("face", 1, 2, 3, 4),
    )
    (parsed,) = Parser.alone(detector, threshold=0.4).parse([photo()])
    assert parsed == Parsed(
        (
            Machine(cls=MachineClass.CAR, score=1.0, box=Box(x0=1, y0=3, x1=30, y1=20)),
            Machine(cls=MachineClass.BICYCLE, score=0.6, box=Box(x0=5, y0=5, x1=20, y1=20)),
        ),
        people=2,
        seen_by=DetectorRef("fake", "ab" * 32),
    )
    assert detector.calls == [(1, {"vehicle": 0.4, "two_wheeler": 0.4})]


def test_one_unreadable_picture_costs_the_others_nothing_and_they_go_as_one_batch() -> None:
    detector = FakeDetector(detection("car", 1, 2, 30, 20))
    answers = Parser.alone(detector, threshold=0.4).parse(
        [photo(), photo(b"\xff\xd8\xff junk"), photo(), photo(size=(1, 1))]
    )
    assert [type(answer) for answer in answers] == [Parsed, Unreadable, Parsed, Unreadable]
    assert detector.calls[0][0] == 2
    # No picture, no call.
    nothing = Parser.alone(FakeDetector(fails=True), threshold=0.4).parse([photo(b"junk")])
    assert nothing == [Unreadable("no JPEG: wrong first bytes")]


def test_an_engine_that_fails_is_tried_again_by_the_caller() -> None:
    with pytest.raises(StageFault, match="out of memory"):
        Parser.alone(FakeDetector(fails=True), threshold=0.4).parse([photo()])
    with pytest.raises(StageFault, match="out of memory"):
        Canary(FakeDetector(fails=True), threshold=0.35).inspect([photo()])


def test_a_face_is_a_leak_and_other_things_are_not() -> None:
    face = FakeDetector(detection("face", 10, 10, 30, 30))
    assert Canary(face, threshold=0.35).inspect([photo(), photo(b"junk")]) == [
        True,
        Unreadable("no JPEG: wrong first bytes"),
    ]
    assert face.calls == [(1, {"face": 0.35})]
    assert Canary(FakeDetector(detection("car", 10, 10, 30, 30)), threshold=0.35).inspect([photo()]) == [False]
    assert Canary(FakeDetector(), threshold=0.35).inspect([photo()]) == [False]


COVER = Box(x0=40, y0=30, x1=101, y1=93)


@pytest.mark.parametrize("quality", [50, 70, 85, 95])
@pytest.mark.parametrize("seed", range(4))
def test_a_detector_fooled_by_a_real_cover_is_no_leak(quality: int, seed: int) -> None:
    seen = photo(scene(COVER, quality=quality, seed=seed), regions=(COVER,), size=(WIDTH, HEIGHT))
    for edges in ((55, 45, 90, 80), (45.5, 36.2, 95.9, 88.1)):
        canary = Canary(FakeDetector(detection("face", *edges)), threshold=0.35)
        assert canary.inspect([seen]) == [False]


@pytest.mark.parametrize(
    ("regions", "covered", "edges"),
    [
        ((COVER,), None, (55, 45, 90, 80)),  # said to be covered, and is not
        ((), COVER, (55, 45, 90, 80)),  # covered, and not said so
        ((COVER,), COVER, (30, 45, 90, 80)),  # partly outside
        ((Box(x0=40, y0=30, x1=150, y1=93),), COVER, (55, 45, 130, 80)),  # the region is larger than the cover
        ((Box(x0=50, y0=40, x1=62, y1=52),), COVER, (51, 41, 61, 51)),  # too small to tell
    ],
)
def test_the_statement_alone_excuses_nothing(
    regions: tuple[Box, ...], covered: Box | None, edges: tuple[float, float, float, float]
) -> None:
    canary = Canary(FakeDetector(detection("face", *edges)), threshold=0.35)
    assert canary.inspect([photo(scene(covered), regions=regions, size=(WIDTH, HEIGHT))]) == [True]


def test_one_hit_in_a_cover_does_not_excuse_another() -> None:
    canary = Canary(
        FakeDetector(detection("face", 55, 45, 90, 80), detection("face", 110, 10, 130, 30)), threshold=0.35
    )
    assert canary.inspect([photo(scene(COVER), regions=(COVER,), size=(WIDTH, HEIGHT))]) == [True]


def test_a_jpeg_decodes_to_its_stated_size_whatever_its_orientation_tag_says() -> None:
    exif = bytes.fromhex("ffe1002245786966000049492a000800000001001201030001000000060000000000" + "0000")
    turned = jpeg()[:2] + exif + jpeg()[2:]
    assert decode(photo(turned)).shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("content", "size", "words"),
    [
        (b"", (64, 48), "wrong first bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), (64, 48), "wrong first bytes"),
        (jpeg()[:-2], (64, 48), "end marker"),
        (jpeg() + b"more", (64, 48), "end marker"),
        (jpeg(), (48, 64), "the JPEG is 64×48, its envelope says 48×64"),
        (b"\xff\xd8\xff\xda\x00\x04", (64, 48), "no frame header"),
        (b"\xff\xd8\xff\xc0\x00\x02\xff\xd9", (64, 48), "no frame header"),
    ],
)
def test_what_is_no_whole_jpeg_of_that_size_is_said(content: bytes, size: tuple[int, int], words: str) -> None:
    with pytest.raises(NotJpeg, match=words):
        decode(photo(content, size=size))


def test_a_header_that_promises_gigabytes_is_refused_before_decoding() -> None:
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = (16384).to_bytes(2) + (16384).to_bytes(2)
    with pytest.raises(NotJpeg, match="at most 16 megapixels"):
        decode(photo(bytes(content), size=(16384, 16384)))


@pytest.mark.parametrize("size", [(16384, 1), (1, 16384), (256, 1), (15, 15), (4096, 255)])
def test_a_strip_is_refused_by_its_header_before_parser_canary_or_embedder_decode_it(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("decoded")

    strip = photo(jpeg(90, *size), size=size)
    monkeypatch.setattr("cv2.imdecode", never)
    detector, network = FakeDetector(), Means()
    assert [type(one) for one in Parser.alone(detector, threshold=0.5).parse([strip])] == [Unreadable]
    assert [type(one) for one in Canary(detector, threshold=0.5).inspect([strip])] == [Unreadable]
    assert [type(one) for one in Embedder(network).embed([Sitter(strip, (CAR,))])] == [Unreadable]
    assert (detector.calls, network.calls) == ([], [])


@settings(max_examples=300)
@given(
    flips=st.lists(st.tuples(st.integers(2, len(jpeg()) - 1), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, len(jpeg())),
)
def test_damaged_jpegs_decode_or_are_refused_and_do_nothing_else(flips: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(jpeg())
    for at, value in flips:
        content[at] = value
    for damaged in (bytes(content), bytes(content[:cut]), bytes(content[:cut]) + b"\xff\xd9"):
        try:
            picture = decode(photo(damaged))
        except NotJpeg:
            continue
        assert picture.shape == (48, 64, 3)


@given(content=st.binary(max_size=200).map(lambda tail: b"\xff\xd8\xff" + tail))
def test_the_header_reader_ends_on_any_bytes(content: bytes) -> None:
    try:
        width, height = frame_size(content)
    except NotJpeg:
        return
    assert 0 < width <= 65535
    assert 0 < height <= 65535
