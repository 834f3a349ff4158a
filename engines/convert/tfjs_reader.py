"""Reads a TensorFlow.js graph model: topology and weights, from the bytes of `model.json` and its weight files.

Format: the GraphDef of TensorFlow as JSON (attribute strings in base64, integers as strings), and `weightsManifest`,
which lays the constants end to end in the weight files, some of them quantised.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engines.errors import BadGraph

MAX_NODES = 20_000
MAX_RANK = 8


class _Foreign(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


_Int64 = Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)]
_Float32 = Annotated[float, Field(ge=-1e30, le=1e30)]


class _AttrList(_Foreign):
    i: tuple[_Int64, ...] = ()


class _Attr(_Foreign):
    s: str | None = None
    f: _Float32 | None = None
    b: bool | None = None
    list_: _AttrList = Field(default=_AttrList(), alias="list")


class Node(_Foreign):
    """An operation of the graph. An input is `node` or `node:output`; control inputs (`^node`) carry no tensor."""

    name: Annotated[str, Field(min_length=1, max_length=512)]
    op: Annotated[str, Field(min_length=1, max_length=128)]
    input: tuple[str, ...] = ()
    attr: dict[str, _Attr] = Field(default_factory=dict)

    @property
    def tensors(self) -> tuple[tuple[str, int], ...]:
        """Data inputs as (node, output number)."""
        parts = [name.partition(":") for name in self.input if not name.startswith("^")]
        if any(number and not number.isdecimal() for _, _, number in parts):
            raise BadGraph(self.name, "an input's output number is no number")
        return tuple((node, int(number or 0)) for node, _, number in parts)

    def text(self, key: str, default: str) -> str:
        """Return a string attribute, or `default` when absent. Raises BadGraph."""
        found = self.attr.get(key)
        if found is None or not found.s:
            return default
        try:
            return base64.b64decode(found.s, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadGraph(self.name, f"attribute {key} is not base64 text") from error

    def integers(self, key: str) -> tuple[int, ...]:
        """Return an integer list attribute; empty when absent."""
        found = self.attr.get(key)
        return found.list_.i if found else ()

    def number(self, key: str, default: float) -> float:
        """Return a float attribute, or `default` when absent."""
        found = self.attr.get(key)
        return default if found is None or found.f is None else found.f

    def flag(self, key: str) -> bool:
        """Return a boolean attribute; false when absent."""
        found = self.attr.get(key)
        return bool(found and found.b)


class _Quantization(_Foreign):
    dtype: Literal["uint8", "uint16", "float16"]
    scale: _Float32 = 1.0
    min: _Float32 = 0.0


class _Weight(_Foreign):
    name: str
    shape: Annotated[tuple[Annotated[int, Field(ge=0, le=1 << 31)], ...], Field(max_length=MAX_RANK)]
    dtype: Literal["float32", "int32", "bool"]
    quantization: _Quantization | None = None


class _WeightGroup(_Foreign):
    paths: tuple[str, ...]
    weights: tuple[_Weight, ...]


class _Topology(_Foreign):
    node: Annotated[tuple[Node, ...], Field(max_length=MAX_NODES)]


class _ModelJson(_Foreign):
    topology: _Topology = Field(alias="modelTopology")
    groups: tuple[_WeightGroup, ...] = Field(alias="weightsManifest")


@dataclass(frozen=True)
class TfjsGraph:
    """A graph model: nodes by name, and the value of each constant."""

    nodes: Mapping[str, Node]
    constants: Mapping[str, NDArray[Any]]


STORED = {"float32": "<f4", "int32": "<i4", "bool": "?", "uint8": "u1", "uint16": "<u2", "float16": "<f2"}


def read(model_json: bytes, weight_files: Mapping[str, bytes], where: str) -> TfjsGraph:
    """Parse a graph model. `weight_files` by the path that `model_json` gives them. Raises BadGraph."""
    try:
        model = _ModelJson.model_validate_json(model_json)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise BadGraph(where, f"{path}: {first['msg']}") from error
    constants: dict[str, NDArray[Any]] = {}
    for group in model.groups:
        missing = [path for path in group.paths if path not in weight_files]
        if missing:
            raise BadGraph(where, f"names the weight file {missing[0]}, which is not there")
        constants |= _unpack(group, b"".join(weight_files[path] for path in group.paths), where)
    nodes = {node.name: node for node in model.topology.node}
    if len(nodes) != len(model.topology.node):
        raise BadGraph(where, "two nodes share a name")
    absent = [node.name for node in nodes.values() if node.op == "Const" and node.name not in constants]
    if absent:
        raise BadGraph(where, f"constant {absent[0]} has no weights")
    return TfjsGraph(nodes, {name: value for name, value in constants.items() if name in nodes})


def _unpack(group: _WeightGroup, data: bytes, where: str) -> dict[str, NDArray[Any]]:
    values: dict[str, NDArray[Any]] = {}
    offset = 0
    for weight in group.weights:
        stored = np.dtype(STORED[weight.quantization.dtype if weight.quantization else weight.dtype])
        count = math.prod(weight.shape)
        if offset + count * stored.itemsize > len(data):
            raise BadGraph(where, f"weights end inside {weight.name}")
        raw: NDArray[Any] = np.frombuffer(data, dtype=stored, count=count, offset=offset)
        offset += count * stored.itemsize
        values[weight.name] = _dequantised(raw, weight, where).reshape(weight.shape)
    if offset != len(data):
        raise BadGraph(where, f"{len(data) - offset} bytes of weights belong to nothing")
    return values


def _dequantised(raw: NDArray[Any], weight: _Weight, where: str) -> NDArray[Any]:
    """Restore quantised weights: integers stand for min + scale * value, float16 for itself."""
    if weight.quantization is None:
        return raw
    if weight.dtype == "bool":
        raise BadGraph(where, f"{weight.name} is a quantised bool")
    if weight.quantization.dtype == "float16":
        wide = raw.astype(np.float32)
    else:
        wide = raw.astype(np.float32) * np.float32(weight.quantization.scale) + np.float32(weight.quantization.min)
    if weight.dtype == "float32":
        return wide
    if wide.size and not np.abs(wide).max() < 1 << 31:
        raise BadGraph(where, f"{weight.name} is too large for its type")
    return np.rint(wide).astype(np.int32)
