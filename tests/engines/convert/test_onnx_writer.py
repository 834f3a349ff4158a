"""What is written without the onnx package is what the onnx package and the runtime read."""

import numpy as np
import onnx
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from engines.convert.onnx_writer import GraphWriter, _varint
from engines.runtimes.ort import OrtEngine


def _model() -> bytes:
    graph = GraphWriter("two-steps")
    weight = np.arange(2 * 3, dtype=np.float32).reshape(2, 3, 1, 1)
    convolved = graph.node(
        "Conv", ["x", graph.weight("w", weight), graph.weight("b", np.array([1, -300], np.float32))], "c",
        {"kernel_shape": (1, 1), "group": 1},
    )  # fmt: skip
    graph.node("Relu", [convolved], "y")
    return graph.model({"x": ("batch", 3, "height", "width")}, {"y": ("batch", 2, "height", "width")})


def test_the_onnx_package_reads_it_and_has_no_complaint() -> None:
    model = onnx.load_model_from_string(_model())
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Conv", "Relu"]
    assert [initializer.name for initializer in model.graph.initializer] == ["w", "b"]
    assert numpy_helper.to_array(model.graph.initializer[1]).tolist() == [1.0, -300.0]


def test_the_runtime_computes_it_at_any_size() -> None:
    engine = OrtEngine("two-steps", _model())
    for height, width in ((1, 1), (5, 7)):
        x = np.ones((2, 3, height, width), np.float32)
        (y,) = engine.run({"x": x}).values()
        assert y.shape == (2, 2, height, width)
        assert (y[:, 0] == 4).all()
        assert (y[:, 1] == 0).all(), "12 - 300, and then a ReLU"


@given(st.integers(0, 2**63 - 1))
def test_a_number_is_read_back(value: int) -> None:
    digits = _varint(value)
    assert sum((digit & 0x7F) << 7 * place for place, digit in enumerate(digits)) == value
    assert [digit >> 7 for digit in digits] == [1] * (len(digits) - 1) + [0]
