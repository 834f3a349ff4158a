"""Opens an ONNX graph that was exported for one picture size to any batch, height and width.

Old exporters list weights among the inputs, which makes a runtime treat them as changeable, and write the sizes of the
example into every declared shape. Neither is part of the computation of a fully convolutional network.
"""

from collections.abc import Mapping
from typing import Any

from engines.errors import BadGraph, ExtraMissing

try:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types
except ModuleNotFoundError as error:
    raise ExtraMissing("onnx", "provisioning") from error

AXES = {0: "batch", 2: "height", 3: "width"}


def open_axes(model: bytes, outputs: Mapping[str, str], where: str) -> bytes:
    """Keep only `outputs` (tensor → its new name), weights no longer inputs, batch and sizes dynamic.

    A tensor from inside the graph becomes an output, and what follows it goes, such as a reshape to the sizes of the
    example. Deterministic. Raises BadGraph.
    """
    try:
        proto = onnx.load_model_from_string(model)
    except DecodeError as error:
        raise BadGraph(where, "not an ONNX file") from error
    graph = proto.graph
    missing = set(outputs) - {name for node in graph.node for name in node.output}
    if missing:
        raise BadGraph(where, f"has no output {min(missing)}")
    declared = {output.name for output in graph.output}
    inner = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs]
    graph.output.extend(value for value in inner if value.name not in declared)
    weights = {tensor.name for tensor in graph.initializer}
    _keep(graph.input, [value for value in graph.input if value.name not in weights])
    _keep(graph.output, [value for value in graph.output if value.name in outputs])
    del graph.value_info[:]
    _drop_unused(graph)  # first: a name that it frees may be given anew
    for value in graph.input:
        _open(value, "")
    for value in graph.output:
        _open(value, f"{outputs[value.name]}_")
    for node in graph.node:
        node.output[:] = [outputs.get(name, name) for name in node.output]
        node.input[:] = [outputs.get(name, name) for name in node.input]
    for value in graph.output:
        value.name = outputs[value.name]
    return bytes(proto.SerializeToString(deterministic=True))


def _open(value: Any, prefix: str) -> None:
    """Free the batch, height and width of a map (B x C x H x W); a list of boxes keeps its length."""
    dimensions = value.type.tensor_type.shape.dim
    if len(dimensions) == len("BCHW"):
        for axis, name in AXES.items():
            dimensions[axis].Clear()
            dimensions[axis].dim_param = f"{prefix}{name}"


def _keep(field: Any, values: list[Any]) -> None:
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)


def _drop_unused(graph: Any) -> None:
    """Drop nodes and weights that no kept output needs, such as a landmark head."""
    needed = {value.name for value in graph.output}
    kept: list[Any] = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    _keep(graph.node, kept[::-1])
    _keep(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in needed])
