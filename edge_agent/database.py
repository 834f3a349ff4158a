"""One SQLite file under the spool directory: what is committed there survives `kill -9` and a power cut.

Write-ahead log, `synchronous=FULL`: a commit returns after fsync. One agent per directory, by a lock file that the
kernel releases with the process. A damaged file is moved aside and a fresh one begun: losing what it held is certain
then, refusing to start would lose what comes as well.
"""

import fcntl
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge_agent.errors import SpoolCorrupt, SpoolError, SpoolFull, SpoolLocked

_log = logging.getLogger(__name__)

FILE_NAME: Final = "spool.db"
_ASIDE: Final = "damaged-"
_TIGHT_BYTES: Final = 1024 * 1024
"""Some I/O errors are a full disk in disguise (shared memory file, fsync); below this much free space they are."""
_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE observations (
  id TEXT PRIMARY KEY, camera TEXT NOT NULL, state TEXT NOT NULL, ended_at_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX observations_ended ON observations (ended_at_ms);
CREATE TABLE counters (camera TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (camera, name))
  WITHOUT ROWID;
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, camera TEXT NOT NULL, sha256 TEXT NOT NULL,
  spooled_at_ms INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE INDEX messages_sha256 ON messages (sha256);
CREATE TABLE quarantine (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, camera TEXT NOT NULL, reason TEXT NOT NULL,
  detail TEXT NOT NULL, rejected_at_ms INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL
);
"""


class Database:
    """Exclusive owner of a spool directory. Not thread-safe: `Spool` serialises."""

    def __init__(self, directory: Path, *, now_ms: int) -> None:
        """Open, or create with mode 0700.

        Raises:
            SpoolLocked: another agent runs on this directory.
            SpoolFull: no room to begin.
            SpoolError: the directory or file cannot be used.
        """
        self.directory = directory
        self._file = directory / FILE_NAME
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock(directory)
        except OSError as error:
            raise SpoolError(f"spool {directory}: cannot be used ({error.strerror}): check owner and mode") from error
        try:
            self._connection = self._open_or_begin_anew(now_ms)
        except BaseException:  # also Ctrl-C: the lock must not outlive a failed opening
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of the directory."""
        self._connection.close()
        os.close(self._lock)

    def free_bytes(self) -> int:
        """Room on the disk for this user."""
        return shutil.disk_usage(self.directory).free

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on the disk when it returns.

        Raises:
            SpoolFull: no room; nothing of it happened.
            SpoolCorrupt: the file is damaged.
            SpoolError: the disk failed otherwise.
        """
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For a query outside a transaction; errors as in `transaction`."""
        with self._translated():
            yield self._connection

    def _open_or_begin_anew(self, now_ms: int) -> sqlite3.Connection:
        try:
            return self._open()
        except SpoolCorrupt as error:
            self._move_aside(error, now_ms)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        log = self._file.with_name(FILE_NAME + "-wal")
        unclean = log.exists() and log.stat().st_size > 0  # a reader leaves an empty one, a clean close none
        with self._translated():
            connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=30)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute("PRAGMA journal_size_limit=16777216")
                self._migrate(connection)
                if unclean:  # it was killed: the moment at which damage is likely
                    self._check(connection)
            except BaseException:  # raised again; only the connection is let go
                connection.close()
                raise
        self._file.chmod(0o600)
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise SpoolCorrupt(f"spool {self._file}: damaged ({verdict})")

    def _migrate(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_SCHEMA_VERSION}; COMMIT;")
        elif version != _SCHEMA_VERSION:
            raise SpoolError(
                f"spool {self._file}: written by another version of wayside-edge (schema {version}, this one reads "
                f"{_SCHEMA_VERSION}): run that version, or give another spool.directory"
            )

    def _move_aside(self, error: SpoolCorrupt, now_ms: int) -> None:
        """Keep the damaged file for a technician; only the newest, so that it cannot fill the disk."""
        for old in self.directory.glob(f"{_ASIDE}*"):
            old.unlink()
        target = f"{_ASIDE}{now_ms}.db"
        for suffix in ("", "-wal", "-shm"):
            part = self._file.with_name(FILE_NAME + suffix)
            if part.exists():
                part.rename(self.directory / f"{target}{suffix}")
        _log.error("%s: moved to %s, begun anew; what it held is lost unless recovered from there", error, target)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and self.free_bytes() < _TIGHT_BYTES):
                raise SpoolFull(
                    f"spool {self._file}: no room on the disk; free some or lower spool.max_bytes"
                ) from error
            if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise SpoolCorrupt(f"spool {self._file}: damaged ({error})") from error
            raise SpoolError(f"spool {self._file}: cannot be used ({error})") from error


def _lock(directory: Path) -> int:
    handle = os.open(directory / "spool.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise SpoolLocked(f"spool {directory}: another wayside-edge uses it; stop that one first") from None
    return handle


@contextmanager
def reading(directory: Path) -> Iterator[sqlite3.Connection]:
    """Look into a spool without owning it, also while its agent runs.

    Raises:
        SpoolError: there is none, or it cannot be read.
    """
    file = directory / FILE_NAME
    if not file.is_file():
        raise SpoolError(f"spool {file}: not there; has this agent ever run with this configuration?")
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise SpoolError(f"spool {file}: cannot be read ({error})") from error
