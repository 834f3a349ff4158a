import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engines.backend import Flavour
from engines.errors import BadTensor, InferenceFailed, ModelRefused, NoGpu, PlanCorrupt, PlanForeign
from engines.runtimes import trt as subject
from engines.runtimes.gpu import Gpu
from engines.runtimes.trt import Libraries, TrtEngine
from engines.runtimes.trt_plans import PlanStore
from tests.engines.trt_stand_in import T4, VERSION, Context, Cuda, Engine, Trt, plan_of

SHA256 = hashlib.sha256(b"model").hexdigest()


@pytest.fixture
def cuda() -> Cuda:
    return Cuda()


@pytest.fixture
def trt(cuda: Cuda) -> Trt:
    return Trt(cuda)


def engine_of(trt: Trt, lanes: int = 2) -> TrtEngine:
    return TrtEngine("affine", plan_of(SHA256), T4, Libraries(trt, trt.cuda), lanes=lanes)


def ramp(batch: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.arange(batch * 3 * width, dtype=np.float32).reshape(batch, 3, width)


def test_a_batch_larger_than_the_profile_is_split(trt: Trt) -> None:
    engine = engine_of(trt)
    x = ramp(10, 5)
    np.testing.assert_array_equal(engine.run({"x": x})["y"], 2 * x + 1)
    assert [shape[0] for shape in trt.runs] == [4, 4, 2]


def test_buffers_grow_and_are_used_again(trt: Trt, cuda: Cuda) -> None:
    engine = engine_of(trt, lanes=1)
    for batch, width in ((1, 2), (4, 8), (2, 3), (4, 8), (1, 8)):
        x = ramp(batch, width)
        np.testing.assert_array_equal(engine.run({"x": x})["y"], 2 * x + 1)
    assert cuda.calls["mem_alloc"] == 4, "input and output, small and then large"
    assert len(cuda.live) == 2


def test_an_answer_stays_what_it_was(trt: Trt) -> None:
    engine = engine_of(trt, lanes=1)
    first = engine.run({"x": ramp(2, 4)})["y"]
    before = first.copy()
    engine.run({"x": -ramp(2, 4)})
    np.testing.assert_array_equal(first, before)


def test_threads_share_the_lanes_and_leave_no_context_behind(trt: Trt, cuda: Cuda) -> None:
    engine = engine_of(trt)

    def run(value: int) -> bool:
        x = np.full((1 + value % 9, 3, 2 + value % 7), value, np.float32)
        right = bool((engine.run({"x": x})["y"] == 2 * value + 1).all())
        return right and not cuda._stack()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(300)))
    assert cuda.calls["create_execution_context"] == 2
    assert len(cuda.live) <= 4, "two lanes, two tensors"


def test_what_lies_outside_the_profile_is_a_typed_error(trt: Trt) -> None:
    engine = engine_of(trt)
    with pytest.raises(BadTensor, match=r"has 9 on axis 2, the plan's profile takes 2 to 8"):
        engine.run({"x": ramp(1, 9)})
    with pytest.raises(BadTensor, match="has 1 on axis 2"):
        engine.run({"x": ramp(1, 1)})
    assert not trt.runs


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ("shape", "refuses the shape of 'x'"),
        ("address", "refuses 'x'"),
        ("output", "cannot tell the shape of 'y'"),
        ("run", "did not run"),
        ("crash", "Tesla T4: cuStreamSynchronize failed: an illegal memory access was encountered"),
    ],
)
def test_a_run_that_fails_is_typed_and_gives_its_lane_back(trt: Trt, cuda: Cuda, refusal: str, reason: str) -> None:
    engine = engine_of(trt, lanes=1)
    trt.refuses.add(refusal)
    for _ in range(3):
        with pytest.raises(InferenceFailed, match=reason):
            engine.run({"x": ramp(1, 4)})
    trt.refuses.clear()
    np.testing.assert_array_equal(engine.run({"x": ramp(1, 4)})["y"], 2 * ramp(1, 4) + 1)
    assert not cuda._stack()


def test_a_device_without_memory_is_a_typed_error(trt: Trt, cuda: Cuda) -> None:
    trt.refuses.add("context")
    with pytest.raises(ModelRefused, match="no memory for an execution context"):
        engine_of(trt)
    trt.refuses.clear()
    engine = engine_of(trt)
    cuda.free_bytes = 10
    with pytest.raises(InferenceFailed, match="out of memory"):
        engine.run({"x": ramp(4, 8)})


def test_a_plan_that_the_device_cannot_read_is_refused(trt: Trt, cuda: Cuda) -> None:
    trt.readable = False
    with pytest.raises(ModelRefused, match="cannot read the plan on Tesla T4"):
        engine_of(trt)
    assert not cuda._stack()


def test_closing_gives_the_memory_back(trt: Trt, cuda: Cuda) -> None:
    engine = engine_of(trt)
    engine.run({"x": ramp(4, 8)})
    engine.close()
    assert not cuda.live
    assert cuda.free_bytes == 1 << 30


def test_without_a_device_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pycuda", raising=False)
    with pytest.raises(NoGpu):  # before the file is even looked for
        TrtEngine.load("affine", SHA256, tmp_path / "absent.plan", index=999)
    assert "pycuda" not in sys.modules


def test_loading_checks_the_plan_before_the_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pycuda", raising=False)
    monkeypatch.setattr(subject, "probe", lambda index: Gpu(index, "Tesla T4", 75))
    monkeypatch.setattr(subject, "installed", lambda: {Flavour.RTX: VERSION})
    store = PlanStore(tmp_path)
    for plan, reason in (
        (plan_of(SHA256, sm=80), "built for compute capability 8.0, Tesla T4 has 7.5"),
        (plan_of(SHA256, gpu="NVIDIA A10"), "built on NVIDIA A10, this is Tesla T4"),
        (plan_of("0" * 64), "built from a model of sha256 000000000000"),
        (plan_of(SHA256, flavour_version="1.2"), r"built by tensorrt-rtx 1\.2, installed is 1\.7\.1\.116"),
        (plan_of(SHA256, flavour=Flavour.TENSORRT), "which is not installed"),
    ):
        with pytest.raises(PlanForeign, match=reason):
            TrtEngine.load("affine", SHA256, store.put(plan))
    cut = store.put(plan_of(SHA256))
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(PlanCorrupt, match="fewer bytes"):
        TrtEngine.load("affine", SHA256, cut)
    assert "pycuda" not in sys.modules


def test_the_stand_in_has_only_what_tensorrt_has() -> None:
    """A method that TensorRT renames shows here, and not first on a customer's machine."""
    real = pytest.importorskip("tensorrt_rtx")
    for stand_in, original in ((Engine, real.ICudaEngine), (Context, real.IExecutionContext)):
        missing = {name for name in vars(stand_in) if not name.startswith("_")} - set(dir(original))
        assert not missing
    assert {"Runtime", "Logger", "nptype", "TensorIOMode"} <= set(dir(real))
    assert hasattr(real.Runtime, "deserialize_cuda_engine")
    assert {"INPUT", "OUTPUT"} <= set(real.TensorIOMode.__members__)
