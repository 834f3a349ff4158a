"""The tables of the centre: accounts, sessions, devices as last reported, roster, audit. Migrated at every start.

SQLite in the data folder, or a PostgreSQL database: what is written here and in the migrations runs on both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any, Final, cast

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, BigInteger, Boolean, ForeignKey, Integer, String, Text, create_engine, event, text
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from center.errors import RowRefusedError, StartError, StoreUnavailableError

_POSTGRESQL_OPTIONS: Final = {"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=10s"}
_MIGRATION_LOCK: Final = 0x57415953
"""PostgreSQL's advisory lock under which one process at a time migrates: "WAYS"."""


class Base(DeclarativeBase):
    """Base of every table."""


class User(Base):
    """A local account; `username` is lower case."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    password_set_at_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """Time at which the password was set; 0 for an account without one."""


class LoginSession(Base):
    """A browser that is logged in. Only the hash of its token is stored: a stolen database opens no session."""

    __tablename__ = "sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)


class AgentRecord(Base):
    """The last heartbeat of an agent, as JSON of `contracts.messages.Heartbeat`."""

    __tablename__ = "agents"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    heard_at_ms: Mapped[int] = mapped_column(BigInteger)
    heartbeat: Mapped[str] = mapped_column(Text)


class CameraRecord(Base):
    """The last state of a camera, as JSON of `contracts.messages.CameraStatus`."""

    __tablename__ = "cameras"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    heard_at_ms: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)


class ConfiguredRecord(Base):
    """The last result of an agent for its configuration, as JSON of `contracts.documents.Configured`."""

    __tablename__ = "configured"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    heard_at_ms: Mapped[int] = mapped_column(BigInteger)
    configured: Mapped[str] = mapped_column(Text)


class RosterRecord(Base):
    """The newest roster signed with one key, as JSON of `contracts.documents.Sealed`."""

    __tablename__ = "rosters"

    seal_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[str] = mapped_column(Text)
    taken_at_ms: Mapped[int] = mapped_column(BigInteger)


class AuditEntry(Base):
    """An entry of the audit: time, actor and action (`center.audit.log`).

    Rows are appended: the database itself refuses to change one, or to take one that does not follow the last.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    """Number of the entry; the numbers have no gaps."""
    at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    """Hash of the entry before it (`center.audit.chain`)."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Hash of this entry."""


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """Bytes of a database. `wal_bytes`: of SQLite's write-ahead log; None with PostgreSQL."""

    total_bytes: int
    wal_bytes: int | None


class Store:
    """One database: an SQLite file, or the address of a PostgreSQL one.

    Every method may block: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database cannot be opened, read or written.
    """

    def __init__(self, database: Path | URL) -> None:
        if isinstance(database, Path):
            self._engine = create_engine(f"sqlite:///{database}")
            event.listen(self._engine, "connect", _configure_sqlite)
        else:
            self._engine = create_engine(database, connect_args=_POSTGRESQL_OPTIONS, pool_pre_ping=True)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    def migrate(self) -> None:
        """Upgrades the database to the newest revision.

        Raises:
            StartError: a newer release has migrated it.
        """
        config = Config()
        config.set_main_option("script_location", "center.database:migrations")
        with self._faults(), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StartError(
                    what=f"its database is of a newer release ({error})",
                    what_to_do="Install that release again, or restore the backup from before the upgrade into an empty"
                    " database (docs/upgrading.md)",
                ) from error

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Gives a session that commits at the end, or rolls back on any error."""
        with self._faults(), self._sessions.begin() as session:
            yield session

    def ping(self) -> None:
        """Queries the database for nothing, to check that it answers."""
        with self.transaction() as session:
            session.execute(text("SELECT 1"))

    @property
    def connections_in_use(self) -> int:
        """Number of connections that transactions hold now."""
        return cast("QueuePool", self._engine.pool).checkedout()

    def size(self) -> DatabaseSize:
        """Reads the bytes that the database takes on its disk."""
        is_sqlite = self._engine.dialect.name == "sqlite"
        query = (
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if is_sqlite
            else "SELECT pg_database_size(current_database())"
        )
        with self.transaction() as session:
            total_bytes = session.execute(text(query)).scalar_one()
        log = Path(f"{self._engine.url.database}-wal")
        return DatabaseSize(total_bytes, (log.stat().st_size if log.exists() else 0) if is_sqlite else None)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (DataError, IntegrityError) as error:
            raise RowRefusedError(cause=_first_line(error)) from error
        except SQLAlchemyError as error:
            raise StoreUnavailableError(cause=_first_line(error)) from error


def _first_line(error: SQLAlchemyError) -> str:
    # The statement's parameters may hold password hashes, and so may PostgreSQL's second line, which shows the row it
    # refused: only the first line of the driver's own message is passed on.
    return str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]


def _configure_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    if isinstance(connection, SqliteConnection):
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")
