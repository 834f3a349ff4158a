"""A network in eight bits: near the float32 one, the same bytes each time, and never by a range that is not known."""

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engines.convert.eight_bits import Ranges, quantised, quantised_tensors, with_activations
from engines.errors import BadGraph
from engines.runtimes.ort import OrtEngine

LAYERS = 5
FLOAT_LAYERS = 2


def network() -> bytes:
    """Convolutions with activations, a maximum behind the first, and two branches that are joined and enlarged."""
    chance = np.random.default_rng(4)
    nodes, weights, x = [], [], "x"
    for layer in range(LAYERS):
        into = 3 if layer == 0 else 16 if layer == LAYERS - 1 else 8
        kernel = chance.standard_normal((8, into, 3, 3)).astype(np.float32) / np.float32(3 * into**0.5)
        weights += [
            numpy_helper.from_array(kernel, f"k{layer}"),
            numpy_helper.from_array(chance.standard_normal(8).astype(np.float32) / 4, f"b{layer}"),
        ]
        source = "joined" if layer == LAYERS - 1 else x
        if layer == LAYERS - 1:
            nodes.append(helper.make_node("Concat", [x, "a2"], ["joined"], axis=1))
        inputs = [source, f"k{layer}", f"b{layer}"]
        nodes.append(helper.make_node("Conv", inputs, [f"c{layer}"], name=f"conv{layer}", pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("LeakyRelu", [f"c{layer}"], [f"a{layer}"], alpha=0.1))
        x = f"a{layer}"
        if layer == 0:
            nodes.append(helper.make_node("MaxPool", [x], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]))
            x = "pooled"
    weights.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"))
    nodes.append(helper.make_node("Resize", [x, "", "twice"], ["y"], mode="linear"))
    shape: tuple[str | int, ...] = ("batch", 3, "height", "width")
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 8, "h", "w"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def picture(seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((1, 3, 32, 48)).astype(np.float32)


@pytest.fixture(scope="module")
def ranges() -> Ranges:
    names = quantised_tensors(network(), FLOAT_LAYERS)
    outputs = OrtEngine("tap", with_activations(network(), names)).run({"x": picture()})
    return {name: (float(outputs[name].min()), float(outputs[name].max())) for name in names}


def levels(model: bytes) -> dict[str, NDArray[Any]]:
    tensors = onnx.load_from_string(model).graph.initializer
    return {one.name: numpy_helper.to_array(one) for one in tensors if one.name.endswith("kernel/levels")}


@pytest.mark.parametrize(("bits", "most"), [(8, 127), (7, 63)])
def test_the_numbers_are_near_those_of_float32(ranges: Ranges, bits: int, most: int) -> None:
    model = quantised(network(), ranges, bits, FLOAT_LAYERS, "small")
    assert model == quantised(network(), ranges, bits, FLOAT_LAYERS, "small"), "the same bytes each time"
    expected = OrtEngine("float32", network()).run({"x": picture()})["y"]
    found = OrtEngine("small", model).run({"x": picture()})["y"]
    assert np.sqrt(((found - expected) ** 2).mean()) < 0.1 * expected.std()
    kernels = levels(model)
    assert len(kernels) == LAYERS - FLOAT_LAYERS, "the first two layers stay float32"
    assert {value.dtype for value in kernels.values()} == {np.dtype(np.int8)}
    assert max(np.abs(value).max() for value in kernels.values()) == most


def test_an_activation_without_a_range_is_named(ranges: Ranges) -> None:
    without = {name: span for name, span in ranges.items() if name != "joined"}
    with pytest.raises(BadGraph, match=r"small: .*there is no range for its activation joined"):
        quantised(network(), without, 8, FLOAT_LAYERS, "small")


def test_a_maximum_before_its_activation_gives_the_same_numbers() -> None:
    swapped = with_activations(network(), [])
    kinds = [node.op_type for node in onnx.load_from_string(swapped).graph.node]
    assert kinds[:3] == ["Conv", "MaxPool", "LeakyRelu"]
    expected = OrtEngine("float32", network()).run({"x": picture()})["y"]
    np.testing.assert_array_equal(OrtEngine("swapped", swapped).run({"x": picture()})["y"], expected)


def with_relus() -> bytes:
    """Three convolutions, each but the last with a Relu, of an old version; a sigmoid makes the output of the last."""
    chance = np.random.default_rng(5)
    nodes, weights, x = [], [], "x"
    for layer, (into, out) in enumerate(((3, 8), (8, 8), (8, 8), (8, 1))):
        kernel = chance.standard_normal((out, into, 3, 3)).astype(np.float32) / np.float32(3 * into**0.5)
        weights += [
            numpy_helper.from_array(kernel, f"k{layer}"),
            numpy_helper.from_array(kernel[:, 0, 0, 0], f"b{layer}"),
        ]
        nodes.append(helper.make_node("Conv", [x, f"k{layer}", f"b{layer}"], [f"c{layer}"], pads=[1, 1, 1, 1]))
        kind, x = ("Relu", f"a{layer}") if out > 1 else ("Sigmoid", "y")
        nodes.append(helper.make_node(kind, [f"c{layer}"], [x]))
    shape: tuple[str | int, ...] = ("batch", 3, "height", "width")
    graph = helper.make_graph(
        nodes,
        "faces",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1, "h", "w"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    return bytes(model.SerializeToString())


def test_a_relu_is_folded_into_its_convolution_and_the_last_layer_stays_float32() -> None:
    names = quantised_tensors(with_relus(), 1)
    assert names == ["a0", "a1", "a2"], "a convolution that a Relu follows is not rounded before it"
    outputs = OrtEngine("tap", with_activations(with_relus(), names)).run({"x": picture()})
    spans = {name: (float(outputs[name].min()), float(outputs[name].max())) for name in names}
    model = quantised(with_relus(), spans, 8, 1, "faces")
    assert set(levels(model)) == {"c1/kernel/levels", "c2/kernel/levels"}
    found = OrtEngine("faces", model).run({"x": picture()})["y"]
    assert np.sqrt(((found - outputs["y"]) ** 2).mean()) < 0.1 * outputs["y"].std()
