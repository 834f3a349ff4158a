"""One SQLite file under the spool directory: a commit there survives `kill -9` and a power cut.

Write-ahead log, `synchronous=FULL`: a commit returns after fsync. One agent per directory, by a lock file that the
kernel releases with the process. A damaged file is moved aside and a fresh one begun: its content is lost then, but
refusing to start would lose all later pictures as well.

A full disk ends growth and nothing else. The log's room is taken beforehand, and so is the file's: it grows in steps,
each of which is on the disk as free pages before anything counts on it, and never into the last `RESERVE_BYTES`.
Archived messages leave their pages inside for later ones. The last of them are for acknowledgements and counts alone.
"""

import errno
import fcntl
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import SpoolCorrupt, SpoolError, SpoolFull, SpoolLocked
from provisioning.files import durable

_log = logging.getLogger(__name__)

FILE_NAME: Final = "spool.db"
RESERVE_BYTES: Final = 16 * 1024 * 1024
"""Free space below which the file does not grow. Pauses, configurations and logs are written there too."""
LOG_BYTES: Final = 13 * 1024 * 1024
"""Size of the log's file, taken at the start: 4 MiB, after which SQLite folds it in, and one largest message."""
STEP_BYTES: Final = 4 * 1024 * 1024
_LAST_BYTES: Final = 128 * 1024
_PAGE_BYTES: Final = 4096
_ASIDE: Final = "damaged-"
_SUSPECT: Final = "spool.suspect"
"""Exists after a run that met damage: the next start checks every page, however long it takes."""
_CHECK_S: Final = 5.0
"""Seconds to check payloads after a kill; for 2 GB it takes 1 s from memory and 9 s from a cold disk (measured)."""
_CHECK_STEPS: Final = 100
_SMALL_TABLES: Final = ("observations", "counters", "quarantine")
"""Small tables, of which every page is checked."""
_NO_BOUND: Final = 2**31 - 1
_TIGHT_BYTES: Final = 1024 * 1024
"""Free space below which some I/O errors (shared memory file, fsync) are a full disk in disguise."""
_SCHEMA: Final = (
    """
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
""",
    # The index answers at the start, and for paused cameras, what would else be read from among the payloads.
    """
CREATE INDEX messages_waiting ON messages (camera, seq, size);
CREATE TABLE spool_time (steady_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL);
CREATE TABLE growth (filler BLOB NOT NULL);
""",
    "CREATE TABLE promised (id TEXT PRIMARY KEY, camera TEXT NOT NULL) WITHOUT ROWID;",
)
"""Each step makes the version after it from the one before."""


