"""Narrows a text recogniser to an alphabet: its graph then has an output for these signs and for no other.

The probability of every other sign is missing from the output: what is left to 1 is that a sign is none of them.
"""

from collections.abc import Mapping
from typing import Any

from engines.errors import BadGraph, ExtraMissing

try:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types
except ModuleNotFoundError as error:
    raise ExtraMissing("onnx", "provisioning") from error

BLANK = 0
"""Class of a step without a sign, by PP-OCR's own numbering; the signs of its list follow, then the space."""
_LIST = "character"


def narrowed(model: bytes, signs: str, outputs: Mapping[str, str], where: str) -> bytes:
    """Keep of the one output (tensor → its new name; signs along axis 2) the blank and `signs`, in order.

    The list of all signs goes from the file. Deterministic. Raises BadGraph.
    """
    try:
        proto = onnx.load_model_from_string(model)
    except DecodeError as error:
        raise BadGraph(where, "not an ONNX file") from error
    graph, ((tensor, name),) = proto.graph, outputs.items()
    if tensor not in {value.name for value in graph.output}:
        raise BadGraph(where, f"has no output {tensor}")
    listed = "\n".join(each.value for each in proto.metadata_props if each.key == _LIST).split("\n")
    missing = set(signs) - {*listed, " "}
    if missing:
        raise BadGraph(where, f"does not know the sign {min(missing)!r}")
    numbers = [BLANK, *((len(listed) if sign == " " else listed.index(sign)) + 1 for sign in signs)]
    graph.initializer.append(onnx.helper.make_tensor("alphabet", onnx.TensorProto.INT64, [len(numbers)], numbers))
    graph.node.append(onnx.helper.make_node("Gather", [tensor, "alphabet"], [name], axis=2))
    del graph.output[:]
    graph.output.append(_odds(name, len(numbers)))
    _open_input(graph.input[0])
    del proto.metadata_props[:]
    return bytes(proto.SerializeToString(deterministic=True))


def _odds(name: str, count: int) -> Any:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", "step", count])


def _open_input(value: Any) -> None:
    """Free batch and width; the height of a line stays what the net was trained on."""
    dimensions = value.type.tensor_type.shape.dim
    for axis, wanted in enumerate(("batch", 3, 48, "width")):
        dimensions[axis].Clear()
        if isinstance(wanted, str):
            dimensions[axis].dim_param = wanted
        else:
            dimensions[axis].dim_value = wanted
