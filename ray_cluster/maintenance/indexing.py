"""Compacts a window's tables and builds their indexes, by the rules of `index_policy`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from lancedb.index import Bitmap, BTree, IvfRq

from ray_cluster.archive.index_policy import VECTOR_BITS, Build, IndexState, index_name, next_build, partitions
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.errors import UpkeepFailed

KEEP_VERSIONS: Final = timedelta(minutes=10)
"""Age at which old versions are dropped: a reader breaks when the version that it has open is cleaned away."""
_SAMPLE: Final = 256
_SCALAR: Final = {
    SNAPSHOTS: {
        "row_key": BTree(),
        "filed_at_ms": BTree(),
        "commit_seq": BTree(),
        "camera_id": Bitmap(),
        "time_trusted": Bitmap(),
    },
    OBJECTS: {
        "row_key": BTree(),
        "captured_at_ms": BTree(),
        "camera_id": Bitmap(),
        "cls": Bitmap(),
        "colour": Bitmap(),
        "heading_deg": BTree(),
    },
}


def compact(kind: str, table: Any, *, keep: timedelta) -> None:
    """Compact a table, drop versions older than `keep`, and extend every index by the new rows."""
    indexed = {index.columns[0] for index in table.list_indices()}
    for column, config in _SCALAR[kind].items():
        # A column of a later version is there once the archiver has opened the day.
        if column not in indexed and column in table.schema.names:
            table.create_index(column, config=config)
    table.optimize(cleanup_older_than=keep)


def build_vector_index(objects: Any, *, closed: bool, recall: float | None) -> Build:
    """Train the vector index of a table if that is due, and return what is due."""
    if "vector" not in objects.schema.names:
        return Build.NOTHING
    state = replace(index_state(objects), recall=recall)
    vectors = _vectors(objects)
    build = next_build(state, vectors, closed=closed)
    if build not in {Build.OPEN, Build.FULL}:
        return build
    name = index_name(build, vectors)
    config = IvfRq(
        distance_type="cosine",
        num_bits=VECTOR_BITS,
        num_partitions=partitions(vectors),
        sample_rate=64,
        max_iterations=20,
    )
    old = [index.name for index in objects.list_indices() if index.columns == ["vector"] and index.name != name]
    objects.create_index("vector", config=config, name=name)
    # In this order, so that there is always an index.
    for each in old:
        objects.drop_index(each)
    return build


def index_state(objects: Any) -> IndexState:
    """Read the state of a table's vector index."""
    names = [index.name for index in objects.list_indices() if index.columns == ["vector"]]
    if not names:
        return IndexState()
    stats = objects.index_stats(names[-1])
    return IndexState(names[-1], stats.num_indexed_rows, stats.num_unindexed_rows, stats.num_indices or 1)


def _vectors(objects: Any) -> int:
    """Estimate the number of rows with a vector on a sample, since an exact count reads all of them."""
    rows = objects.count_rows()
    if not rows:
        return 0
    offsets = sorted({int((i + 0.5) * rows / _SAMPLE) for i in range(min(_SAMPLE, rows))})
    found = objects.take_offsets(offsets).select(["vector"]).to_arrow().column("vector")
    return int(rows * (1 - found.null_count / len(offsets)))


@contextmanager
def lance_errors(where: str) -> Iterator[None]:
    """Raise UpkeepFailed for RuntimeError, OSError, or Lance's ValueError for a table that was dropped meanwhile."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise UpkeepFailed(f"{where}: {str(error)[:300]}; it is tried again") from error
