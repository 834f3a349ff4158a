import base64
import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.convert.tfjs_reader import MAX_NODES, read
from engines.errors import BadGraph


def model_json(
    nodes: list[dict[str, Any]], weights: list[dict[str, Any]], paths: tuple[str, ...] = ("w.bin",)
) -> bytes:
    return json.dumps(
        {"modelTopology": {"node": nodes}, "weightsManifest": [{"paths": list(paths), "weights": weights}]}
    ).encode()


def test_constants_are_laid_end_to_end_across_the_files() -> None:
    first, second = np.array([[1, 2], [3, 4]], np.float32), np.array([7, -8], np.int32)
    data = first.tobytes() + second.tobytes() + b"\x01"
    weights: list[dict[str, Any]] = [
        {"name": "a", "shape": [2, 2], "dtype": "float32"},
        {"name": "b", "shape": [2], "dtype": "int32"},
        {"name": "c", "shape": [], "dtype": "bool"},
    ]
    nodes: list[dict[str, Any]] = [{"name": name, "op": "Const"} for name in "abc"]
    graph = read(model_json(nodes, weights, ("1.bin", "2.bin")), {"1.bin": data[:9], "2.bin": data[9:]}, "here")
    np.testing.assert_array_equal(graph.constants["a"], first)
    np.testing.assert_array_equal(graph.constants["b"], second)
    assert graph.constants["c"].shape == ()
    assert graph.constants["c"]


@pytest.mark.parametrize(
    ("quantization", "stored", "expected"),
    [
        ({"dtype": "float16"}, np.array([0.5, -2], np.float16), [0.5, -2]),
        ({"dtype": "uint8", "scale": 0.5, "min": -1.0}, np.array([0, 4], np.uint8), [-1, 1]),
        ({"dtype": "uint16", "scale": 2.0, "min": 3.0}, np.array([1, 500], np.uint16), [5, 1003]),
    ],
)
def test_quantised_weights_are_widened(quantization: dict[str, Any], stored: Any, expected: list[float]) -> None:
    weights = [{"name": "a", "shape": [2], "dtype": "float32", "quantization": quantization}]
    graph = read(model_json([{"name": "a", "op": "Const"}], weights), {"w.bin": stored.tobytes()}, "here")
    assert graph.constants["a"].dtype == np.float32
    np.testing.assert_array_equal(graph.constants["a"], np.array(expected, np.float32))


def test_attributes_are_read_from_their_json_forms() -> None:
    node = {
        "name": "n",
        "op": "Conv2D",
        "input": ["x", "split:1", "^control"],
        "attr": {
            "padding": {"s": base64.b64encode(b"SAME").decode()},
            "strides": {"list": {"i": ["1", "2", "2", "1"]}},
            "alpha": {"f": 0.1},
            "keep": {"b": True},
        },
    }
    parsed = read(model_json([node], []), {"w.bin": b""}, "here").nodes["n"]
    assert parsed.tensors == (("x", 0), ("split", 1))
    assert parsed.text("padding", "") == "SAME"
    assert parsed.text("data_format", "NHWC") == "NHWC"
    assert parsed.integers("strides") == (1, 2, 2, 1)
    assert parsed.number("alpha", 0.2) == 0.1
    assert parsed.number("beta", 0.2) == 0.2
    assert parsed.flag("keep")
    assert not parsed.flag("drop")


FLOAT = {"name": "a", "shape": [2], "dtype": "float32"}
CONST = {"name": "a", "op": "Const"}


@pytest.mark.parametrize(
    ("text", "files", "reason"),
    [
        (b"{", {}, "Invalid JSON"),
        (b"[]", {}, "should be an object"),
        (model_json([CONST], [FLOAT]), {}, "w.bin, which is not there"),
        (model_json([CONST], [FLOAT]), {"w.bin": b"123"}, "end inside a"),
        (model_json([CONST], [FLOAT]), {"w.bin": bytes(9)}, "1 bytes of weights belong to nothing"),
        (model_json([CONST], []), {"w.bin": b""}, "constant a has no weights"),
        (model_json([CONST, CONST], [FLOAT]), {"w.bin": bytes(8)}, "two nodes share a name"),
        (model_json([CONST], [FLOAT | {"dtype": "string"}]), {"w.bin": b""}, "dtype"),
        (model_json([CONST], [FLOAT | {"shape": [-1]}]), {"w.bin": b""}, "shape"),
        (model_json([CONST], [FLOAT | {"shape": [1 << 31] * 8}]), {"w.bin": b""}, "end inside"),
        (
            model_json([CONST], [FLOAT | {"dtype": "bool", "quantization": {"dtype": "uint8"}}]),
            {"w.bin": b"12"},
            "quantised bool",
        ),
        (model_json([{"name": str(n), "op": "X"} for n in range(MAX_NODES + 1)], []), {"w.bin": b""}, "at most"),
    ],
)
def test_a_graph_that_cannot_be_read_says_why(text: bytes, files: dict[str, bytes], reason: str) -> None:
    with pytest.raises(BadGraph, match=reason):
        read(text, files, "here")


def test_a_bad_attribute_or_input_names_its_node() -> None:
    nodes = [{"name": "n", "op": "X", "input": ["a:b"], "attr": {"padding": {"s": "***"}}}]
    node = read(model_json(nodes, []), {"w.bin": b""}, "here").nodes["n"]
    with pytest.raises(BadGraph, match=r"^n: .*no number"):
        _ = node.tensors
    with pytest.raises(BadGraph, match=r"^n: .*padding is not base64"):
        node.text("padding", "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=40))
def test_foreign_bytes_give_a_graph_or_a_typed_error(text: bytes, data: bytes) -> None:
    with suppress(BadGraph):
        read(text, {"w.bin": data}, "here")


@given(
    st.lists(
        st.fixed_dictionaries(
            {"name": st.sampled_from("abc"), "shape": st.lists(st.integers(-1, 4), max_size=9), "dtype": JSON},
            optional={"quantization": JSON},
        ),
        max_size=4,
    ),
    JSON,
    st.binary(max_size=40),
)
def test_foreign_weights_give_a_graph_or_a_typed_error(weights: list[Any], attribute: Any, data: bytes) -> None:
    nodes = [{"name": name, "op": "Const", "attr": {"x": attribute}} for name in "abc"]
    try:
        graph = read(model_json(nodes, weights), {"w.bin": data}, "here")
    except BadGraph:
        return
    assert set(graph.constants) == {"a", "b", "c"}
