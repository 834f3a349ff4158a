"""Databases of the centre for tests that need one migrated: the migrations run once a process, then it is copied."""

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache

from center.database.store import Store

_STATEMENTS: Final = 5_000


@dataclass(frozen=True)
class _Migrated:
    content: bytes
    dialect: Dialect
    """Taken from a database that was connected to: it has asked SQLite what it can do."""
    statements: LRUCache[Any, Any]
    """SQL by statement, for this dialect."""


@functools.cache
def _migrated() -> _Migrated:
    with tempfile.TemporaryDirectory(prefix="wayside-store-") as folder:
        path = Path(folder) / "center.sqlite3"
        store = Store(path)
        store.migrate()
        store.close()
        return _Migrated(path.read_bytes(), store._engine.dialect, LRUCache(_STATEMENTS))


def fresh_store(path: Path) -> Store:
    """Opens a new SQLite database at this path, migrated to the newest revision and empty.

    A statement becomes SQL once a process and not once a database, which was a third of what a centre takes to set up.
    """
    migrated = _migrated()
    path.write_bytes(migrated.content)
    store = Store(path)
    store._engine.dialect, store._engine._compiled_cache = migrated.dialect, migrated.statements
    return store
