"""A network that was exported for one picture size takes any, with the same numbers at that size."""

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from engines.convert.open_sizes import open_sizes
from engines.convert.tfjs_onnx import convert
from engines.convert.tfjs_reader import Node, TfjsGraph
from engines.errors import BadGraph
from engines.runtimes.ort import OrtEngine
from tests.engines.convert.test_tfjs_onnx import floats, ints, s

Array = NDArray[Any]

SIDE = 16
CONV = {"padding": s("SAME"), "data_format": s("NHWC")}


def pyramid() -> TfjsGraph:
    """A convolution with a bias, halved and doubled again, as NanoDet's neck does."""
    nodes: list[dict[str, Any]] = [
        {"name": "t", "op": "Transpose", "input": ["x", "last"]},
        {"name": "c", "op": "Conv2D", "input": ["t", "k"], "attr": {**CONV, "strides": ints(1, 2, 2, 1)}},
        {"name": "b", "op": "AddV2", "input": ["c", "bias"]},
        {"name": "down", "op": "ResizeBilinear", "input": ["b", "half"], "attr": {"half_pixel_centers": {"b": True}}},
        {"name": "up", "op": "ResizeBilinear", "input": ["down", "whole"], "attr": {"half_pixel_centers": {"b": True}}},
        {"name": "sum", "op": "AddV2", "input": ["up", "b"]},
        {"name": "y", "op": "Transpose", "input": ["sum", "first"]},
    ]
    constants: dict[str, Array] = {
        "last": np.array([0, 2, 3, 1], np.int32),
        "first": np.array([0, 3, 1, 2], np.int32),
        "k": floats(3, 3, 3, 4),
        "bias": floats(1, 1, 1, 4),
        "half": np.array([SIDE // 4, SIDE // 4], np.int32),
        "whole": np.array([SIDE // 2, SIDE // 2], np.int32),
    }
    parsed = [Node.model_validate(node) for node in nodes]
    parsed += [Node.model_validate({"name": name, "op": "Const"}) for name in constants]
    return TfjsGraph({node.name: node for node in parsed}, constants)


@pytest.fixture(scope="module")
def closed() -> bytes:
    return convert(pyramid(), {"x": (-1, 3, SIDE, SIDE)}, {"y": "result"})


def test_the_numbers_are_those_of_the_export_and_any_size_is_taken(closed: bytes) -> None:
    opened = open_sizes(closed, "pyramid")
    engine = OrtEngine("opened", opened)
    assert engine.inputs[0].shape == (None, 3, None, None)
    x = floats(2, 3, SIDE, SIDE)
    expected = OrtEngine("closed", closed).run({"x": x})["result"]
    np.testing.assert_allclose(engine.run({"x": x})["result"], expected, atol=1e-6)
    assert engine.run({"x": floats(1, 3, 32, 96)})["result"].shape == (1, 4, 16, 48)
    assert open_sizes(closed, "pyramid") == opened


def test_the_middle_of_a_larger_picture_is_seen_as_in_a_small_one(closed: bytes) -> None:
    engine = OrtEngine("opened", open_sizes(closed, "pyramid"))
    large = np.zeros((1, 3, 64, 64), np.float32)
    large[..., 16:32, 16:32] = small = floats(1, 3, SIDE, SIDE)
    part = engine.run({"x": large})["result"][..., 8 + 3 : 16 - 3, 8 + 3 : 16 - 3]
    np.testing.assert_allclose(part, engine.run({"x": small})["result"][..., 3:-3, 3:-3], atol=1e-5)


def test_a_bias_is_a_part_of_the_convolution(closed: bytes) -> None:
    nodes = onnx.load_from_string(open_sizes(closed, "pyramid")).graph.node
    (conv,) = [node for node in nodes if node.op_type == "Conv"]
    assert len(conv.input) == 3
    assert [node.op_type for node in nodes].count("Add") == 1, "of the two branches"
    assert {"Shape", "Concat"}.isdisjoint(node.op_type for node in nodes), "sizes are not computed"


def test_sizes_that_are_not_known_are_refused() -> None:
    graph = convert(pyramid(), {"x": (-1, 3, -1, -1)}, {"y": "result"})
    with pytest.raises(BadGraph, match=r"pyramid: .* not known"):
        open_sizes(graph, "pyramid")
