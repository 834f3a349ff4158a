"""Finds indexes of a table whose files cannot be read: cut short by a crash, or damaged on the disk."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from ray_cluster.archive.lance_tables import indexed_only
from ray_cluster.maintenance.recall_check import held_sample
from ray_cluster.query.vector_search import Nearest, nearest

_VECTOR: Final = "vector"


def unreadable_indexes(table: Any) -> Iterator[tuple[str, str]]:
    """Ask each index of a table one question; yield the names of those that fail, with the error.

    The table must be opened for this: an index that is in memory already is not read from the disk.
    """
    for index in table.list_indices():
        try:
            _ask(table, index.columns[0])
        except (OSError, RuntimeError) as error:
            yield index.name, str(error)[:200]


def _ask(table: Any, column: str) -> None:
    if column == _VECTOR:
        for vector in held_sample(table, table.count_rows())[:1]:
            nearest(table, Nearest(vector, 1))
        return
    kind = table.schema.field(column).type
    value = "''" if pa.types.is_string(kind) else "true" if pa.types.is_boolean(kind) else "0"
    indexed_only(table).where(f"{column} = {value}").select([column]).limit(1).to_arrow()
