"""Which row keys a day surely does not hold: most messages are new, and no table needs to be asked for them.

A scalable Bloom filter (Almeida, Baquero, Preguiça and Hutchison, *Scalable Bloom Filters*, 2007): filters of growing
size, of which the last one takes what is added. It never says that a key is absent which is there; it says *perhaps*
of a few that are not. 16 bits a key and eight places a key: of 20 million keys it
takes 43 MiB in five layers and says *perhaps* of 24 in 10,000 others (measured).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FIRST_BITS: Final = 20
"""Base-2 logarithm of the first layer's bits: 65,536 keys."""
_GROWTH_BITS: Final = 2
_BITS_A_KEY: Final = 16
_HEX: Final = 16
"""The last digits of a row key: 64 bits of the SHA-256 that an observation id is the beginning of."""
_ODD: Final = np.array(
    [
        0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93,
        0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3,
    ],
    np.uint64,
)  # fmt: skip
"""Of multiply-shift hashing (Dietzfelbinger et al., 1997): any odd numbers that have little in common."""

Marks = np.ndarray[Any, np.dtype[np.uint64]]
Found = np.ndarray[Any, np.dtype[np.bool_]]


def marks(row_keys: Sequence[str]) -> Marks:
    """What the filter knows row keys by."""
    return np.array([int(key[-_HEX:], 16) for key in row_keys], np.uint64)


def marks_of_column(column: pa.Array) -> Marks:
    """The same of a column of a table, without a Python object for each."""
    texts = pc.utf8_slice_codeunits(column, -_HEX).cast(pa.binary()).cast(pa.binary(_HEX))
    digits = np.frombuffer(texts.buffers()[1], np.uint8, len(texts) * _HEX, texts.offset * _HEX)
    nibbles = np.where(digits <= ord("9"), digits - ord("0"), digits - ord("a") + 10).astype(np.uint8)
    octets = (nibbles[0::2] << 4) | nibbles[1::2]
    return octets.view(">u8").astype(np.uint64)


class KeyFilter:
    """Says *surely absent* or *perhaps there* of row keys. One thread adds; any may ask."""

    def __init__(self) -> None:
        self._layers = [_Layer(_FIRST_BITS)]

    def add(self, added: Marks) -> None:
        """Keys that are there from now on."""
        while True:
            last = self._layers[-1]
            room = last.room
            last.add(added[:room])
            added = added[room:]
            if not len(added):
                return
            self._layers.append(_Layer(last.bits + _GROWTH_BITS))

    def may_hold(self, asked: Marks) -> Found:
        """For each key whether it is perhaps there, in the order asked."""
        found = np.zeros(len(asked), np.bool_)
        for layer in self._layers:
            found |= layer.may_hold(asked)
        return found


class _Layer:
    def __init__(self, bits: int) -> None:
        self.bits = bits
        """Base-2 logarithm of their number."""
        self.room = (1 << bits) // _BITS_A_KEY
        self._octets = np.zeros(1 << (bits - 3), np.uint8)

    def add(self, added: Marks) -> None:
        octets, masks = self._places(added)
        np.bitwise_or.at(self._octets, octets, masks)
        self.room -= len(added)

    def may_hold(self, asked: Marks) -> Found:
        octets, masks = self._places(asked)
        held: Found = ((self._octets[octets] & masks) != 0).all(axis=1)
        return held

    def _places(self, keys: Marks) -> tuple[np.ndarray[Any, np.dtype[np.uint64]], np.ndarray[Any, np.dtype[np.uint8]]]:
        """Octets of the filter and the bit in each, as (keys, 8)."""
        places = (keys[:, None] * _ODD) >> np.uint64(64 - self.bits)
        return places >> np.uint64(3), np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
