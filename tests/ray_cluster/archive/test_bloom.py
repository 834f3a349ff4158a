"""A filter of row keys may doubt what is absent, and never what is there."""

import hashlib

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ray_cluster.archive.bloom import KeyFilter, marks, marks_of_column


def keys(first: int, count: int) -> list[str]:
    """Of agents with names of every length."""
    names = range(first, first + count)
    return [f"{'a' * (1 + name % 63)}:{hashlib.sha256(str(name).encode()).hexdigest()[:32]}" for name in names]


def test_nothing_is_there_before_it_is_added() -> None:
    assert not KeyFilter().may_hold(marks(keys(0, 1000))).any()


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=50), max_size=8), st.lists(st.integers(0, 2**64 - 1)))
def test_what_was_added_is_never_absent(batches: list[list[int]], others: list[int]) -> None:
    held = KeyFilter()
    for batch in batches:
        held.add(np.array(batch, np.uint64))
    asked = [mark for batch in batches for mark in batch]
    assert held.may_hold(np.array(asked, np.uint64)).all()
    assert held.may_hold(np.array(asked + others, np.uint64))[: len(asked)].all()


def test_it_grows_and_doubts_few_that_are_absent() -> None:
    held = KeyFilter()
    there, absent = keys(0, 200_000), keys(1_000_000, 50_000)  # more than one layer takes
    for start in range(0, len(there), 60_000):
        held.add(marks(there[start : start + 60_000]))
    assert held.may_hold(marks(there)).all()
    assert held.may_hold(marks(absent)).mean() < 0.0005


def test_a_column_has_the_marks_of_its_keys_wherever_it_is_cut() -> None:
    there = keys(0, 300)
    column = pa.array(there)
    assert (marks_of_column(column) == marks(there)).all()
    assert (marks_of_column(column.slice(7, 200)) == marks(there[7:207])).all()
    assert not len(marks_of_column(column.slice(0, 0)))
