"""Converts a TensorFlow.js graph model to ONNX (opset 18), with numpy and onnx alone.

Deterministic: the same graph gives the same bytes, so a manifest can name the sha256 of the result.
The operators are those of the models in the catalog; any other raises UnsupportedOperator.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.convert.onnx_folding import folded
from engines.convert.tfjs_reader import Node, TfjsGraph
from engines.errors import BadGraph, ExtraMissing, UnsupportedOperator

try:
    from onnx import TensorProto, helper, numpy_helper
except ModuleNotFoundError as error:
    raise ExtraMissing("onnx", "provisioning") from error

OPSET = 18
IR_VERSION = 9  # the lowest that carries opset 18, so that older runtimes load it too
NHWC_TO_NCHW = (0, 3, 1, 2)
NCHW_TO_NHWC = (0, 2, 3, 1)

Value = NDArray[Any]


def convert(graph: TfjsGraph, inputs: Mapping[str, tuple[int, ...]], outputs: Mapping[str, str]) -> bytes:
    """Convert to the ONNX model that computes `outputs` (graph node → name in the result) from `inputs` (node → shape).

    A dimension of -1 is dynamic. Raises BadGraph, UnsupportedOperator.
    """
    writer = _Writer(graph, inputs)
    for name in _in_order(graph, inputs, outputs):
        writer.translate(graph.nodes[name])
    for source, name in outputs.items():
        writer.add("Identity", [writer.tensor((source, 0))], [name])
    return writer.model(inputs, tuple(outputs.values()))


def _in_order(graph: TfjsGraph, inputs: Mapping[str, object], outputs: Mapping[str, str]) -> Iterator[str]:
    """Yield the nodes that an output depends on in topological order. No recursion: graphs are deep."""
    done: set[str] = set(inputs)
    open_: set[str] = set()
    stack = [(name, False) for name in reversed(list(outputs))]
    while stack:
        name, ready = stack.pop()
        if ready:
            open_.discard(name)
            done.add(name)
            yield name
        elif name not in done:
            if name in open_:
                raise BadGraph(name, "it depends on itself")
            if name not in graph.nodes:
                raise BadGraph(name, "an input or output names it and it is not there")
            open_.add(name)
            stack.append((name, True))
            stack.extend((needed, False) for needed, _ in reversed(graph.nodes[name].tensors) if needed not in done)


class _Writer:
    """Collects ONNX nodes and tracks which tensors are constant: shapes and axes must be."""

    def __init__(self, graph: TfjsGraph, inputs: Mapping[str, tuple[int, ...]]) -> None:
        self._constants: dict[str, Value] = dict(graph.constants)
        self._tensors: dict[str, list[str]] = {name: [name] for name in inputs}
        self._nodes: list[Any] = []
        self._initializers: dict[str, Any] = {}
        self.dynamic_batch = all(shape[:1] == (-1,) for shape in inputs.values())

    def translate(self, node: Node) -> None:
        """Fold a node of constants; translate any other to ONNX."""
        if node.op == "Const":
            return
        sources = node.tensors
        if node.op in FOLD and sources and all(name in self._constants for name, _ in sources):
            self._constants[node.name] = FOLD[node.op](node, [self._constants[name] for name, _ in sources])
            return
        if node.op not in WRITE:
            raise UnsupportedOperator(node.name, node.op)
        arity, write = WRITE[node.op]
        if (arity and len(sources) != arity) or not sources:
            raise BadGraph(node.name, f"{node.op} with {len(sources)} inputs")
        self._tensors[node.name] = write(self, node)

    def constant(self, node: Node, position: int) -> Value:
        """Return an input that must be constant: weights, a shape, an axis."""
        name, _ = node.tensors[position]
        if name not in self._constants:
            raise UnsupportedOperator(node.name, f"{node.op} whose input {position} is computed")
        return self._constants[name]

    def integers(self, node: Node, position: int) -> list[int]:
        """Return a constant input as a flat list of integers."""
        value = self.constant(node, position)
        if value.dtype.kind not in "iu":
            raise BadGraph(node.name, f"input {position} of {node.op} is not of integers")
        return [int(item) for item in value.ravel()]

    def integer(self, node: Node, position: int) -> int:
        """Return a constant input as one integer."""
        values = self.integers(node, position)
        if len(values) != 1:
            raise BadGraph(node.name, f"input {position} of {node.op} is not one integer")
        return values[0]

    def tensor(self, source: tuple[str, int]) -> str:
        """Return the ONNX name of a tensor; a constant becomes an initializer at its first use."""
        name, number = source
        if name in self._constants and number == 0:
            return self.initializer(name, self._constants[name])
        known = self._tensors.get(name, [])
        if number >= len(known):
            raise BadGraph(name, f"it has no output {number}")
        return known[number]

    def tensors(self, node: Node) -> list[str]:
        """Return the ONNX names of all data inputs."""
        return [self.tensor(source) for source in node.tensors]

    def initializer(self, name: str, value: Value) -> str:
        """Store a constant under a name, once."""
        if name not in self._initializers:
            dense = np.array(value, order="C")  # ascontiguousarray would turn a scalar into a vector
            self._initializers[name] = numpy_helper.from_array(dense, name)
        return name

    def integers64(self, name: str, values: list[int]) -> str:
        """Store a shape, axes or sizes: ONNX wants int64 for all of them."""
        return self.initializer(name, np.array(values, np.int64))

    def add(self, op: str, inputs: list[str], outputs: list[str], **attributes: Any) -> list[str]:
        """Append one ONNX node."""
        self._nodes.append(helper.make_node(op, inputs, outputs, name=outputs[0], **attributes))
        return outputs

    def around_nchw(self, node: Node, op: str, extra: list[str], **attributes: Any) -> list[str]:
        """Add an operator on pictures: ONNX wants channels first, TensorFlow mostly has them last."""
        source = self.tensor(node.tensors[0])
        if node.text("data_format", "NHWC") == "NCHW":
            return self.add(op, [source, *extra], [node.name], **attributes)
        first, middle = f"{node.name}/nchw", f"{node.name}/{op}"
        self.add("Transpose", [source], [first], perm=NHWC_TO_NCHW)
        self.add(op, [first, *extra], [middle], **attributes)
        return self.add("Transpose", [middle], [node.name], perm=NCHW_TO_NHWC)

    def model(self, inputs: Mapping[str, tuple[int, ...]], outputs: tuple[str, ...]) -> bytes:
        """Serialise the model after its nodes were folded."""
        declared = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch" if size < 0 else size for size in shape])
            for name, shape in inputs.items()
        ]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        nodes = folded(self._nodes, self._initializers, outputs)
        used = {name for node in nodes for name in node.input}
        constants = [value for name, value in self._initializers.items() if name in used]
        graph = helper.make_graph(nodes, "tfjs", declared, results, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        return bytes(model.SerializeToString(deterministic=True))


def _spatial(node: Node, key: str) -> list[int]:
    """Return height and width of a four-number attribute such as `strides`."""
    values = node.integers(key) or (1, 1, 1, 1)
    if len(values) != 4 or min(values) < 1:
        raise BadGraph(node.name, f"{key} is {values}")
    return list(values[2:4] if node.text("data_format", "NHWC") == "NCHW" else values[1:3])


def _auto_pad(node: Node) -> str:
    padding = node.text("padding", "")
    if padding not in {"SAME", "VALID"}:
        raise UnsupportedOperator(node.name, f"{node.op} with padding {padding or 'unnamed'}")
    return {"SAME": "SAME_UPPER", "VALID": "VALID"}[padding]


def _plain(op: str) -> "Write":
    def write(writer: _Writer, node: Node) -> list[str]:
        return writer.add(op, writer.tensors(node), [node.name])

    return write


def _leaky_relu(writer: _Writer, node: Node) -> list[str]:
    return writer.add("LeakyRelu", writer.tensors(node), [node.name], alpha=node.number("alpha", 0.2))


def _conv(writer: _Writer, node: Node) -> list[str]:
    kernel = writer.constant(node, 1)  # H x W x in x out
    if kernel.ndim != 4 or kernel.dtype.kind != "f":
        raise BadGraph(node.name, f"its kernel has shape {kernel.shape}")
    weights = writer.initializer(f"{node.name}/weights", kernel.transpose(3, 2, 0, 1))
    return writer.around_nchw(
        node,
        "Conv",
        [weights],
        auto_pad=_auto_pad(node),
        strides=_spatial(node, "strides"),
        dilations=_spatial(node, "dilations"),
        kernel_shape=list(kernel.shape[:2]),
    )


def _max_pool(writer: _Writer, node: Node) -> list[str]:
    shape, strides = _spatial(node, "ksize"), _spatial(node, "strides")
    return writer.around_nchw(node, "MaxPool", [], auto_pad=_auto_pad(node), kernel_shape=shape, strides=strides)


def _pad(writer: _Writer, node: Node) -> list[str]:
    pairs = writer.integers(node, 1)  # before, after of each axis; ONNX: all befores, then all afters
    pads = writer.integers64(f"{node.name}/pads", pairs[0::2] + pairs[1::2])
    value = writer.constant(node, 2).astype(np.float32) if node.op == "PadV2" else np.zeros((), np.float32)
    if value.size != 1:
        raise BadGraph(node.name, "its padding value is not one number")
    filler = writer.initializer(f"{node.name}/value", value.reshape(()))
    return writer.add("Pad", [writer.tensor(node.tensors[0]), pads, filler], [node.name])


def _concat(writer: _Writer, node: Node) -> list[str]:
    axis = writer.integer(node, len(node.tensors) - 1)
    return writer.add("Concat", [writer.tensor(source) for source in node.tensors[:-1]], [node.name], axis=axis)


def _transpose(writer: _Writer, node: Node) -> list[str]:
    return writer.add("Transpose", [writer.tensor(node.tensors[0])], [node.name], perm=writer.integers(node, 1))


def _reshape(writer: _Writer, node: Node) -> list[str]:
    shape = writer.integers(node, 1)
    if writer.dynamic_batch and shape[:1] == [1]:
        shape[0] = 0  # ONNX: "as it was"; graphs are exported for a batch of one and reshape to exactly that
    target = writer.integers64(f"{node.name}/shape", shape)
    return writer.add("Reshape", [writer.tensor(node.tensors[0]), target], [node.name])


def _resize(writer: _Writer, node: Node) -> list[str]:
    size = writer.integers(node, 1)
    if len(size) != 2:
        raise BadGraph(node.name, f"its size is {size}")
    mode = "half_pixel" if node.flag("half_pixel_centers") else "asymmetric"
    if node.flag("align_corners"):
        mode = "align_corners"
    # The whole shape, and no `axes`: moving a Transpose past a Resize with axes, ONNX Runtime 1.32 breaks the model.
    source, start, whole = writer.tensor(node.tensors[0]), f"{node.name}/start", f"{node.name}/sizes"
    if node.text("data_format", "NHWC") != "NHWC":
        raise UnsupportedOperator(node.name, "ResizeBilinear with channels first")
    first, last, middle = f"{node.name}/nchw", f"{node.name}/size", f"{node.name}/resized"
    writer.add("Transpose", [source], [first], perm=NHWC_TO_NCHW)
    writer.add("Shape", [first], [start], start=0, end=2)
    writer.add("Concat", [start, writer.integers64(last, size)], [whole], axis=0)
    writer.add("Resize", [first, "", "", whole], [middle], mode="linear", coordinate_transformation_mode=mode)
    return writer.add("Transpose", [middle], [node.name], perm=NCHW_TO_NHWC)


def _split(writer: _Writer, node: Node) -> list[str]:
    sizes, axis = writer.integers(node, 1), writer.integer(node, 2)
    outputs = [f"{node.name}:{number}" for number in range(len(sizes))]
    if not outputs:
        raise BadGraph(node.name, "it splits into nothing")
    lengths = writer.integers64(f"{node.name}/sizes", sizes)
    return writer.add("Split", [writer.tensor(node.tensors[0]), lengths], outputs, axis=axis)


def _fold_add(node: Node, values: list[Value]) -> Value:
    try:
        return np.asarray(values[0] + values[1])
    except (ValueError, IndexError) as error:
        raise BadGraph(node.name, "it adds constants that do not fit together") from error


def _fold_sparse(node: Node, values: list[Value]) -> Value:
    """Fold a shape that an exporter wrote as SparseToDense(indices n x rank, shape, values, default)."""
    try:
        indices, shape, entries, default = values
        if np.prod(shape) > 64:  # a shape has a handful of entries; anything else is no shape
            raise BadGraph(node.name, "it makes more than a shape")
        dense = np.full(tuple(int(size) for size in shape), default)
        dense[tuple(np.atleast_2d(indices).T)] = entries
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise BadGraph(node.name, "its indices, shape and values do not fit together") from error
    return dense


Write = Callable[[_Writer, Node], list[str]]

FOLD: Mapping[str, Callable[[Node, list[Value]], Value]] = {
    "Add": _fold_add,
    "AddV2": _fold_add,
    "Identity": lambda _node, values: values[0],
    "SparseToDense": _fold_sparse,
}

WRITE: Mapping[str, tuple[int, Write]] = {  # operator: (number of data inputs, 0 for any; how it is written)
    "Add": (2, _plain("Add")),
    "AddV2": (2, _plain("Add")),
    "BiasAdd": (2, _plain("Add")),
    "ConcatV2": (0, _concat),
    "Conv2D": (2, _conv),
    "Identity": (1, _plain("Identity")),
    "LeakyRelu": (1, _leaky_relu),
    "MaxPool": (1, _max_pool),
    "Mul": (2, _plain("Mul")),
    "Pad": (2, _pad),
    "PadV2": (3, _pad),
    "Relu": (1, _plain("Relu")),
    "Reshape": (2, _reshape),
    "ResizeBilinear": (2, _resize),
    "Sigmoid": (1, _plain("Sigmoid")),
    "SplitV": (3, _split),
    "Sub": (2, _plain("Sub")),
    "Transpose": (2, _transpose),
}
