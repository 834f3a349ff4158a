"""Reads rows in two steps: finds them by the columns of the condition, then reads the other columns of those rows.

In a fragment that no index covers yet, Lance decodes every requested column, and only then filters. With 40
commits that upkeep has not compacted, one snapshot by its key took 44 ms of processor time in one step; here it takes
3 ms to find and 3 to read if it is older than those commits, and 12 to find if it is among them (measured).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ray_cluster.archive.lance_tables import in_order, indexed_only, quoted

_ID: Final = "_rowid"
_KEY: Final = "row_key"


def pinned(tables: Any, name: str) -> Any:
    """Open a table at its present version: ids found in it stay readable through writes and compactions."""
    table = tables.open_table(name)
    table.checkout(table.version)
    return table


def matching(
    table: Any, condition: str, *, order: Sequence[str] = (), ascending: bool = True, limit: int | None = None
) -> list[int]:
    """Find ids of rows of a pinned table that meet `condition` (Lance SQL), sorted by `order` if given."""
    query = table.search().where(condition).select(list(order) or [_KEY]).with_row_id(True)
    if order:
        query = in_order(query, order, ascending=ascending)
    if limit is not None:
        query = query.limit(limit)
    ids: list[int] = query.to_arrow().column(_ID).to_pylist()
    return ids


def by_key(table: Any, row_keys: Sequence[str], condition: str = "") -> dict[str, list[int]]:
    """Find ids of rows of a pinned table, by row key, without keys that have no rows; `condition` must hold as well.

    Rows of one key are added, and changed, together (`Archiver`, `erasure`): either all are in the index or none is.
    """
    if not row_keys:
        return {}
    found = _grouped(indexed_only(table), row_keys, condition)
    missing = [key for key in row_keys if key not in found]
    if missing and _tail(table):
        found |= _grouped(table.search(), missing, condition)
    return found


def records(table: Any, ids: Sequence[int], columns: Sequence[str] | None = None) -> list[Mapping[str, Any]]:
    """Read rows of a pinned table by their ids, in that order; all columns by default."""
    if not ids:
        return []
    query = table.take_row_ids(list(ids)).with_row_id()
    if columns is not None:
        query = query.select(list(columns))
    found = {record[_ID]: record for record in query.to_list()}
    return [found[each] for each in ids]


def _tail(table: Any) -> bool:
    """True if there may be rows that the index on the key does not cover."""
    stats = table.index_stats(f"{_KEY}_idx")
    return stats is None or bool(stats.num_unindexed_rows)


def _grouped(query: Any, row_keys: Sequence[str], condition: str) -> dict[str, list[int]]:
    wanted = f"{_KEY} IN ({quoted(row_keys)})" + (f" AND {condition}" if condition else "")
    rows = query.where(wanted).select([_KEY]).with_row_id(True).to_arrow()
    found: dict[str, list[int]] = {}
    for key, row_id in zip(rows.column(_KEY).to_pylist(), rows.column(_ID).to_pylist(), strict=True):
        found.setdefault(key, []).append(row_id)
    return found
