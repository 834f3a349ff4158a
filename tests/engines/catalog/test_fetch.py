import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.catalog import fetch as fetching
from engines.catalog.catalog import Catalog
from engines.catalog.fetch import deliver, fetch, needed
from engines.catalog.registries import Progress
from engines.convert.dynamic_axes import open_axes
from engines.errors import BadGraph, FetchFailed, ModelCorrupt, UnknownArtifact
from engines.manifest import Source
from engines.runtimes.ort import OrtEngine

DATA = b"a photo"
SHA256 = hashlib.sha256(DATA).hexdigest()
FROM_PACKAGE = """
name = "{name}"
kind = "photo"
file = "{name}.jpg"
sha256 = "{sha256}"
licence = "MIT"

[source]
ecosystem = "npm"
package = "photos"
version = "1.0"
members = ["package/{name}.jpg"]
"""


class Registry:
    """A registry with one package; it counts the downloads and gives the members it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Source] = []
        self.data = DATA

    def __call__(self, source: Source, progress: Progress | None) -> dict[str, bytes]:
        self.asked.append(source)
        return dict.fromkeys(source.members, self.data)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    monkeypatch.setattr(fetching, "ECOSYSTEMS", {"npm": made})
    return made


@pytest.fixture
def photos(models_dir: Path) -> Catalog:
    for name in ("one", "two"):
        (models_dir / f"{name}.toml").write_text(FROM_PACKAGE.format(name=name, sha256=SHA256))
    return Catalog(models_dir)


def test_what_is_missing_is_fetched_once(registry: Registry, photos: Catalog) -> None:
    assert fetch(photos, "one") is True
    assert photos.read("one") == DATA
    assert fetch(photos, "one") is False
    assert len(registry.asked) == 1
    assert not list(photos.models_dir.glob(".*")), "a partial file was left behind"


def test_a_package_of_several_artifacts_is_downloaded_once(registry: Registry, photos: Catalog) -> None:
    (delivery,) = needed(photos, ["one", "two", "one"])
    assert delivery.source.members == ("package/one.jpg", "package/two.jpg")
    deliver(photos, delivery)
    assert len(registry.asked) == 1
    assert needed(photos, ["one", "two"]) == []


def test_a_damaged_file_is_replaced(registry: Registry, photos: Catalog) -> None:
    photos.file("one").write_bytes(b"damaged")
    assert fetch(photos, "one") is True
    assert photos.read("one") == DATA


def test_a_package_with_another_content_never_lands(registry: Registry, photos: Catalog) -> None:
    registry.data = b"something else"
    with pytest.raises(ModelCorrupt, match=SHA256):
        fetch(photos, "one")
    assert not photos.file("one").exists()


def test_a_directory_that_cannot_be_written_is_a_typed_error(
    registry: Registry, photos: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (delivery,) = needed(photos, ["one"])
    blocked = tmp_path / "a-file"
    blocked.write_bytes(b"")
    monkeypatch.setattr(photos, "models_dir", blocked / "models")
    with pytest.raises(FetchFailed, match=r"one: fetch failed: cannot write .*--models-dir"):
        deliver(photos, delivery)


def test_a_full_disk_leaves_the_old_file_alone(
    registry: Registry, photos: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos.file("one").write_bytes(b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FetchFailed, match="No space left"):
        fetch(photos, "one")
    assert photos.file("one").read_bytes() == b"old"
    assert not list(photos.models_dir.glob(".*"))


def test_an_own_file_is_not_fetched(models_dir: Path, put_manifest: Callable[..., Path]) -> None:
    put_manifest()
    with pytest.raises(FetchFailed, match=r"comes from no package; put the file at .*mine\.bin"):
        fetch(Catalog(models_dir), "mine")


def test_an_unknown_name(photos: Catalog) -> None:
    with pytest.raises(UnknownArtifact):
        fetch(photos, "three")


def old_export() -> bytes:
    """A convolution as an old exporter writes it: weights among the inputs, the example's sizes, an output too many."""
    weights = np.arange(2 * 3, dtype=np.float32).reshape(2, 3, 1, 1)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input.1", "w"], ["7"], kernel_shape=[1, 1]),
            helper.make_node("Relu", ["7"], ["8"]),
            helper.make_node("Mul", ["8", "m"], ["9"]),
        ],
        "old",
        [
            helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [10, 3, 32, 32]),
            helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 3, 1, 1]),
            helper.make_tensor_value_info("m", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [10, 2, 32, 32]) for name in ("8", "9")],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.ones(1, np.float32), "m")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    return bytes(model.SerializeToString())


def test_an_old_export_is_opened_to_any_size() -> None:
    opened = open_axes(old_export(), {"8": "heat"}, "old")
    engine = OrtEngine("old", opened)
    assert [(spec.name, spec.shape) for spec in engine.inputs] == [("input.1", (None, 3, None, None))]
    assert [(spec.name, spec.shape) for spec in engine.outputs] == [("heat", (None, 2, None, None))]
    x = np.random.default_rng(1).standard_normal((2, 3, 5, 7)).astype(np.float32)
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    expected = np.maximum(np.einsum("oc,nchw->nohw", weights, x), 0)
    np.testing.assert_allclose(engine.run({"input.1": x})["heat"], expected, atol=1e-5)
    assert opened == open_axes(old_export(), {"8": "heat"}, "old")
    assert b"m" not in [tensor.encode() for tensor in _initializers(opened)], "the dropped output's weights stayed"


def test_a_tensor_inside_the_graph_becomes_an_output_by_a_name_that_goes() -> None:
    opened = open_axes(old_export(), {"7": "9"}, "old")
    engine = OrtEngine("old", opened)
    assert [spec.name for spec in engine.outputs] == ["9"]
    x = np.ones((2, 3, 5, 7), np.float32)
    assert engine.run({"input.1": x})["9"].shape == (2, 2, 5, 7)


def _initializers(model: bytes) -> list[str]:
    import onnx  # noqa: PLC0415 - only here

    return [tensor.name for tensor in onnx.load_model_from_string(model).graph.initializer]


@pytest.mark.parametrize(
    ("model", "reason"), [(b"\xff" * 20, "not an ONNX file"), (old_export(), "has no output nine")]
)
def test_a_graph_that_does_not_fit_its_conversion(model: bytes, reason: str) -> None:
    with pytest.raises(BadGraph, match=f"old: .*{reason}"):
        open_axes(model, {"nine": "heat"}, "old")
