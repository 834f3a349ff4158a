"""The build half of TensorRT, through TensorRT-RTX, without a GPU."""

import sys
from importlib import metadata
from typing import Any

import pytest

from engines.backend import Flavour
from engines.catalog.catalog import Catalog
from engines.errors import BuildFailed, ExtraMissing
from engines.runtimes.precision import half, int8
from engines.runtimes.trt_build import Target, build, installed, tensorrt_of
from engines.runtimes.trt_plans import Profile
from tests.engines.small_net import samples, small_net

T4 = 75
SMALL = Target(T4, Profile(batch=(1, 2, 4)), workspace_mb=64)

rtx = pytest.mark.skipif(Flavour.RTX not in installed(), reason="tensorrt-rtx has no wheel for this machine")


@rtx
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_each_precision_becomes_a_plan_for_a_t4(precision: str) -> None:
    model = small_net()
    graph = {
        "fp32": lambda: model,
        "fp16": lambda: half("small", model).data,
        "int8": lambda: int8("small", model, samples(8), bins=128).data,
    }[precision]()
    assert len(build("small", graph, Flavour.RTX, SMALL)) > 1000


@rtx
def test_a_model_of_any_size_wants_to_be_told_sizes() -> None:
    model = small_net(free_size=True)
    with pytest.raises(BuildFailed, match=r"input 'x' takes any size; say which sizes it will see"):
        build("small", model, Flavour.RTX, SMALL)
    profile = Profile(batch=(1, 1, 2), height=(16, 32, 64), width=(16, 64, 128))
    assert len(build("small", model, Flavour.RTX, Target(T4, profile, 64))) > 1000


@rtx
def test_a_device_that_rtx_does_not_know_is_typed() -> None:
    with pytest.raises(BuildFailed, match=r"knows no SM70; choose of SM75, "):
        build("small", small_net(), Flavour.RTX, Target(70, Profile()))


@rtx
@pytest.mark.parametrize("graph", [b"", b"noise", small_net()[:-100]])
def test_what_cannot_be_parsed_is_typed(graph: bytes) -> None:
    with pytest.raises(BuildFailed, match="small: no plan could be built") as caught:
        build("small", graph, Flavour.RTX, SMALL)
    assert "\n" not in str(caught.value)


@rtx
def test_too_little_scratch_memory_is_typed() -> None:
    profile = Profile(batch=(1, 16, 64), height=(16, 1024, 2048), width=(16, 1024, 2048))
    with pytest.raises(BuildFailed, match=r"workspace.*; allow more scratch memory than 1 MB"):
        build("small", small_net(free_size=True), Flavour.RTX, Target(T4, profile, workspace_mb=1))


@rtx
@pytest.mark.network
def test_the_real_detector_becomes_a_plan_for_a_t4(catalog: Catalog) -> None:
    graph = half("nanodet-g-416", catalog.read("nanodet-g-416"))
    profile = Profile(height=(32, 416, 992), width=(32, 416, 992))
    plan = build("nanodet-g-416", graph.data, Flavour.RTX, Target(T4, profile))
    assert len(plan) > len(graph.data) / 2


def test_what_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(ExtraMissing, match=r"module tensorrt is missing; run `pip install 'wayside\[tensorrt\]'`"):
        tensorrt_of(Flavour.TENSORRT)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(ExtraMissing, match=r"wayside\[tensorrt-rtx\]"):
        tensorrt_of(Flavour.RTX)


def test_asking_what_is_installed_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "tensorrt":
            return "11.4.0.106"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    imported = {"tensorrt"} & set(sys.modules)
    assert installed() == {Flavour.TENSORRT: "11.4.0.106"}
    assert {"tensorrt"} & set(sys.modules) == imported


@rtx
def test_rtx_has_every_name_that_the_builder_uses() -> None:
    module: Any = tensorrt_of(Flavour.RTX)
    assert hasattr(module.IBuilderConfig, "set_compute_capability")
    assert "STRONGLY_TYPED" in module.NetworkDefinitionCreationFlag.__members__
    assert not {"FP16", "INT8"} & set(module.BuilderFlag.__members__), "precision could be a flag again"
