"""Fixtures of the engines' tests: small ONNX models made on the spot, and the real ones."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.catalog.catalog import Catalog
from engines.catalog.fetch import fetch
from engines.detection.preprocess import Picture

MANIFEST = """
name = "{name}"
kind = "{kind}"
file = "{file}"
sha256 = "{sha256}"
licence = "MIT"

[source]
ecosystem = "file"
"""


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The real catalog. Tests that use it are marked `network`: what is not there yet is fetched."""
    shipped = Catalog()
    for manifest in shipped.manifests():
        fetch(shipped, manifest.name)
    return shipped


@pytest.fixture
def frame(catalog: Catalog) -> Callable[[int], Picture]:
    """The n-th frame of the street film."""

    def read(number: int) -> Picture:
        film = cv2.VideoCapture(str(catalog.path("bikes")))
        film.set(cv2.CAP_PROP_POS_FRAMES, number)
        done, pixels = film.read()
        film.release()
        assert done
        return np.asarray(pixels, np.uint8)

    return read


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """An empty models directory."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def put_manifest(models_dir: Path) -> Callable[..., Path]:
    """Puts a customer's manifest into the models directory."""

    def put(
        name: str = "mine", *, kind: str = "photo", file: str = "mine.bin", sha256: str = "0" * 64, more: str = ""
    ) -> Path:
        target = models_dir / f"{name}.toml"
        target.write_text(MANIFEST.format(name=name, kind=kind, file=file, sha256=sha256) + more)
        return target

    return put
