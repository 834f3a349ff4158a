import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from engines.backend import Backend, Flavour, Precision, Wish
from engines.catalog.catalog import Catalog
from engines.errors import ManifestInvalid, NoGpu, PlanCorrupt, PlanForeign, PlanMissing
from engines.runtimes import selection as subject
from engines.runtimes.gpu import Gpu
from engines.runtimes.selection import open_engine
from engines.runtimes.trt_plans import PlanStore
from tests.engines.small_net import small_net
from tests.engines.trt_stand_in import T4, VERSION, plan_of

MODEL = small_net()
SHA256 = hashlib.sha256(MODEL).hexdigest()
TRT = Wish(backend=Backend.TRT)
AUTO = Wish(backend=Backend.AUTO)

RUNTIME = """
[input]
tensor = "x"
colour = "RGB"
width = 16
height = 16

[output]
decoder = "nanodet"
classes = {{ car = 0 }}
thresholds = {{ vehicle = 0.4 }}

[runtime]
{}
"""


def no_gpu() -> Gpu:
    raise NoGpu("the driver sees 0 devices")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT-RTX as the plans of the stand-in want it, whatever this machine has."""
    monkeypatch.setattr(subject, "installed", lambda: {Flavour.RTX: VERSION})


def test_onnx_runtime_is_what_nobody_has_to_wish_for(tmp_path: Path) -> None:
    engine, running = open_engine("affine", MODEL, Wish(), tmp_path, probe=no_gpu)
    assert engine.sha256 == SHA256
    assert str(running) == "ort fp32 on CPU"


def test_tensorrt_by_name_never_falls_back(tmp_path: Path, here: None) -> None:
    with pytest.raises(NoGpu, match="0 devices"):
        open_engine("affine", MODEL, TRT, tmp_path, probe=no_gpu)
    with pytest.raises(PlanMissing):
        open_engine("affine", MODEL, TRT, tmp_path, probe=lambda: T4)
    PlanStore(tmp_path).put(plan_of(SHA256, sm=86))
    with pytest.raises(PlanForeign):
        open_engine("affine", MODEL, TRT, tmp_path, probe=lambda: T4)


def test_auto_falls_back_and_says_why(tmp_path: Path, here: None) -> None:
    _, running = open_engine("affine", MODEL, AUTO, tmp_path, probe=no_gpu)
    assert (running.backend, running.precision, running.device) == (Backend.ORT, Precision.FP32, "CPU")
    assert str(running).startswith("ort fp32 on CPU instead of TensorRT: no NVIDIA device: the driver sees 0 devices")
    _, running = open_engine("affine", MODEL, AUTO, tmp_path, probe=lambda: T4)
    assert "no fp32 plan" in str(running.because)
    PlanStore(tmp_path).put(plan_of(SHA256, sm=86))
    _, running = open_engine("affine", MODEL, AUTO, tmp_path, probe=lambda: T4)
    assert "compute capability 8.6, Tesla T4 has 7.5" in str(running.because)


def test_a_damaged_plan_is_a_fault_for_auto_too(tmp_path: Path, here: None) -> None:
    file = PlanStore(tmp_path).put(plan_of(SHA256))
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(PlanCorrupt):
        open_engine("affine", MODEL, AUTO, tmp_path, probe=lambda: T4)


def test_a_precision_without_tensorrt_is_a_contradiction() -> None:
    with pytest.raises(ValidationError, match="runs the model file as it is"):
        Wish(precision=Precision.INT8)
    assert Wish(backend=Backend.AUTO, precision=Precision.INT8, exclude=("head",)).exclude == ("head",)


def test_a_manifest_chooses_and_a_setting_goes_before_it(
    models_dir: Path, put_manifest: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (models_dir / "mine.bin").write_bytes(MODEL)
    put_manifest("mine", kind="model", sha256=SHA256, more=RUNTIME.format('backend = "auto"\nprecision = "fp16"'))
    monkeypatch.setattr(subject.open_plan, "__kwdefaults__", {"probe": no_gpu})
    monkeypatch.setattr(subject.open_engine, "__kwdefaults__", {"threads": 1, "probe": no_gpu})
    catalog = Catalog(models_dir)
    assert catalog.running == {}
    catalog.load("mine")
    assert "0 devices" in str(catalog.running["mine"].because)
    strict = Catalog(models_dir, wishes={"mine": Wish(backend=Backend.TRT)})
    with pytest.raises(NoGpu):
        strict.load("mine")
    plain = Catalog(models_dir, wishes={"mine": Wish()})
    plain.load("mine")
    assert plain.running["mine"].because is None


def test_a_manifest_that_wishes_nonsense_is_refused(models_dir: Path, put_manifest: Callable[..., Path]) -> None:
    put_manifest("mine", kind="model", more=RUNTIME.format('precision = "int8"'))
    with pytest.raises(ManifestInvalid, match=r"runtime: .*runs the model file as it is"):
        Catalog(models_dir)


@pytest.fixture
def plain_model(models_dir: Path, put_manifest: Callable[..., Path]) -> Path:
    (models_dir / "mine.bin").write_bytes(MODEL)
    put_manifest("mine", kind="model", sha256=SHA256, more=RUNTIME.format(""))
    (models_dir / "plans").mkdir()
    return models_dir


def test_a_machine_sets_what_a_manifest_does_not(plain_model: Path) -> None:
    assert Catalog(plain_model).wish("mine") == Wish()
    (plain_model / "plans" / "runtime.toml").write_text('[mine]\nbackend = "trt"\nprecision = "fp16"\n')
    wanted = Wish(backend=Backend.TRT, precision=Precision.FP16)
    assert Catalog(plain_model).wish("mine") == wanted
    assert Catalog(plain_model).wish("centerface") == Wish()
    assert Catalog(plain_model, wishes={"mine": AUTO}).wish("mine") == AUTO


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[nope]", "the catalog has no nope"),
        ("[mine]\nbackend = 1", "mine.backend"),
        ('[mine]\nspeed = "high"', "mine.speed"),
        ("mine = 3", "mine: "),
        ("[mine", "not TOML"),
        ("\xff", "not TOML"),
        ("#" * 70_000, "larger than 65536 bytes"),
    ],
)
def test_a_machines_settings_that_make_no_sense_are_typed(plain_model: Path, text: str, reason: str) -> None:
    (plain_model / "plans" / "runtime.toml").write_text(text, encoding="latin-1")
    with pytest.raises(ManifestInvalid, match=f"runtime.toml.*{reason}"):
        Catalog(plain_model)
