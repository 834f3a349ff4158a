import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from engines.backend import Flavour, Precision
from engines.catalog.catalog import Catalog
from engines.cli.main import app
from engines.errors import NoGpu
from engines.runtimes.gpu import Gpu
from engines.runtimes.trt_build import installed
from engines.runtimes.trt_plans import header_of
from tests.engines.small_net import face_net, small_net

rtx = pytest.mark.skipif(Flavour.RTX not in installed(), reason="tensorrt-rtx has no wheel for this machine")

HEAD = """
[input]
tensor = "x"
colour = "RGB"
std = [64, 64, 64]
{size}

[output]
decoder = "centerface"
classes = {{ face = 0 }}
thresholds = {{ face = 0.2 }}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(argument) for argument in arguments])


def said(result: Result) -> str:
    return " ".join((result.stdout + result.stderr).replace("│", " ").split())


@pytest.fixture
def models(models_dir: Path, put_manifest: Callable[..., Path]) -> Path:
    """A model of a fixed size that is no detector, and one of any size that is one, of nothing in particular."""
    for name, free in (("small", False), ("free", True)):
        model = face_net() if free else small_net()
        (models_dir / f"{name}.bin").write_bytes(model)
        size = "" if free else "width = 16\nheight = 16"
        sha256 = hashlib.sha256(model).hexdigest()
        put_manifest(name, kind="model", file=f"{name}.bin", sha256=sha256, more=HEAD.format(size=size))
    return models_dir


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    random = np.random.default_rng(2)
    for number in range(10):
        cv2.imwrite(str(folder / f"{number}.png"), random.integers(0, 256, (24, 32, 3)).astype(np.uint8))
    return folder


@pytest.fixture(autouse=True)
def without_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def probe(index: int = 0) -> Gpu:
        raise NoGpu("none in this test")

    monkeypatch.setattr("engines.runtimes.gpu.probe", probe)
    monkeypatch.setattr("engines.runtimes.selection.open_plan.__kwdefaults__", {"probe": probe})


@rtx
def test_build_writes_a_plan_that_says_what_it_is(models: Path) -> None:
    result = run(
        "build", "small", "--precision", "fp16", "--sm", "75", "--batch", "1,2,4", "--models-dir", models, "--json"
    )
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    header = header_of(Path(report["plan"]))
    assert report["key"] == header.key.model_dump(mode="json")
    assert (header.key.model, header.key.precision, header.key.sm) == ("small", Precision.FP16, 75)
    assert header.key.profile.batch == (1, 2, 4)
    assert header.key.model_sha256 == hashlib.sha256(small_net()).hexdigest()
    assert header.graph_sha256 != header.key.model_sha256
    assert Path(report["plan"]).parent == models / "plans"


@rtx
def test_build_of_a_model_of_any_size_takes_spans(models: Path) -> None:
    result = run(
        "build", "free", "--sm", "75", "--batch", "1,1,2", "--size", "16x16,64x32,128x64", "--models-dir", models
    )
    assert result.exit_code == 0, result.stderr
    (file,) = (models / "plans").glob("*.plan")
    profile = header_of(file).key.profile
    assert (profile.width, profile.height) == ((16, 64, 128), (16, 32, 64))


@rtx
def test_int8_wants_pictures_once(models: Path, snapshots: Path) -> None:
    sizes = ("--size", "16x16,32x32,64x64", "--batch", "1,1,2")
    arguments = ("build", "free", "--precision", "int8", "--sm", "75", *sizes, "--models-dir", models)
    before = run(*arguments)
    assert before.exit_code == 2
    assert "never calibrated; run `wayside-engines build free --precision int8 --calibrate FOLDER`" in said(before)
    unknown = run(*arguments, "--calibrate", snapshots, "--exclude", "nope")
    assert "no convolution is called nope" in said(unknown)
    first = run(*arguments, "--calibrate", snapshots, "--most", "9")
    assert first.exit_code == 0, first.stderr
    assert "calibrated with other exclusions" in said(run(*arguments, "--exclude", "heat"))
    again = run(*arguments, "--json")
    assert again.exit_code == 0, again.stderr
    report = json.loads(again.stdout)
    assert report["calibrated_on"] == 9
    header = header_of(Path(report["plan"]))
    assert (header.key.precision, header.calibrated_on, header.excluded) == (Precision.INT8, 9, ())
    compared = run(
        "compare", "free", snapshots, "--precision", "int8", "--backend", "ort", "--models-dir", models, "--json"
    )
    (one,) = json.loads(compared.stdout)["results"]
    assert one["detections"]["pictures"] == 10
    assert 0.9 < min(one["cosine_min"].values()) < 1


def test_nodes_are_listed(models: Path) -> None:
    result = run("build", "small", "--list-nodes", "--models-dir", models)
    assert result.stdout.split() == ["first", "Conv_4"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("build", "small"), "no device here to build for (none in this test); name a compute capability, as --sm 75"),
        (("build", "small", "--sm", "70"), "knows no SM70"),
        (("build", "small", "--flavour", "tensorrt", "--sm", "75"), "no NVIDIA device: none in this test"),
        (("build", "small", "--sm", "75", "--batch", "4"), "--batch"),
        (("build", "small", "--sm", "75", "--batch", "4,2,1"), "least, usual, most"),
        (("build", "small", "--sm", "75", "--batch", "a,b,c"), "three numbers"),
        (("build", "free", "--sm", "75", "--size", "16,32,64"), "'16' is no WIDTHxHEIGHT"),
        (("build", "free", "--sm", "75", "--size", "16x8,32x32,64x64"), "sides of 16 to 16384 pixels"),
        (("build", "small", "--sm", "75", "--precision", "fp16", "--exclude", "first"), "only int8 is calibrated"),
        (("build", "bikes", "--sm", "75"), "is of kind 'footage', not a model to run"),
        (("build", "nope", "--sm", "75"), "no such artifact"),
        (("bench", "small", "--backend", "auto"), "name ort or trt"),
        (("bench", "small", "--backend", "trt", "--rounds", "1"), "no NVIDIA device"),
        (("bench", "small", "--precision", "int8", "--backend", "ort"), "it was never calibrated"),
        (("bench", "small", "--rounds", "0"), "--rounds"),
        (("compare", "small", "absent"), "is no folder"),
        (("compare", "small", "."), "holds no picture"),
    ],
)
@rtx
def test_wrong_input_is_a_reason_and_exit_code_2(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(models)
    result = run(*arguments, "--models-dir", models)
    assert result.exit_code == 2, result.stdout
    assert reason in said(result)
    assert not (models / "plans").exists(), "something was written"


def test_bench_prints_each_variant_beside_the_baseline(models: Path) -> None:
    result = run("bench", "small", "--rounds", "2", "--batch", "1", "--batch", "3", "--models-dir", models, "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert [(one["precision"], one["batch"]) for one in report["results"]] == [
        ("fp32", 1),
        ("fp16", 1),
        ("fp32", 3),
        ("fp16", 3),
    ]
    assert {one["device"] for one in report["results"]} == {"CPU"}
    assert report["results"][0]["ratio_to_baseline"] == 1.0
    assert all(one["pictures_per_s"] > 0 for one in report["results"])
    assert said(result).count("not run: trt") == 2, "what could not be run is said"


@pytest.mark.network
def test_compare_says_how_far_half_agrees(catalog: Catalog, tmp_path: Path, frame: Callable[[int], np.ndarray]) -> None:
    for number in (100, 160):
        cv2.imwrite(str(tmp_path / f"{number}.png"), frame(number))
    result = run("compare", "nanodet-g-416", tmp_path, "--backend", "ort", "--precision", "fp16", "--json")
    assert result.exit_code == 0, result.stderr
    (one,) = json.loads(result.stdout)["results"]
    assert one["detections"]["pictures"] == 2
    assert one["detections"]["reference"] > 0
    assert one["detections"]["kept"] == 1.0
    assert min(one["cosine_min"].values()) > 0.999
    table = run("compare", "nanodet-g-416", tmp_path, "--most", "1", "--backend", "ort", "--precision", "fp16")
    assert "100.0%" in table.stdout
