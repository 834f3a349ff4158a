"""Databases of the centre for tests that need one migrated: the migrations run once a process, then it is copied."""

import functools
import tempfile
from pathlib import Path

from center.database.store import Store


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory(prefix="wayside-store-") as folder:
        path = Path(folder) / "center.sqlite3"
        store = Store(path)
        store.migrate()
        store.close()
        return path.read_bytes()


def fresh_store(path: Path) -> Store:
    """Opens a new SQLite database at this path, migrated to the newest revision and empty."""
    path.write_bytes(_migrated())
    return Store(path)
