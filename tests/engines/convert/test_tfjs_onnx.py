"""Every operator that is translated, against the same computation in numpy."""

import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.convert.tfjs_onnx import WRITE, convert
from engines.convert.tfjs_reader import Node, TfjsGraph
from engines.errors import BadGraph, UnsupportedOperator
from engines.runtimes.ort import OrtEngine

Array = NDArray[Any]

RNG = np.random.default_rng(2)


def s(text: str) -> dict[str, str]:
    return {"s": base64.b64encode(text.encode()).decode()}


def ints(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


def graph_of(op: str, inputs: list[str], constants: dict[str, Array], **attributes: Any) -> TfjsGraph:
    nodes = [Node.model_validate({"name": "y", "op": op, "input": inputs, "attr": attributes})]
    nodes += [Node.model_validate({"name": name, "op": "Const"}) for name in constants]
    return TfjsGraph({node.name: node for node in nodes}, constants)


def run(graph: TfjsGraph, x: Array, output: str = "y") -> Array:
    model = convert(graph, {"x": x.shape}, {output: "result"})
    return np.asarray(OrtEngine("test", model).run({"x": x})["result"])


def floats(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def conv_valid(x: Array, kernel: Array, stride: int = 1, dilation: int = 1) -> Array:
    """NHWC, no padding: the definition, cell by cell."""
    high, wide = kernel.shape[0] * dilation - dilation + 1, kernel.shape[1] * dilation - dilation + 1
    rows, columns = (x.shape[1] - high) // stride + 1, (x.shape[2] - wide) // stride + 1
    result = np.zeros((x.shape[0], rows, columns, kernel.shape[3]), np.float32)
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            patch = x[:, top : top + high : dilation, left : left + wide : dilation]
            result[:, row, column] = np.einsum("nhwc,hwco->no", patch, kernel)
    return result


SIMPLE: dict[str, Callable[[Array], Array]] = {
    "Identity": lambda x: x,
    "Relu": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "LeakyRelu": lambda x: np.where(x < 0, x * 0.25, x),
}


@pytest.mark.parametrize("op", SIMPLE)
def test_one_tensor(op: str) -> None:
    x = floats(2, 3)
    np.testing.assert_allclose(run(graph_of(op, ["x"], {}, alpha={"f": 0.25}), x), SIMPLE[op](x), rtol=1e-5)


@pytest.mark.parametrize(
    ("op", "expected"),
    [("Add", np.add), ("AddV2", np.add), ("BiasAdd", np.add), ("Mul", np.multiply), ("Sub", np.subtract)],
)
def test_two_tensors(op: str, expected: Callable[[Array, Array], Array]) -> None:
    x, c = floats(2, 3), floats(3)
    np.testing.assert_allclose(run(graph_of(op, ["x", "c"], {"c": c}), x), expected(x, c), rtol=1e-6)


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_conv2d_without_padding(stride: int, dilation: int) -> None:
    x, kernel = floats(2, 7, 9, 3), floats(3, 3, 3, 4)
    graph = graph_of(
        "Conv2D",
        ["x", "k"],
        {"k": kernel},
        padding=s("VALID"),
        data_format=s("NHWC"),
        strides=ints(1, stride, stride, 1),
        dilations=ints(1, dilation, dilation, 1),
    )
    np.testing.assert_allclose(run(graph, x), conv_valid(x, kernel, stride, dilation), atol=1e-4)


def test_conv2d_same_puts_the_odd_row_at_the_end() -> None:
    x, kernel = floats(1, 4, 4, 2), floats(3, 3, 2, 2)
    graph = graph_of("Conv2D", ["x", "k"], {"k": kernel}, padding=s("SAME"), strides=ints(1, 2, 2, 1))
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))  # 4 at stride 2 wants one more row: TensorFlow adds it below
    np.testing.assert_allclose(run(graph, x), conv_valid(padded, kernel, 2), atol=1e-4)


