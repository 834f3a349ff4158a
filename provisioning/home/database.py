"""SQLite file of the register, with a transaction for each access. Several processes may use it at once."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from provisioning.errors import RegisterError

_SCHEMA: Final = """
CREATE TABLE site (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, latitude REAL, longitude REAL, created_at_ms INTEGER NOT NULL);
CREATE TABLE agent (
  id TEXT PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site, created_at_ms INTEGER NOT NULL,
  secrets_key TEXT, enrolled_at_ms INTEGER, revoked_at_ms INTEGER);
CREATE TABLE code (
  sha256 TEXT PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES agent, expires_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER, used_by TEXT, serial TEXT);
CREATE TABLE certificate (
  serial TEXT PRIMARY KEY, agent_id TEXT NOT NULL REFERENCES agent, pem TEXT NOT NULL, issued_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER, reason TEXT);
CREATE TABLE camera (
  agent_id TEXT NOT NULL REFERENCES agent, id TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, username TEXT,
  password_sealed TEXT, latitude REAL, longitude REAL, bearing_deg REAL, PRIMARY KEY (agent_id, id));
CREATE TABLE recorder (
  agent_id TEXT NOT NULL REFERENCES agent, id TEXT NOT NULL, settings TEXT NOT NULL, password_sealed TEXT,
  PRIMARY KEY (agent_id, id));
CREATE TABLE document (
  addressee TEXT NOT NULL, number INTEGER NOT NULL, basis TEXT NOT NULL, sealed TEXT NOT NULL,
  issued_at_ms INTEGER NOT NULL, PRIMARY KEY (addressee, number));
CREATE TABLE configured (agent_id TEXT PRIMARY KEY, message TEXT NOT NULL, heard_at_ms INTEGER NOT NULL);
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
PRAGMA user_version = 3;
"""
_VERSION: Final = 3
_STEPS: Final = {
    2: "ALTER TABLE camera ADD COLUMN bearing_deg REAL",
    3: "CREATE TABLE recorder (agent_id TEXT NOT NULL REFERENCES agent, id TEXT NOT NULL, settings TEXT NOT NULL,"
    " password_sealed TEXT, PRIMARY KEY (agent_id, id))",
}
"""Statement that makes a register of the version before one of this version."""
_BUSY_MS: Final = 10_000


class RegisterFile:
    """One file. A crash in the middle of a transaction leaves nothing of it behind.

    Raises (all methods):
        RegisterError: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mine = threading.local()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Creates an empty register, mode 0600.

        Raises:
            RegisterError: it exists already, or it cannot be written.
        """
        try:
            path.touch(mode=0o600, exist_ok=False)
            with sqlite3.connect(path) as db:
                db.executescript(f"PRAGMA journal_mode = WAL; {_SCHEMA}")
            db.close()
        except (OSError, sqlite3.Error) as error:
            raise RegisterError(f"{path}: no register can be made here ({error})") from error
        return cls(path)

    def upgrade(self) -> None:
        """Gives an older register the columns and tables of this version; one that has them is left alone."""
        with self.reading() as db:
            is_older = _version(db) < _VERSION
        if is_older:
            with self.writing() as db:
                for version in range(_version(db) + 1, _VERSION + 1):  # none if another process has done it meanwhile
                    db.execute(_STEPS[version])
                    db.execute(f"PRAGMA user_version = {version}")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Opens a transaction that sees one state of the file; within another one of this thread, that one."""
        outer: sqlite3.Connection | None = getattr(self._mine, "db", None)
        if outer is not None:
            yield outer
            return
        with self._connection() as db:
            db.execute("BEGIN")
            self._mine.db = db
            try:
                yield db
            finally:
                self._mine.db = None
            db.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Opens a transaction that keeps other writers out; committed at the end, rolled back on any error."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def watching(self) -> Iterator[Callable[[], bool]]:
        """Yields a function for one thread: has the file changed since the last call? At first it has."""
        with self._connection() as db:
            seen: int | None = None

            def has_changed() -> bool:
                nonlocal seen
                # Counts the transactions of all other connections, those of this process too.
                version = int(db.execute("PRAGMA data_version").fetchone()[0])
                before, seen = seen, version
                return version != before

            yield has_changed

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Opens one connection for each transaction: an error closes it, and that rolls back."""
        try:
            db = sqlite3.connect(f"file:{self._path}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_MS / 1000)
            try:
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("PRAGMA synchronous = FULL")
                yield db
            finally:
                db.close()
        except sqlite3.Error as error:
            raise RegisterError(f"{self._path}: the register cannot be used ({error})") from error


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
