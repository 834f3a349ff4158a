"""Folds ONNX nodes that a runtime would otherwise execute in every run. The numbers stay the same.

TensorFlow writes padding and biases as nodes of their own, and transposes pictures from channels first to channels last
and back around every convolution. ONNX Runtime drops the transposes, but too late to fuse the padding into the
convolution, and then leaves its own memory layout for each padding: a quarter of NanoDet's time (three runs: 115 and 81
CPU ms). A bias that is added to a transposed picture keeps the transposes around it.
"""

from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final

import numpy as np

from engines.errors import ExtraMissing

try:
    from onnx import helper, numpy_helper
except ModuleNotFoundError as error:
    raise ExtraMissing("onnx", "provisioning") from error

PICTURE_AXES: Final = 4
"""Axes of a picture: batch, channel, row, column."""
BARE: Final = 2
"""Inputs of a convolution without a bias."""
NEUTRAL: Final = {"Conv": 0.0, "MaxPool": -np.inf}
"""Operator → the padding value that it assumes around its picture."""


def folded(nodes: Sequence[Any], constants: MutableMapping[str, Any], outputs: Sequence[str]) -> list[Any]:
    """Return the same computation of `outputs` with fewer nodes, in their order.

    `constants`: initializers by name; biases are added.
    """
    made_by = {output: node for node in nodes for output in node.output}
    readers = Counter(name for node in nodes for name in node.input)
    for node in nodes:
        if node.op_type == "Add":
            _join_bias(node, made_by, readers, constants)
    for node in nodes:
        if node.op_type == "Transpose":
            _join_turns(node, made_by)
    for node in nodes:
        if node.op_type in NEUTRAL:
            source = made_by.get(_unturned(node.input[0], made_by))
            if source is not None and source.op_type == "Pad":
                _take_padding(node, source, constants)
    return _needed(nodes, made_by, outputs)


def _join_bias(
    add: Any, made_by: Mapping[str, Any], readers: Mapping[str, int], constants: MutableMapping[str, Any]
) -> None:
    """Fuse the addition of one number a channel into the convolution before it; the addition becomes an Identity."""
    turn = made_by.get(add.input[0])
    if turn is None or turn.op_type != "Transpose":
        return
    conv = made_by.get(turn.input[0])
    if conv is None or conv.op_type != "Conv" or len(conv.input) != BARE or add.input[1] not in constants:
        return
    turned = list(helper.get_attribute_value(turn.attribute[0])) == [0, 2, 3, 1]
    values = numpy_helper.to_array(constants[add.input[1]])
    channels = constants[conv.input[1]].dims[0]
    is_alone = readers[conv.output[0]] == readers[turn.output[0]] == 1
    if not (turned and is_alone) or values.size != channels or values.shape[-1] != channels:
        return
    name = f"{conv.name}/bias"
    constants[name] = numpy_helper.from_array(values.reshape(-1), name)
    conv.input.append(name)
    add.op_type = "Identity"
    del add.input[1:]


def _join_turns(node: Any, made_by: Mapping[str, Any]) -> None:
    """Drop two transposes that cancel out; the second becomes an Identity of the input of the first."""
    before = made_by.get(_unturned(node.input[0], made_by))
    if before is None or before.op_type != "Transpose":
        return
    first, second = (list(helper.get_attribute_value(one.attribute[0])) for one in (before, node))
    axes = list(range(len(first)))
    if sorted(second) == axes and [first[axis] for axis in second] == axes:
        node.op_type = "Identity"
        del node.attribute[:]
        node.input[0] = before.input[0]


def _unturned(name: str, made_by: Mapping[str, Any]) -> str:
    while name in made_by and made_by[name].op_type == "Identity":
        name = made_by[name].input[0]
    return name


def _take_padding(node: Any, pad: Any, constants: Mapping[str, Any]) -> None:
    """Fuse a Pad node into the operator behind it, if that has no padding and only rows and columns are padded."""
    attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    pads = numpy_helper.to_array(constants[pad.input[1]]).tolist()
    value = float(numpy_helper.to_array(constants[pad.input[2]]))
    if len(pads) != 2 * PICTURE_AXES or min(pads) < 0 or any(pads[axis] for axis in (0, 1, 4, 5)):
        return
    spatial = [*pads[2:4], *pads[6:8]]
    if attributes.get("auto_pad") != b"VALID" or value != NEUTRAL[node.op_type]:
        return
    if node.op_type == "MaxPool" and max(spatial) >= min(attributes["kernel_shape"]):
        return  # a window of nothing but padding has no greatest value
    kept = [one for one in node.attribute if one.name != "auto_pad"]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute("pads", spatial)])
    node.input[0] = pad.input[0]


def _needed(nodes: Sequence[Any], made_by: Mapping[str, Any], outputs: Sequence[str]) -> list[Any]:
    """Return the nodes that an output depends on, with names of Identity nodes resolved."""
    for node in nodes:
        for index, name in enumerate(node.input):
            node.input[index] = _unturned(name, made_by)
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]