def test_conv2d_with_channels_first() -> None:
    x, kernel = floats(1, 2, 5, 6), floats(3, 3, 2, 4)
    graph = graph_of(
        "Conv2D", ["x", "k"], {"k": kernel}, padding=s("VALID"), data_format=s("NCHW"), strides=ints(1, 1, 1, 1)
    )
    expected = conv_valid(x.transpose(0, 2, 3, 1), kernel).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(run(graph, x), expected, atol=1e-4)


def test_max_pool() -> None:
    x = floats(1, 6, 4, 2)
    graph = graph_of("MaxPool", ["x"], {}, padding=s("VALID"), ksize=ints(1, 2, 2, 1), strides=ints(1, 2, 2, 1))
    np.testing.assert_array_equal(run(graph, x), x.reshape(1, 3, 2, 2, 2, 2).max(axis=(2, 4)))


@pytest.mark.parametrize(("op", "value"), [("Pad", 0.0), ("PadV2", -3.5)])
def test_pad(op: str, value: float) -> None:
    x, pads = floats(2, 3), np.array([[1, 0], [2, 3]], np.int32)
    constants = {"p": pads} | ({"v": np.array(value, np.float32)} if op == "PadV2" else {})
    expected = np.pad(x, pads, constant_values=value)
    np.testing.assert_array_equal(run(graph_of(op, ["x", *constants], constants), x), expected)


def padded_then(op: str, value: float, data_format: str, **attributes: Any) -> TfjsGraph:
    """Padding by one to each side, turned to channels last where the graph has it so, and an operator behind."""
    nodes: list[dict[str, Any]] = [{"name": "p", "op": "PadV2", "input": ["x", "pads", "value"]}]
    if data_format == "NHWC":
        nodes.append({"name": "t", "op": "Transpose", "input": ["p", "perm"]})
    inputs = [nodes[-1]["name"], *(["k"] if op == "Conv2D" else [])]
    attr = {"padding": s("VALID"), "data_format": s(data_format), "strides": ints(1, 1, 1, 1), **attributes}
    nodes.append({"name": "y", "op": op, "input": inputs, "attr": attr})
    constants: dict[str, Array] = {
        "pads": np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32),
        "value": np.array(value, np.float32),
        "perm": np.array([0, 2, 3, 1], np.int32),
        "k": KERNEL,
    }
    parsed = [Node.model_validate(node) for node in nodes]
    parsed += [Node.model_validate({"name": name, "op": "Const"}) for name in constants]
    return TfjsGraph({node.name: node for node in parsed}, constants)


KERNEL = floats(3, 3, 2, 4)


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
@pytest.mark.parametrize(("value", "is_folded"), [(0.0, True), (1.5, False)])
def test_padding_with_nothing_goes_into_the_convolution_and_other_padding_stays(
    data_format: str, value: float, *, is_folded: bool
) -> None:
    x = floats(2, 2, 5, 6)
    model = convert(padded_then("Conv2D", value, data_format), {"x": x.shape}, {"y": "result"})
    assert any(node.op_type == "Pad" for node in onnx.load_from_string(model).graph.node) != is_folded
    around = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=value).transpose(0, 2, 3, 1)
    expected = conv_valid(around, KERNEL)
    found = OrtEngine("test", model).run({"x": x})["result"]
    np.testing.assert_allclose(found, expected if data_format == "NHWC" else expected.transpose(0, 3, 1, 2), atol=1e-4)


@pytest.mark.parametrize(("value", "is_folded"), [(-np.inf, True), (0.0, False)])
def test_only_padding_that_cannot_win_goes_into_a_pool(value: float, *, is_folded: bool) -> None:
    x = -np.abs(floats(1, 2, 4, 6)) - 1
    graph = padded_then("MaxPool", value, "NHWC", ksize=ints(1, 2, 2, 1), strides=ints(1, 2, 2, 1))
    model = convert(graph, {"x": x.shape}, {"y": "result"})
    assert any(node.op_type == "Pad" for node in onnx.load_from_string(model).graph.node) != is_folded
    around = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=value)
    expected = around.reshape(1, 2, 3, 2, 4, 2).max(axis=(3, 5)).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(OrtEngine("test", model).run({"x": x})["result"], expected)