class Database:
    """Exclusive owner of a spool directory. Not thread-safe: `Spool` serialises."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """Open, or create with mode 0700.

        Raises:
            SpoolLocked: another agent runs on this directory.
            SpoolFull: no room to begin.
            SpoolError: the directory or file cannot be used.
        """
        self.directory = directory
        self._file = directory / FILE_NAME
        self._wal = directory / f"{FILE_NAME}-wal"
        self._suspect = directory / _SUSPECT
        self._clock = clock
        self._has_log_room = False
        try:
            _make(directory)
            self._lock = _lock(directory)
        except OSError as error:
            raise SpoolError(f"spool {directory}: cannot be used ({error.strerror}): check owner and mode") from error
        try:
            self._connection = self._open_or_begin_anew()
            with self._translated():
                self._connection.execute("DELETE FROM growth")  # of a step that a kill cut short
                self._stay()
            with suppress(SpoolFull):  # what the file has must do
                self.reserve_room()
        except BaseException:  # also Ctrl-C: the lock must not outlive a failed opening
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Fold the write-ahead log into the file and release the directory."""
        self._connection.close()
        os.close(self._lock)

    def free_bytes(self) -> int:
        """Free space on the disk for this user."""
        return shutil.disk_usage(self.directory).free

    @contextmanager
    def transaction(self, *, adds_bytes: int | None = None) -> Iterator[sqlite3.Connection]:
        """Run a transaction: all or nothing, on the disk when it returns.

        `adds_bytes`: growth of one that must leave the last pages alone.

        Raises:
            SpoolFull: no room; nothing of it happened.
            SpoolCorrupt: the file is damaged.
            SpoolError: the disk failed otherwise.
        """
        with self._translated():
            if adds_bytes is not None:
                self._find_pages(adds_bytes)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Run a query outside a transaction; errors as in `transaction`."""
        with self._translated():
            yield self._connection

    def reserve_room(self) -> None:
        """Reserve the log's room and the last pages, if the disk has them. Call periodically.

        Raises:
            SpoolFull: it has not.
            SpoolError: see `transaction`.
        """
        if not self._has_log_room and self.free_bytes() > LOG_BYTES + _TIGHT_BYTES:
            self._has_log_room = self._reserve_log()
        with self._translated():
            self._find_pages(0)

    def _reserve_log(self) -> bool:
        """Reserve the log's room.

        SQLite takes zeros behind the last frame for its end, and truncates at its limit only.
        """
        handle = os.open(self._wal, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.posix_fallocate(handle, 0, LOG_BYTES)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return False
            _log.warning("spool %s: room cannot be taken beforehand on this disk (%s)", self._wal, error.strerror)
        finally:
            os.close(handle)
        return True

    def _find_pages(self, adds_bytes: int) -> None:
        (pages,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        wanted = adds_bytes + _LAST_BYTES
        if pages * _PAGE_BYTES < wanted:
            if self.free_bytes() < RESERVE_BYTES + wanted + STEP_BYTES:
                raise self._full()
            self._grow(wanted + STEP_BYTES)  # of which the pages that there are, are a part

    def _grow(self, to_bytes: int) -> None:
        """Keep so many bytes free inside.

        After the commit they are in the log only, which a full disk could not fold in.
        """
        self._connection.execute(f"PRAGMA max_page_count={_NO_BOUND}").fetchall()
        try:
            self._connection.execute("INSERT INTO growth VALUES (zeroblob(?))", (to_bytes,))
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            self._connection.execute("DELETE FROM growth")
            self._stay()

    def _stay(self) -> None:
        """Bound the file by its present size, which 1 stands for: SQLite takes no bound below it."""
        self._connection.execute("PRAGMA max_page_count=1").fetchall()

    def _full(self) -> SpoolFull:
        return SpoolFull(
            f"spool {self._file}: no room on the disk, where {RESERVE_BYTES >> 20} MiB are kept in reserve; free some"
            " or lower spool.max_bytes"
        )

    def _open_or_begin_anew(self) -> sqlite3.Connection:
        try:
            connection = self._open()
        except SpoolCorrupt as error:
            self._move_aside(error)
            connection = self._open()
        self._suspect.unlink(missing_ok=True)
        durable.settle(self.directory)
        return connection

    def _open(self) -> sqlite3.Connection:
        # A reader leaves an empty one, a clean close none.
        unclean = self._suspect.exists() or (self._wal.exists() and self._wal.stat().st_size > 0)
        with self._translated():
            connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=30)
            try:
                connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")  # of a new file; SQLite's own default too
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
                # Debian's SQLite would write zeros over each page of an archived picture, twice; they are redacted.
                connection.execute("PRAGMA secure_delete=FAST")
                self._migrate(connection)
                if unclean:  # it was killed: the moment at which damage is likely
                    self._check(connection)
            except BaseException:  # raised again; only the connection is let go
                connection.close()
                raise
        self._file.chmod(0o600)
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        for table in _SMALL_TABLES:
            self._judge(connection.execute(f"PRAGMA quick_check({table})").fetchone())
        if not self._suspect.exists():
            ends_s = self._clock.monotonic_s() + _CHECK_S
            connection.set_progress_handler(lambda: self._clock.monotonic_s() > ends_s, _CHECK_STEPS)
        try:
            self._judge(connection.execute("PRAGMA quick_check(1)").fetchone())
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            _log.info("spool %s: too large to look at every page; what was seen is sound", self._file)
        finally:
            connection.set_progress_handler(None, 0)

    def _judge(self, verdict: tuple[str]) -> None:
        if verdict != ("ok",):
            raise SpoolCorrupt(f"spool {self._file}: damaged ({verdict[0]})")

    def _migrate(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(_SCHEMA):
            raise SpoolError(
                f"spool {self._file}: written by another version of wayside-edge (schema {version}, this one reads "
                f"{len(_SCHEMA)}): run that version, or give another spool.directory"
            )
        for number, step in enumerate(_SCHEMA[version:], version + 1):
            connection.executescript(f"BEGIN; {step} PRAGMA user_version={number}; COMMIT;")

    def _move_aside(self, error: SpoolCorrupt) -> None:
        """Keep the damaged file for a technician; only the newest, so that it cannot fill the disk."""
        for old in self.directory.glob(f"{_ASIDE}*"):
            old.unlink()
        target = f"{_ASIDE}{self._clock.now_ms()}.db"
        for suffix in ("", "-wal", "-shm"):
            part = self._file.with_name(FILE_NAME + suffix)
            if part.exists():
                durable.move(part, self.directory / f"{target}{suffix}")
        _log.error("%s: moved to %s, begun anew; what it held is lost unless recovered from there", error, target)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and self.free_bytes() < _TIGHT_BYTES):
                raise self._full() from error
            if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                with suppress(OSError):  # on a full disk too; then the next start only looks as after a kill
                    self._suspect.touch(mode=0o600)
                raise SpoolCorrupt(f"spool {self._file}: damaged ({error})") from error
            raise SpoolError(f"spool {self._file}: cannot be used ({error})") from error


def _make(directory: Path) -> None:
    """Make the folder and settle each parent: a folder is not on the disk before the folder around it is."""
    fresh = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in fresh:
        durable.settle(folder.parent)


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
    """Read a spool without owning it, also while its agent runs.

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
