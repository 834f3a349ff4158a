"""One suite for the Engine seam: what every runtime must do, run on ONNX Runtime, TensorRT and a fake in numpy.

TensorRT comes in two halves. Its plan is built everywhere, through TensorRT-RTX for a T4 where there is no device. It
is run only where there is one (marker `gpu`); elsewhere the order of its calls is tried on stand-ins in host memory.
"""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.backend import Flavour, Precision
from engines.errors import BadTensor, NoGpu
from engines.runtimes.engine import Engine, Tensor, TensorSpec, check_inputs
from engines.runtimes.gpu import Gpu, probe
from engines.runtimes.ort import OrtEngine
from engines.runtimes.precision import half
from engines.runtimes.trt import Libraries, TrtEngine, libraries_of
from engines.runtimes.trt_build import Target, build, installed
from engines.runtimes.trt_plans import ANY_GPU, Plan, PlanKey, Profile, sealed
from tests.engines.trt_stand_in import T4, Cuda, Trt
from tests.engines.trt_stand_in import plan_of as stand_in_plan

T4_SM = 75


def affine_model() -> bytes:
    """y = 2 x + 1 for x of batch x 3."""
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "two"], ["double"]),
            helper.make_node("Add", ["double", "one"], ["y"]),
        ],
        "affine",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [
            numpy_helper.from_array(np.array(2, np.float32), "two"),
            numpy_helper.from_array(np.array(1, np.float32), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


class NumpyEngine:
    """The same computation without a runtime."""

    name = "affine"
    sha256 = hashlib.sha256(affine_model()).hexdigest()
    inputs = (TensorSpec("x", (None, 3), "float32"),)
    outputs = (TensorSpec("y", (None, 3), "float32"),)

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        check_inputs(self.name, self.inputs, inputs)
        return {"y": inputs["x"] * np.float32(2) + np.float32(1)}


def device() -> Gpu | None:
    try:
        return probe()
    except NoGpu:
        return None


GPU = device()


def flavour() -> Flavour:
    """TensorRT itself where it and a device are, TensorRT-RTX everywhere else."""
    there = installed()
    wanted = Flavour.TENSORRT if GPU is not None and Flavour.TENSORRT in there else Flavour.RTX
    if wanted not in there:
        pytest.skip(f"{wanted} has no wheel for this machine")
    return wanted


@cache
def plan_of(precision: Precision) -> Plan:
    """The build half: a plan for the device of this machine, else for a T4. Its batches end at 4."""
    chosen, profile = flavour(), Profile(batch=(1, 2, 4))
    graph = affine_model() if precision is Precision.FP32 else half("affine", affine_model()).data
    sm = T4_SM if GPU is None else GPU.sm
    key = PlanKey(
        model="affine",
        model_sha256=hashlib.sha256(affine_model()).hexdigest(),
        precision=precision,
        flavour=chosen,
        flavour_version=installed()[chosen],
        sm=sm,
        gpu=GPU.name if GPU is not None and chosen is Flavour.TENSORRT else ANY_GPU,
        profile=profile,
    )
    data = build("affine", graph, chosen, Target(sm, profile, workspace_mb=64))
    return sealed(key, data, graph_sha256=hashlib.sha256(graph).hexdigest())


@pytest.fixture(
    params=[
        "numpy",
        "ort",
        "calls",
        *(pytest.param(one, marks=pytest.mark.gpu) for one in (Precision.FP32, Precision.FP16)),
    ],
    ids=["numpy", "ort", "trt on stand-ins", "trt fp32", "trt fp16"],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "numpy":
        yield NumpyEngine()
    elif request.param == "ort":
        yield OrtEngine("affine", affine_model())
    elif request.param == "calls":
        cuda = Cuda()
        libraries = Libraries(Trt(cuda, (-1, 3), ((1, 3), (2, 3), (4, 3))), cuda)
        yield TrtEngine("affine", stand_in_plan(hashlib.sha256(affine_model()).hexdigest()), T4, libraries)
    elif GPU is None:
        pytest.skip("no NVIDIA device: TensorRT builds here and runs nothing")
    else:
        plan = plan_of(request.param)
        running = TrtEngine("affine", plan, GPU, libraries_of(plan))
        yield running
        running.close()


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.FP16])
def test_a_plan_is_built_without_a_device_too(precision: Precision) -> None:
    plan = plan_of(precision)
    assert plan.header.plan_bytes > 1000
    assert plan.header.key.sm == (T4_SM if GPU is None else GPU.sm)


def test_it_says_what_it_is(engine: Engine) -> None:
    assert engine.name == "affine"
    assert engine.sha256 == hashlib.sha256(affine_model()).hexdigest()
    assert engine.inputs == (TensorSpec("x", (None, 3), "float32"),)
    assert engine.outputs == (TensorSpec("y", (None, 3), "float32"),)


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_it_computes_any_batch(engine: Engine, batch: int) -> None:
    x = np.arange(batch * 3, dtype=np.float32).reshape(batch, 3)
    outputs = engine.run({"x": x})
    assert set(outputs) == {"y"}
    np.testing.assert_array_equal(outputs["y"], 2 * x + 1)
    assert engine.outputs[0].complaint(outputs["y"]) is None


def test_it_leaves_its_input_alone(engine: Engine) -> None:
    x = np.ones((2, 3), np.float32)
    engine.run({"x": x})
    np.testing.assert_array_equal(x, np.ones((2, 3)))


def test_it_takes_memory_that_is_not_contiguous(engine: Engine) -> None:
    x = np.arange(6, dtype=np.float32).reshape(3, 2).T
    np.testing.assert_array_equal(engine.run({"x": x})["y"], 2 * x + 1)


@pytest.mark.parametrize(
    ("inputs", "tensor", "reason"),
    [
        ({}, "x", "missing"),
        ({"x": np.ones((1, 3), np.float64)}, "x", "float64"),
        ({"x": np.ones((1, 4), np.float32)}, "x", r"\(1, 4\)"),
        ({"x": np.ones(3, np.float32)}, "x", r"\(3,\)"),
        ({"x": np.ones((0, 3), np.float32)}, "x", "nothing"),
        ({"x": np.ones((1, 3), np.float32), "z": np.ones(1)}, "z", "not one of its inputs"),
    ],
)
def test_a_tensor_that_does_not_fit_is_a_typed_error(
    engine: Engine, inputs: dict[str, Tensor], tensor: str, reason: str
) -> None:
    with pytest.raises(BadTensor, match=reason) as caught:
        engine.run(inputs)
    assert (caught.value.engine, caught.value.tensor) == ("affine", tensor)


def test_several_threads_may_run_it(engine: Engine) -> None:
    def run(value: int) -> bool:
        x = np.full((4, 3), value, np.float32)
        return bool((engine.run({"x": x})["y"] == 2 * value + 1).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(200)))
