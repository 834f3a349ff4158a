"""Makes a month of windows out of a few: a copy shares the files of its source and has times of its own.

Data files and indexes of LanceDB are never changed, so a copy is made of hard links. What a reader of attributes
decides by is then written anew for each copy, by LanceDB itself: the columns of time that pages are ordered by, and the
B-trees on them. Shared, and therefore the same in every copy of one source: vectors and their index, classes, colours,
boxes, cameras and their bitmaps, row keys and their B-tree, commit numbers.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from lancedb.index import BTree

from ray_cluster.archive.lance_tables import connect
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS

_SHIFTED: Final = {OBJECTS: ("captured_at_ms",), SNAPSHOTS: ("captured_at_ms", "filed_at_ms")}
_INDEXED: Final = frozenset({(OBJECTS, "captured_at_ms"), (SNAPSHOTS, "filed_at_ms")})


def copy_window(source: Path, name: str, target: Path, copied: str, shift_ms: int) -> None:
    """Copy a closed window of `source` as the window `copied` of `target`, `shift_ms` later."""
    tables = connect(target, cache_bytes=1 << 26)
    for kind, columns in _SHIFTED.items():
        _link(source / "tables" / f"{kind}{name}.lance", target / "tables" / f"{kind}{copied}.lance")
        table = tables.open_table(kind + copied)
        for column in columns:
            _shift(table, column, shift_ms, indexed=(kind, column) in _INDEXED)
        table.optimize(cleanup_older_than=timedelta(milliseconds=1), delete_unverified=True)


def _shift(table: Any, column: str, shift_ms: int, *, indexed: bool) -> None:
    table.add_columns({"_shifted": f"{column} + {shift_ms}"})
    if indexed:
        table.drop_index(f"{column}_idx")
    table.drop_columns([column])
    table.alter_columns({"path": "_shifted", "rename": column, "nullable": False})
    if indexed:
        table.create_index(column, config=BTree())


def _link(source: Path, target: Path) -> None:
    for folder, _, files in os.walk(source):
        to = target / Path(folder).relative_to(source)
        to.mkdir(parents=True)
        for file in files:
            os.link(Path(folder, file), to / file)
