"""A PyTorch file gives its tensors or a typed error; nothing in it is ever imported or called."""

import pickle
import pickletools
import struct
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.convert.torch_reader import state_dict
from engines.errors import BadGraph

# Of a text opcode that no such file has, `pickletools` complains before anybody can say so.
pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")

MAGIC = 0x1950A86A20F9469CFC6C


def written(
    tensors: dict[str, tuple[tuple[int, ...], tuple[int, ...]]], numbers: np.ndarray[Any, np.dtype[np.float32]]
) -> bytes:
    """A file as PyTorch wrote them, of tensors (shape, strides) over one storage, made without PyTorch."""
    rows = [b"\x80\x02ccollections\nOrderedDict\n)R("]
    for name, (shape, strides) in tensors.items():
        rows += [_text(name), b"ctorch._utils\n_rebuild_tensor_v2\n(("]
        rows += [_text("storage"), b"ctorch\nFloatStorage\n", _text("key"), _text("cpu"), _int(numbers.size), b"Nt"]
        rows += [b"Q", _int(0), _tuple(shape), _tuple(strides), b"\x89ccollections\nOrderedDict\n)RtR"]
    rows.append(b"u.")
    parts = [pickle.dumps(value, 2) for value in (MAGIC, 1001, {"little_endian": True})]
    storage = struct.pack("<q", numbers.size) + numbers.astype("<f4").tobytes()
    return b"".join([*parts, *rows, pickle.dumps(["key"] if tensors else [], 2), storage if tensors else b""])


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _int(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _tuple(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(_int, values)) + b"t"


NUMBERS = np.arange(6, dtype=np.float32)
FILE = written({"plain": ((2, 3), (3, 1))}, NUMBERS)


def test_tensors_come_back_by_name_and_shape() -> None:
    found = state_dict(FILE, "here")
    assert list(found) == ["plain"]
    np.testing.assert_array_equal(found["plain"], NUMBERS.reshape(2, 3))


def test_numbers_in_the_order_of_another_framework_are_read_in_theirs() -> None:
    (found,) = state_dict(written({"turned": ((2, 3), (1, 2))}, NUMBERS), "here").values()
    np.testing.assert_array_equal(found, NUMBERS.reshape(3, 2).T)


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"a": ((2, 4), (4, 1))}, "more numbers"),
        ({"a": ((2, 3), (9, 1))}, "beyond"),
        ({"a": ((1 << 30, 4), (0, 0))}, "more numbers"),
        ({f"{n}": ((2, 3), (3, 1)) for n in range(2)}, "more numbers"),
        ({"a": ((-1, 3), (3, 1))}, "size"),
        ({"a": ((1,) * 9, (1,) * 9)}, "dimensions"),
    ],
)
def test_a_tensor_that_would_read_or_fill_other_memory_is_refused(
    tensors: dict[str, tuple[tuple[int, ...], tuple[int, ...]]], reason: str
) -> None:
    with pytest.raises(BadGraph, match=reason):
        state_dict(written(tensors, NUMBERS), "here")


class Hostile:
    """What a pickle of the ordinary kind would run."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self._reduced = call, arguments

    def __reduce__(self) -> Any:
        return self._reduced


def test_a_pickle_that_calls_something_is_refused_and_does_not(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    for payload in (Hostile(Path.touch, touched), Hostile(eval, "1 + 1"), Hostile(OrderedDict, [("a", 1)])):
        head = pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)
        with pytest.raises(BadGraph, match="here"):
            state_dict(head + pickle.dumps(payload, 2), "here")
    assert not touched.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", FILE[:40], FILE[:-1], pickle.dumps(MAGIC, 2)])
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(BadGraph, match="here"):
        state_dict(content, "here")


def test_a_memo_or_a_key_cannot_be_made_expensive() -> None:
    far = b"\x80\x02}r\xff\xff\xff\xff."  # LONG_BINPUT 2**32 - 1: unpickling would allocate a memo of that size
    nested = b"\x80\x02}" + b")" + b"2\x86" * 60 + b"K\x01s."  # a key whose hash takes 2**60 steps
    for payload in (far, nested):
        with pytest.raises(BadGraph, match="here"):
            state_dict(pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2) + payload, "here")


@settings(max_examples=150)
@given(st.data())
def test_any_damage_gives_tensors_or_a_typed_error(data: st.DataObject) -> None:
    damaged = bytearray(FILE)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(FILE) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadGraph):
        state_dict(bytes(damaged[: data.draw(st.integers(0, len(FILE)))] if data.draw(st.booleans()) else damaged), "x")


OPCODES = st.sampled_from([opcode.code.encode("latin-1") for opcode in pickletools.opcodes])


@settings(max_examples=150)
@given(st.lists(st.one_of(OPCODES, st.binary(max_size=6)), max_size=40))
def test_any_opcodes_give_tensors_or_a_typed_error(program: list[bytes]) -> None:
    head = pickle.dumps(MAGIC, 2) + pickle.dumps(1001, 2)
    with suppress(BadGraph):
        state_dict(head + b"".join(program), "here")
