"""Writes an ONNX graph without the onnx package: an edge box has a runtime that reads ONNX, but no library to write it.

Protocol buffers, with the field numbers of onnx.proto3 (opset 17, IR 8). Only what a small convolutional detector
needs: float weights, and attributes that are an integer, a text or a list of integers.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Attribute = int | str | Sequence[int]

IR_VERSION: Final = 8
OPSET: Final = 17
FLOAT: Final = 1
_INT, _STRING, _INTS = 2, 3, 7
"""Types of an attribute (AttributeProto.AttributeType)."""


class GraphWriter:
    """Collects nodes, in the order in which they are added, and their weights."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []

    def weight(self, name: str, values: NDArray[np.float32]) -> str:
        """Add a constant tensor and return its name."""
        dims = b"".join(_number(1, side) for side in values.shape)
        raw = np.ascontiguousarray(values, "<f4").tobytes()
        self._weights.append(_bytes(5, dims + _number(2, FLOAT) + _text(8, name) + _bytes(9, raw)))
        return name

    def node(
        self, op: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Attribute] | None = None
    ) -> str:
        """Add an operator and return the name of its only output."""
        body = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(3, output) + _text(4, op)
        body += b"".join(_bytes(5, _attribute(name, value)) for name, value in (attributes or {}).items())
        self._nodes.append(_bytes(1, body))
        return output

    def model(self, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, Sequence[int | str]]) -> bytes:
        """Serialise the model file. Shapes: a number is fixed, a text names a side that may differ from run to run."""
        graph = b"".join([*self._nodes, _text(2, self._name), *self._weights])
        graph += b"".join(_bytes(11, _value(name, shape)) for name, shape in inputs.items())
        graph += b"".join(_bytes(12, _value(name, shape)) for name, shape in outputs.items())
        return _number(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, OPSET))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _STRING)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _INTS)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    """Encode the ValueInfoProto of a float tensor."""
    sides = b"".join(_bytes(1, _number(1, side) if isinstance(side, int) else _text(2, side)) for side in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, sides)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Encode a number that is not negative in base 128, lowest digits first."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
