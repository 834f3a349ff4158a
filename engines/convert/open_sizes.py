"""Opens a convolutional network that was exported for one picture size to any height and width.

What holds it to one size are the sizes in its Resize nodes. They become scales, by the sizes that the tensors have for
the picture of the export: the numbers there are the same.
"""

from typing import Any

import numpy as np

from engines.errors import BadGraph, ExtraMissing

try:
    import onnx
    from onnx import numpy_helper, shape_inference
except ModuleNotFoundError as error:
    raise ExtraMissing("onnx", "provisioning") from error

AXES = {2: "height", 3: "width"}


def open_sizes(model: bytes, where: str) -> bytes:
    """Free height and width of the input B x C x H x W. Deterministic. Raises BadGraph."""
    proto = onnx.load_model_from_string(model)
    graph = proto.graph
    sides = _sides(proto, where)
    for node in graph.node:
        if node.op_type == "Resize":
            _scale(node, sides, graph, where)
    _drop_unread(graph)
    (picture,) = graph.input
    for axis, name in AXES.items():
        dimension = picture.type.tensor_type.shape.dim[axis]
        dimension.Clear()
        dimension.dim_param = name
    return bytes(proto.SerializeToString(deterministic=True))


def _sides(proto: Any, where: str) -> dict[str, tuple[int, int]]:
    """Return height and width of each map, for the picture of the export."""
    if len(proto.graph.input) != 1:
        raise BadGraph(where, f"has {len(proto.graph.input)} inputs, expected one picture")
    try:
        known = shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True).graph
    except shape_inference.InferenceError as error:
        raise BadGraph(where, f"the sizes of its tensors are not known ({error})") from error
    shapes = {value.name: value.type.tensor_type.shape.dim for value in (*known.input, *known.value_info)}
    return {name: (dims[2].dim_value, dims[3].dim_value) for name, dims in shapes.items() if len(dims) == len("BCHW")}


def _scale(node: Any, sides: dict[str, tuple[int, int]], graph: Any, where: str) -> None:
    """Give a Resize scales in place of sizes."""
    before, after = sides.get(node.input[0], (0, 0)), sides.get(node.output[0], (0, 0))
    if 0 in (*before, *after):
        raise BadGraph(where, f"the sizes of {node.name} are not known")
    name = f"{node.name}/scales"
    scales = np.array([1, 1, after[0] / before[0], after[1] / before[1]], np.float32)
    graph.initializer.append(numpy_helper.from_array(scales, name))
    node.input[:] = [node.input[0], "", name]


def _drop_unread(graph: Any) -> None:
    """Drop the nodes and weights that computed the sizes."""
    needed = {value.name for value in graph.output}
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
    for field, names in ((graph.node, lambda one: one.output), (graph.initializer, lambda one: [one.name])):
        kept = [type(one).FromString(one.SerializeToString()) for one in field if needed.intersection(names(one))]
        del field[:]
        field.extend(kept)
