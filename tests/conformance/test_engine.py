"""One suite for the Engine seam: what every runtime must do, run on ONNX Runtime and on a fake in numpy."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.engine import Engine, Tensor, TensorSpec, check_inputs
from engines.errors import BadTensor
from engines.ort import OrtEngine


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


@pytest.fixture(params=["numpy", "ort"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return NumpyEngine() if request.param == "numpy" else OrtEngine("affine", affine_model())


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
