"""When a day's vector index is built, extended and built anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_cluster.archive.index_policy import (
    FIRST_VECTORS,
    MAX_SEGMENTS,
    TRAINED_MOST,
    Build,
    IndexState,
    index_name,
    next_build,
    partitions,
)

MANY = 4 * FIRST_VECTORS


def state(name: str, *, unindexed: int = 1, segments: int = 1, recall: float | None = None) -> IndexState:
    return IndexState(name, MANY, unindexed, segments, recall)


@pytest.mark.parametrize(
    ("before", "vectors", "closed", "expected"),
    [
        (IndexState(), FIRST_VECTORS - 1, False, Build.NOTHING),
        (IndexState(), FIRST_VECTORS - 1, True, Build.NOTHING),
        (IndexState(), FIRST_VECTORS, False, Build.OPEN),
        (IndexState(), FIRST_VECTORS, True, Build.FULL),
        (state(f"vector_open_{MANY}"), MANY + 10, False, Build.EXTEND),
        (state(f"vector_open_{MANY}", unindexed=0), MANY + 10, False, Build.NOTHING),
        (state(f"vector_open_{MANY}"), 2 * MANY, False, Build.OPEN),
        (state(f"vector_open_{MANY}", segments=MAX_SEGMENTS), MANY + 10, False, Build.OPEN),
        (state(f"vector_open_{TRAINED_MOST}", recall=1.0), 3 * TRAINED_MOST, False, Build.EXTEND),
        (state(f"vector_open_{TRAINED_MOST}", recall=0.94), 3 * TRAINED_MOST, False, Build.OPEN),
        (state(f"vector_open_{TRAINED_MOST}", segments=MAX_SEGMENTS), 3 * TRAINED_MOST, False, Build.OPEN),
        (state(f"vector_open_{MANY}", recall=0.94), MANY + 10, False, Build.EXTEND),
        (state(f"vector_open_{MANY}", recall=0.94), round(1.3 * MANY), False, Build.OPEN),
        (state(f"vector_open_{MANY}"), MANY + 10, True, Build.FULL),
        (state(f"vector_full_{MANY}", unindexed=0), MANY, True, Build.NOTHING),
        (state(f"vector_full_{MANY}"), MANY + 10, True, Build.EXTEND),
        (state(f"vector_full_{MANY}"), 2 * MANY, True, Build.FULL),
        (state("of_another_version"), MANY, False, Build.OPEN),
    ],
)
def test_what_is_done_next(before: IndexState, vectors: int, closed: bool, expected: Build) -> None:
    assert next_build(before, vectors, closed=closed) is expected


@given(vectors=st.integers(FIRST_VECTORS, 10**9), closed=st.booleans())
def test_what_was_built_is_not_built_again_at_once(vectors: int, *, closed: bool) -> None:
    build = next_build(IndexState(), vectors, closed=closed)
    built = IndexState(index_name(build, vectors), vectors, 0, 1)
    assert next_build(built, vectors, closed=closed) is Build.NOTHING


@given(vectors=st.integers(0, 10**9))
def test_partitions_are_neither_none_nor_too_many(vectors: int) -> None:
    assert 1 <= partitions(vectors) <= 8192
    assert partitions(vectors) * 256 <= max(vectors, 256)
