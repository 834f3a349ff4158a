import contextlib
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.backend import Precision
from engines.cli.agreement import cosine
from engines.errors import BadGraph, BuildFailed, PrecisionFailed
from engines.runtimes.int8_graphs import get_graph, graph_file, put_graph
from engines.runtimes.ort import OrtEngine
from engines.runtimes.precision import MAX_SAMPLES, TypedGraph, convolutions, half, int8
from tests.engines.small_net import samples, small_net

BINS = 128  # the search over more takes seconds


def quantised(model: bytes, exclude: tuple[str, ...] = ()) -> TypedGraph:
    return int8("small", model, samples(8), exclude=exclude, bins=BINS)


def operators(graph: TypedGraph) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_from_string(graph.data).graph.node)


@pytest.mark.parametrize("opset", [11, 18])
@pytest.mark.parametrize("precision", [Precision.FP16, Precision.INT8])
def test_the_seam_stays_and_so_does_the_answer(opset: int, precision: Precision) -> None:
    model = small_net(opset=opset)
    graph = half("small", model) if precision is Precision.FP16 else quantised(model)
    plain, changed = OrtEngine("small", model), OrtEngine("small", graph.data)
    assert (changed.inputs, changed.outputs) == (plain.inputs, plain.outputs), "float32 outside, any batch"
    x = np.concatenate([sample["x"] for sample in samples(3, seed=9)])
    expected, got = plain.run({"x": x})["y"], changed.run({"x": x})["y"]
    assert (expected != got).any(), "nothing has changed"
    assert cosine(expected, got) > (0.99999 if precision is Precision.FP16 else 0.995)


def test_the_same_graph_each_time() -> None:
    model = small_net()
    assert half("small", model).sha256 == half("small", model).sha256
    assert quantised(model).sha256 == quantised(model).sha256


def test_half_halves_the_weights() -> None:
    graph = onnx.load_from_string(half("small", small_net()).data).graph
    weights = [tensor for tensor in graph.initializer if len(tensor.dims) == 4]
    assert len(weights) == 2
    assert all(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in weights)


def test_int8_is_symmetric_and_leaves_biases_alone() -> None:
    graph = quantised(small_net())
    proto = onnx.load_from_string(graph.data)
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    pairs = [node for node in proto.graph.node if node.op_type in {"QuantizeLinear", "DequantizeLinear"}]
    assert operators(graph)["QuantizeLinear"] == 2, "the inputs of two convolutions; not their outputs"
    for node in pairs:
        zero = constants[node.input[2]]
        assert zero.dtype == np.int8
        assert not zero.any(), "TensorRT takes symmetric ranges only"
    assert not any(value.dtype == np.int32 and value.size > 1 for value in constants.values()), "an integer bias"
    assert "BatchNormalization" not in operators(graph)


def test_an_excluded_convolution_stays_float() -> None:
    model = small_net()
    names = convolutions("small", model)
    assert names[0] == "first"
    assert all(names), "the second had no name"
    graph = quantised(model, exclude=(names[1],))
    assert operators(graph)["QuantizeLinear"] == 1
    assert graph.excluded == (names[1],)


def test_exclusions_that_make_no_sense_are_typed() -> None:
    model = small_net()
    with pytest.raises(PrecisionFailed, match=r"no convolution is called nope; name some of its 2 .*--list-nodes"):
        quantised(model, exclude=("nope",))
    with pytest.raises(PrecisionFailed, match="no convolution is left"):
        quantised(model, exclude=convolutions("small", model))


def test_calibration_is_bounded_from_both_sides() -> None:
    with pytest.raises(PrecisionFailed, match="3 pictures to calibrate on; give a folder of at least 8"):
        int8("small", small_net(), samples(3), bins=BINS)
    drawn = 0

    def endless() -> "object":
        nonlocal drawn
        while True:
            drawn += 1
            yield from samples(1, seed=drawn)

    graph = int8("small", small_net(), endless(), bins=BINS)  # type: ignore[arg-type]
    assert graph.calibrated_on == MAX_SAMPLES
    assert drawn == MAX_SAMPLES


@settings(max_examples=30)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_graph_are_typed(data: bytes) -> None:
    with pytest.raises(BadGraph):
        half("noise", data)


@settings(max_examples=25)
@given(cut=st.integers(1, 2000))
def test_a_graph_that_is_cut_off_is_typed_or_whole(cut: int) -> None:
    model = small_net()
    with contextlib.suppress(BadGraph, PrecisionFailed):
        half("small", model[: max(0, len(model) - cut)])


def test_a_calibrated_graph_is_kept_with_what_it_was_made_from(tmp_path: Path) -> None:
    kept = put_graph(tmp_path, "small", "a" * 64, quantised(small_net(), exclude=("first",)))
    assert get_graph(tmp_path, "small", "a" * 64, ("first",)) == kept
    assert kept.calibrated_on == 8
    with pytest.raises(PrecisionFailed, match="other exclusions; run `wayside-engines build small"):
        get_graph(tmp_path, "small", "a" * 64, ())
    with pytest.raises(PrecisionFailed, match="never calibrated"):
        get_graph(tmp_path, "small", "b" * 64, ())
    graph_file(tmp_path, "small", "a" * 64).rename(graph_file(tmp_path, "small", "b" * 64))
    with pytest.raises(PrecisionFailed, match="made from another model"):
        get_graph(tmp_path, "small", "b" * 64, ("first",))


@pytest.mark.parametrize("data", [b"", b"noise", small_net()])
def test_a_kept_graph_that_is_none_is_typed(tmp_path: Path, data: bytes) -> None:
    graph_file(tmp_path, "small", "a" * 64).write_bytes(data)
    with pytest.raises(BadGraph):
        get_graph(tmp_path, "small", "a" * 64, ())
    with pytest.raises(BuildFailed, match="cannot be written"):
        put_graph(graph_file(tmp_path, "small", "a" * 64), "small", "a" * 64, quantised(small_net()))
