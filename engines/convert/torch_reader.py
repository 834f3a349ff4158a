"""Reads weights of a file that `torch.save` wrote before PyTorch 1.6, without PyTorch and without unpickling.

Such a file is five pickles (a magic number, a version, the writer's platform, the tensors, the keys of the storages)
and then the storages: eight bytes of length each, and the numbers. A pickle is a program that may import and call
anything. Here its opcodes are read one by one, and a machine that knows only those of a state dict follows them: it has
no way to import, to call or to make anything but texts, numbers, tuples, lists, dicts, storages and tensors.
"""

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.errors import BadGraph

Numbers = NDArray[np.float32] | NDArray[np.int64]

MAX_OPCODES: Final = 200_000
"""Opcodes of one pickle at most. A state dict has about forty a tensor."""
MAX_TENSORS: Final = 4_096
MAX_DIMENSIONS: Final = 8
_MAGIC: Final = 0x1950A86A20F9469CFC6C
_VERSION: Final = 1001
_STORAGES: Final = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}
_DICT: Final = "collections OrderedDict"
_TENSOR: Final = "torch._utils _rebuild_tensor_v2"
_COUNT_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class _Global:
    """A name that a pickle wants to call."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Mark:
    """Marks the beginning of a run of arguments on the stack."""


def state_dict(data: bytes, where: str) -> dict[str, Numbers]:
    """Read the tensors by name. `where` names the file in errors. Raises BadGraph."""
    stream = io.BytesIO(data)
    try:
        if _unpickled(stream) != _MAGIC or _unpickled(stream) != _VERSION:
            raise BadGraph(where, "no PyTorch file of the format before 1.6")
        _unpickled(stream)
        named = _unpickled(stream)
        keys = _unpickled(stream)
        if not isinstance(named, dict) or not isinstance(keys, list) or len(named) > MAX_TENSORS:
            raise BadGraph(where, "holds no state dict")
        tensors = {name: value for name, value in named.items() if isinstance(value, _Tensor)}
        stored = _storages(data, stream.tell(), keys, {one.storage.key: one.storage for one in tensors.values()})
        return _cut_all(stored, tensors)
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise BadGraph(where, f"a damaged PyTorch file ({str(error)[:120]})") from error


def _storages(data: bytes, at: int, keys: list[object], known: Mapping[str, _Storage]) -> dict[str, Numbers]:
    found = {}
    for key in keys:
        if not isinstance(key, str) or key not in known or key in found:
            raise ValueError("a storage that no tensor uses")
        storage = known[key]
        count = int.from_bytes(data[at : at + _COUNT_BYTES], "little")
        if count != storage.count:
            raise ValueError(f"a storage of {storage.count} numbers says {count}")
        at += _COUNT_BYTES
        found[key] = np.frombuffer(data, storage.dtype, count, at)
        at += found[key].nbytes
    return found


def _cut_all(stored: Mapping[str, Numbers], tensors: Mapping[str, _Tensor]) -> dict[str, Numbers]:
    if sum(prod(one.shape) for one in tensors.values()) > sum(map(len, stored.values())):
        raise ValueError("tensors of more numbers than there are")
    return {name: _cut(stored[tensor.storage.key], tensor) for name, tensor in tensors.items()}


def _cut(storage: Any, tensor: _Tensor) -> Numbers:
    """Copy a tensor out of its storage. Strides may be in any order, but no number may lie beyond the storage."""
    last = tensor.offset + sum((side - 1) * stride for side, stride in zip(tensor.shape, tensor.strides, strict=True))
    if not 0 < prod(tensor.shape) <= len(storage) or last >= len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    steps = tuple(stride * storage.itemsize for stride in tensor.strides)
    cut: Numbers = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps).copy()
    return cut


def _unpickled(stream: io.BytesIO) -> object:
    """Follow one pickle. Raises ValueError, TypeError, IndexError, KeyError."""
    machine = _Machine()
    for number, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        if number >= MAX_OPCODES:
            raise ValueError("too long a pickle")
        if opcode.name in machine.plain:
            machine.stack.append(argument)
        elif opcode.name in machine.steps:
            machine.steps[opcode.name](argument)
        elif opcode.name not in {"PROTO", "STOP"}:
            raise ValueError(f"opcode {opcode.name}")
    (result,) = machine.stack
    return result


class _Machine:
    """The stack and the memo of one pickle."""

    plain: Final = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"})
    """Opcodes that push their argument."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self._memo: dict[int, object] = {}
        push = self.stack.append
        self.steps: Mapping[str, Callable[[object], None]] = {
            "NONE": lambda _: push(None),
            "NEWTRUE": lambda _: push(True),
            "NEWFALSE": lambda _: push(False),
            "MARK": lambda _: push(_Mark()),
            "EMPTY_DICT": lambda _: push({}),
            "EMPTY_LIST": lambda _: push([]),
            "EMPTY_TUPLE": lambda _: push(()),
            "TUPLE": lambda _: push(tuple(self._since_mark())),
            "TUPLE1": lambda _: push(self._last(1)),
            "TUPLE2": lambda _: push(self._last(2)),
            "TUPLE3": lambda _: push(self._last(3)),
            "GLOBAL": lambda name: push(_Global(str(name))),
            "BINPUT": self._put,
            "LONG_BINPUT": self._put,
            "BINGET": self._get,
            "LONG_BINGET": self._get,
            "APPEND": lambda _: self._list(self._last(1)),
            "APPENDS": lambda _: self._list(self._since_mark()),
            "SETITEM": lambda _: self._items(self._last(2)),
            "SETITEMS": lambda _: self._items(self._since_mark()),
            "BUILD": lambda _: self._build(),
            "REDUCE": lambda _: self._reduce(),
            "BINPERSID": lambda _: self._storage(),
        }

    def _put(self, index: object) -> None:
        if not isinstance(index, int):
            raise TypeError("memo")
        self._memo[index] = self.stack[-1]

    def _get(self, index: object) -> None:
        if not isinstance(index, int):
            raise TypeError("memo")
        self.stack.append(self._memo[index])

    def _last(self, count: int) -> tuple[object, ...]:
        if len(self.stack) < count:
            raise IndexError("an empty stack")
        values = tuple(self.stack[-count:])
        del self.stack[-count:]
        return values

    def _since_mark(self) -> list[object]:
        at = next((n for n in range(len(self.stack) - 1, -1, -1) if isinstance(self.stack[n], _Mark)), None)
        if at is None:
            raise IndexError("no mark")
        values = self.stack[at + 1 :]
        del self.stack[at:]
        return values

    def _list(self, values: tuple[object, ...] | list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError("no list to append to")
        target.extend(values)

    def _items(self, values: tuple[object, ...] | list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError("no dict to put into")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str):  # and nothing that takes for ever to hash
                raise TypeError("a key that is no text")
            target[key] = value

    def _build(self) -> None:
        """Drop the attributes of a dict, which are not needed."""
        self._last(1)
        if not isinstance(self.stack[-1], dict):
            raise TypeError("no dict to describe")

    def _reduce(self) -> None:
        call, arguments = self._last(2)
        if not isinstance(call, _Global) or not isinstance(arguments, tuple):
            raise TypeError("a call of what is no name")
        if call.name == _DICT and not arguments:
            self.stack.append({})
        elif call.name == _TENSOR:
            self.stack.append(_tensor(arguments))
        else:
            raise ValueError(f"a call of {call.name[:60]}")

    def _storage(self) -> None:
        (parts,) = self._last(1)
        if not isinstance(parts, tuple):
            raise TypeError("a storage of no parts")
        kind, name, key, _place, count, _view = parts
        if kind != "storage" or not isinstance(name, _Global) or not isinstance(key, str):
            raise TypeError("a storage of other parts")
        self.stack.append(_Storage(key, _STORAGES[name.name], _count(count)))


def _tensor(arguments: tuple[object, ...]) -> _Tensor:
    storage, offset, shape, strides, *_ = arguments
    if not isinstance(storage, _Storage) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
        raise TypeError("a tensor of other parts")
    if len(shape) > MAX_DIMENSIONS:
        raise ValueError("a tensor of too many dimensions")
    return _Tensor(storage, _count(offset), tuple(map(_count, shape)), tuple(map(_count, strides)))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise ValueError("a size that is none")
    return value