def test_concat_transpose_and_reshape() -> None:
    x, c = floats(2, 3), floats(2, 2)
    axis = {"c": c, "a": np.array(1, np.int32)}
    np.testing.assert_array_equal(run(graph_of("ConcatV2", ["x", "c", "a"], axis), x), np.hstack([x, c]))
    order = {"o": np.array([1, 0], np.int32)}
    np.testing.assert_array_equal(run(graph_of("Transpose", ["x", "o"], order), x), x.T)
    shape = {"s": np.array([3, -1], np.int32)}
    np.testing.assert_array_equal(run(graph_of("Reshape", ["x", "s"], shape), x), x.reshape(3, 2))


def test_split_outputs_are_numbered() -> None:
    x = floats(2, 5)
    graph = graph_of("SplitV", ["x", "n", "a"], {"n": np.array([2, 3], np.int32), "a": np.array(1, np.int32)})
    taken = Node.model_validate({"name": "z", "op": "Sub", "input": ["y:1", "one"]})
    one = Node.model_validate({"name": "one", "op": "Const"})
    whole = TfjsGraph({**graph.nodes, "z": taken, "one": one}, {**graph.constants, "one": np.array(1, np.float32)})
    np.testing.assert_allclose(run(whole, x, "z"), x[:, 2:] - 1)
    missing = Node.model_validate({"name": "z", "op": "Relu", "input": ["y:2"]})
    with pytest.raises(BadGraph, match="no output 2"):
        run(TfjsGraph({**graph.nodes, "z": missing}, graph.constants), x, "z")


@pytest.mark.parametrize(
    ("attributes", "positions"),
    [
        ({"half_pixel_centers": {"b": True}}, (np.arange(4) + 0.5) / 2 - 0.5),
        ({"align_corners": {"b": True}}, np.arange(4) / 3),
        ({}, np.arange(4) / 2),
    ],
)
def test_resize_bilinear(attributes: dict[str, Any], positions: Array) -> None:
    x = floats(1, 2, 2, 3)
    graph = graph_of("ResizeBilinear", ["x", "s"], {"s": np.array([4, 4], np.int32)}, **attributes)
    weight = np.clip(positions, 0, 1)
    mix = np.stack([1 - weight, weight], axis=1)
    np.testing.assert_allclose(run(graph, x), np.einsum("ia,jb,nabc->nijc", mix, mix, x), atol=1e-6)


def test_constants_of_constants_are_folded() -> None:
    """Exporters leave Reshape shapes behind as sums of a constant and an empty SparseToDense."""
    x = floats(2, 6)
    nodes = [
        {"name": "y", "op": "Reshape", "input": ["x", "shape"]},
        {"name": "shape", "op": "AddV2", "input": ["base", "more"]},
        {"name": "more", "op": "SparseToDense", "input": ["where", "length", "what", "zero"]},
    ]
    constants: dict[str, Array] = {
        "base": np.array([2, 2, 2], np.int32),
        "where": np.array([[2]], np.int32),
        "length": np.array([3], np.int32),
        "what": np.array([1], np.int32),
        "zero": np.array(0, np.int32),
    }
    nodes += [{"name": name, "op": "Const"} for name in constants]
    graph = TfjsGraph({str(node["name"]): Node.model_validate(node) for node in nodes}, constants)
    np.testing.assert_array_equal(run(graph, x), x.reshape(2, 2, 3))


def test_every_operator_is_tested_here() -> None:
    tested = set(SIMPLE) | {"Add", "AddV2", "BiasAdd", "Mul", "Sub", "Conv2D", "MaxPool", "Pad", "PadV2", "ConcatV2"}
    assert tested | {"Transpose", "Reshape", "SplitV", "ResizeBilinear"} == set(WRITE)


def test_a_graph_made_for_one_picture_takes_a_batch() -> None:
    graph = graph_of("Reshape", ["x", "s"], {"s": np.array([1, 3, -1], np.int32)})
    engine = OrtEngine("test", convert(graph, {"x": (-1, 6)}, {"y": "result"}))
    x = floats(4, 6)
    np.testing.assert_array_equal(engine.run({"x": x})["result"], x.reshape(4, 3, 2))


