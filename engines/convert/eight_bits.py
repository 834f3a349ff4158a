"""Quantises a convolutional network to eight bits by ranges of its activations that were measured once and are shipped.

Only numpy computes here, one operation at a time: the same model and ranges give the same bytes on every machine.
Activations are bytes by tensor, weights signed bytes by channel, biases of 32 bits: what ONNX Runtime fuses to
convolutions of bytes. Resizing, splitting, sigmoids, the first layers and those right before an output stay float32.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.errors import BadGraph, ExtraMissing

try:
    import onnx
    from onnx import helper, numpy_helper
except ModuleNotFoundError as error:
    raise ExtraMissing("onnx", "provisioning") from error

Ranges = Mapping[str, tuple[float, float]]
"""Tensor → least and greatest value."""

QUANTISED: Final = frozenset({"Add", "Concat", "Conv", "LeakyRelu", "Relu"})
ACTIVATIONS: Final = frozenset({"LeakyRelu", "Relu"})
OPSET: Final = 13
"""Operators of this version convert bytes back by channel."""


def quantised_tensors(model: bytes, float_layers: int) -> list[str]:
    """List the activations whose ranges `quantised` needs, in the order of the graph."""
    graph = _ordered(model).graph
    return _activations(graph, _chosen(graph, float_layers))


def with_activations(model: bytes, names: Sequence[str]) -> bytes:
    """Add activations to the outputs, to measure their ranges."""
    proto = _ordered(model)
    proto.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names)
    return bytes(proto.SerializeToString(deterministic=True))


def quantised(model: bytes, ranges: Ranges, bits: int, float_layers: int, where: str) -> bytes:
    """Quantise with weights of `bits`, 7 or 8: without VNNI sums of products of eight bits overflow.

    The first `float_layers` convolutions stay float32. Deterministic.

    Raises:
        BadGraph: an activation has no range; it is named.
    """
    proto = _ordered(model)
    _raise_opset(proto)
    graph = proto.graph
    chosen = _chosen(graph, float_layers)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    written = _Written(where, ranges, bits)
    names = set(_activations(graph, chosen))
    for index, node in enumerate(graph.node):
        source = type(node).FromString(node.SerializeToString())
        is_quantised = index in chosen
        for position, name in enumerate(node.input):
            if name in names:
                source.input[position] = f"{name}/back"
        if is_quantised and node.op_type == "Conv":
            source.input[1:] = written.weights(source.name or source.output[0], constants, node.input)
        written.nodes.append(source)
        for name in node.output:
            if name in names:
                written.round(name)
    used = {name for node in written.nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    _replace(graph.node, written.nodes)
    _replace(graph.initializer, [*kept, *written.tensors])
    return bytes(proto.SerializeToString(deterministic=True))


class _Written:
    """Collects the nodes and constants of the quantised graph."""

    def __init__(self, where: str, ranges: Ranges, bits: int) -> None:
        self._where = where
        self._ranges = ranges
        self._most = 2 ** (bits - 1) - 1
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def scale(self, name: str) -> tuple[np.float32, np.uint8]:
        """Return scale and zero point of an activation: nothing is one of the levels."""
        if name not in self._ranges:
            raise BadGraph(self._where, f"there is no range for its activation {name}")
        low, high = (np.float32(value) for value in self._ranges[name])
        low, high = min(low, np.float32(0)), max(high, np.float32(0))
        scale = max(np.float32((high - low) / np.float32(255)), np.float32(1e-8))
        return scale, np.uint8(np.clip(np.rint(-low / scale), 0, 255))

    def round(self, name: str) -> None:
        """Round an activation to bytes and back."""
        scale, zero = self.scale(name)
        parameters = [self._constant(f"{name}/scale", scale), self._constant(f"{name}/zero", zero)]
        self.nodes.append(helper.make_node("QuantizeLinear", [name, *parameters], [f"{name}/bytes"]))
        self.nodes.append(helper.make_node("DequantizeLinear", [f"{name}/bytes", *parameters], [f"{name}/back"]))

    def weights(self, name: str, constants: Mapping[str, NDArray[Any]], inputs: Sequence[str]) -> list[str]:
        """Quantise weights and bias of a convolution; return the names that stand for them."""
        kernel, bias = constants[inputs[1]], constants[inputs[2]]
        into, _ = self.scale(inputs[0])
        greatest = np.abs(kernel).reshape(len(kernel), -1).max(axis=1)
        scales = np.maximum(greatest / np.float32(self._most), np.float32(1e-8)).astype(np.float32)
        levels = np.clip(np.rint(kernel / scales[:, None, None, None]), -self._most, self._most).astype(np.int8)
        sums = np.asarray(scales * into, np.float32)
        offsets = np.rint(bias.astype(np.float64) / sums).astype(np.int32)
        return [self._channels(f"{name}/kernel", levels, scales), self._channels(f"{name}/offset", offsets, sums)]

    def _channels(self, name: str, levels: NDArray[Any], scales: NDArray[Any]) -> str:
        zero = np.zeros(len(scales), levels.dtype)
        inputs = [
            self._constant(f"{name}/{part}", value)
            for part, value in (("levels", levels), ("scale", scales), ("zero", zero))
        ]
        self.nodes.append(helper.make_node("DequantizeLinear", inputs, [f"{name}/back"], axis=0))
        return f"{name}/back"

    def _constant(self, name: str, value: Any) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def _raise_opset(proto: Any) -> None:
    """Declare the operators of `OPSET` at least; convolutions are the same in both."""
    for own in proto.opset_import:
        if own.domain == "":
            own.version = max(own.version, OPSET)


def _ordered(model: bytes) -> Any:
    """Load a model with each maximum before its activation: the same numbers.

    ONNX Runtime moves the rounding before a maximum, and has no fast maximum of bytes (35 of 78 ms).
    """
    proto = onnx.load_model_from_string(model)
    graph = proto.graph
    makers = {output: node for node in graph.node for output in node.output}
    readers = [name for node in graph.node for name in node.input]
    for pool in graph.node:
        before = makers.get(pool.input[0]) if pool.op_type == "MaxPool" else None
        if before is not None and before.op_type == "LeakyRelu" and readers.count(before.output[0]) == 1:
            inner, outer = before.output[0], pool.output[0]
            pool.input[0], pool.output[0] = before.input[0], inner
            before.input[0], before.output[0] = inner, outer
    nodes = _sorted(graph.node, {value.name for value in (*graph.input, *graph.initializer)})
    _replace(graph.node, nodes)
    return proto


def _sorted(nodes: Iterable[Any], known: set[str]) -> list[Any]:
    waiting, done = list(nodes), []
    while waiting:
        ready = next(node for node in waiting if known.issuperset(name for name in node.input if name))
        waiting.remove(ready)
        known.update(ready.output)
        done.append(ready)
    return done


def _chosen(graph: Any, float_layers: int) -> set[int]:
    """Return the positions of the nodes that are quantised."""
    layers, found = 0, set()
    makers: dict[str, int] = {}
    last = _last(graph)
    for index, node in enumerate(graph.node):
        layers += node.op_type == "Conv"
        follows = node.op_type not in ACTIVATIONS or makers.get(node.input[0]) in found
        if node.op_type in QUANTISED and layers > float_layers and follows and last.isdisjoint(node.output):
            found.add(index)
        makers.update(dict.fromkeys(node.output, index))
    return found


def _last(graph: Any) -> set[str]:
    """Return the outputs, and what has but a sigmoid to go to become one."""
    ends = {value.name for value in graph.output}
    return ends.union(
        *(node.input for node in graph.node if node.op_type == "Sigmoid" and ends.intersection(node.output))
    )


def _activations(graph: Any, chosen: set[int]) -> list[str]:
    """Return the tensors that are rounded. A Relu cuts what its convolution would round to nothing: it is folded."""
    left_out = {tensor.name for tensor in graph.initializer}
    readers = [name for node in graph.node for name in node.input]
    for index in chosen:
        node = graph.node[index]
        if node.op_type == "Relu" and readers.count(node.input[0]) == 1:
            left_out.add(node.input[0])
    touched = [name for index, node in enumerate(graph.node) if index in chosen for name in (*node.input, *node.output)]
    return [name for name in dict.fromkeys(touched) if name not in left_out]


def _replace(field: Any, values: Sequence[Any]) -> None:
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)