def test_the_same_graph_gives_the_same_bytes() -> None:
    graph = graph_of("Conv2D", ["x", "k"], {"k": floats(3, 3, 2, 2)}, padding=s("SAME"), strides=ints(1, 1, 1, 1))
    first, second = (convert(graph, {"x": (-1, 8, 8, 2)}, {"y": "result"}) for _ in range(2))
    assert first == second


CONV = {"padding": s("VALID"), "strides": ints(1, 1, 1, 1)}


@pytest.mark.parametrize(
    ("graph", "error", "reason"),
    [
        (graph_of("Softplus", ["x"], {}), UnsupportedOperator, "y: .*Softplus"),
        (graph_of("Relu", ["nowhere"], {}), BadGraph, "nowhere: .*not there"),
        (graph_of("Relu", ["y"], {}), BadGraph, "y: .*depends on itself"),
        (graph_of("Relu", [], {}), BadGraph, "with 0 inputs"),
        (graph_of("Add", ["x", "x", "x"], {}), BadGraph, "with 3 inputs"),
        (graph_of("Reshape", ["x", "x"], {}), UnsupportedOperator, "input 1 is computed"),
        (graph_of("Reshape", ["x", "c"], {"c": np.ones(2, np.float32)}), BadGraph, "not of integers"),
        (graph_of("ConcatV2", ["x", "c"], {"c": np.ones(2, np.int32)}), BadGraph, "not one integer"),
        (graph_of("Conv2D", ["x", "c"], {"c": floats(3, 3)}, **CONV), BadGraph, "kernel has shape"),
        (graph_of("Conv2D", ["x", "c"], {"c": floats(1, 1, 1, 1)}), UnsupportedOperator, "padding unnamed"),
        (
            graph_of("Conv2D", ["x", "c"], {"c": floats(1, 1, 1, 1)}, padding=s("SAME"), strides=ints(1, 0, 1, 1)),
            BadGraph,
            "strides is",
        ),
        (graph_of("SplitV", ["x", "c", "c"], {"c": np.ones(0, np.int32)}), BadGraph, "one integer"),
        (graph_of("ResizeBilinear", ["x", "c"], {"c": np.ones(3, np.int32)}), BadGraph, "its size is"),
        (graph_of("AddV2", ["b", "c"], {"b": floats(2), "c": floats(3)}), BadGraph, "do not fit together"),
    ],
)
def test_what_cannot_be_translated_is_a_typed_error(graph: TfjsGraph, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        convert(graph, {"x": (1, 4, 4, 1)}, {"y": "result"})


NAMES = st.sampled_from(["x", "y", "z", "c", "f", "y:1", "^z"])


@given(
    st.lists(
        st.tuples(st.sampled_from([*WRITE, "SparseToDense", "Const", "Mystery"]), st.lists(NAMES, max_size=4)),
        max_size=2,
    ),
    st.dictionaries(
        st.sampled_from(["strides", "ksize", "dilations"]),
        st.lists(st.integers(-2, 3), max_size=5).map(lambda v: ints(*v)),
    ),
    st.lists(st.integers(-3, 5), max_size=4),
)
def test_any_graph_is_converted_or_a_typed_error(
    nodes: list[tuple[str, list[str]]], attributes: dict[str, Any], numbers: list[int]
) -> None:
    constants = {"c": np.array(numbers, np.int32), "f": np.ones((1, 1, 1, 1), np.float32)}
    parsed = [
        Node.model_validate({"name": name, "op": op, "input": inputs, "attr": attributes | {"padding": s("SAME")}})
        for name, (op, inputs) in zip("yz", nodes, strict=False)
    ]
    parsed += [Node.model_validate({"name": name, "op": "Const"}) for name in constants]
    with suppress(BadGraph, UnsupportedOperator):
        convert(TfjsGraph({node.name: node for node in parsed}, constants), {"x": (-1, 4, 4, 1)}, {"y": "result"})
