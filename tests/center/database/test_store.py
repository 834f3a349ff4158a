"""The database: migrations, what it refuses, how its faults read. On SQLite and on PostgreSQL."""

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import URL, Connection, MetaData, create_engine, func, select, text

from center.access.districts import GrantRecord
from center.audit.log import Audit
from center.database.store import AgentRecord, AuditEntry, Base, RosterRecord, Store
from center.errors import StartError, StoreUnavailableError
from tests.center.conftest import BOTH


def _address(database: Path | URL) -> URL | str:
    return f"sqlite:///{database}" if isinstance(database, Path) else database


@BOTH
def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    store.ping()


@BOTH
def test_a_database_of_the_first_release_is_brought_up_with_what_it_holds(database: Path | URL) -> None:
    config = Config()
    config.set_main_option("script_location", "center.database:migrations")
    engine = create_engine(_address(database))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO agents VALUES ('cabinet-7', 1, '{}')"))
        connection.execute(text("INSERT INTO users (username, password_hash, created_at_ms) VALUES ('ada', 'x', 1)"))
        for number in (1, 2, 3):
            connection.execute(
                text("INSERT INTO audit (id, at_ms, actor, action, detail) VALUES (:id, 5, 'ada', 'login', :detail)"),
                {"id": number, "detail": '{"source": "东区"}'},
            )
    engine.dispose()
    old = Store(database)
    old.migrate()
    with old.transaction() as session:
        assert [record.agent_id for record in session.scalars(select(AgentRecord))] == ["cabinet-7"]
        assert session.scalars(select(RosterRecord)).all() == []
        assert [(grant.role, grant.district_id) for grant in session.scalars(select(GrantRecord))] == [
            ("administrator", None)
        ]
    audit = Audit(old, lambda: 6)
    audit.append("ada", "logout", {})
    found = audit.verify()
    assert (found.broken, found.entries, found.last) == (None, 4, 4)
    old.close()


def _counts(connection: Connection, *, fill: bool = False) -> dict[str, int]:
    """Counts the rows of each table; `fill` puts one into each that is empty, by the types of its columns."""
    tables = MetaData()
    tables.reflect(connection)
    values: dict[type, object] = {int: 1, str: "1", bool: False, float: 1.5, bytes: b"1"}
    counts: dict[str, int] = {}
    for table in tables.sorted_tables:
        count = select(func.count()).select_from(table)
        if fill and not connection.execute(count).scalar_one():
            row = {column.name: values[column.type.python_type] for column in table.columns}
            connection.execute(table.insert().values(row))
        counts[table.name] = connection.execute(count).scalar_one()
    return counts


@BOTH
def test_the_newest_migrations_keep_a_row_of_every_table_and_can_be_taken_back(database: Path | URL) -> None:
    config = Config()
    config.set_main_option("script_location", "center.database:migrations")
    engine = create_engine(_address(database))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0019")
        for name, digest in (("ada", "x"), ("bob", "x"), ("provider-only", "")):
            statement = "INSERT INTO users (username, password_hash, created_at_ms, disabled) VALUES (:n, :d, 7, :no)"
            connection.execute(text(statement), {"n": name, "d": digest, "no": False})
    old = Store(database)
    Audit(old, lambda: 8).append("ada", "password.reset", {})
    Audit(old, lambda: 9).append("ada", "password.reset", {"user": "bob"})
    old.close()
    with engine.begin() as connection:
        before = _counts(connection, fill=True)
    assert min(before.values()) == 1
    for step in (command.upgrade, command.downgrade, command.upgrade):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, "0019" if step is command.downgrade else "head")
            now = _counts(connection)
        assert {name: now[name] for name in before} == before
    with engine.connect() as connection:
        found = connection.execute(text("SELECT username, password_set_at_ms FROM users ORDER BY username")).all()
        assert [tuple(each) for each in found] == [("ada", 8), ("bob", 9), ("provider-only", 0)]
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


@BOTH
def test_the_migrations_make_exactly_the_tables_that_the_code_reads(store: Store, database: Path | URL) -> None:
    store.ping()
    engine = create_engine(_address(database))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


@BOTH
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE audit SET actor = 'x'", "append-only"),
        ("DELETE FROM audit", "append-only, and kept 180 days"),
        ("INSERT INTO audit SELECT 7, at_ms, actor, action, detail, previous, sha256 FROM audit", "does not follow"),
        ("UPDATE audit_state SET number = number - 1", "only grows"),
        ("DELETE FROM audit_state", "append-only"),
    ],
)
def test_the_audit_can_only_grow(store: Store, statement: str, why: str) -> None:
    audit = Audit(store, lambda: 4_000_000_000_000)
    audit.append("operator", "login", {})
    with pytest.raises(StoreUnavailableError, match=why), store.transaction() as session:
        session.execute(text(statement))
    assert [entry.actor for entry in audit.page(limit=100)] == ["operator"]


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.peer)], indirect=True)
def test_the_audit_cannot_be_emptied_at_one_stroke_either(store: Store) -> None:
    audit = Audit(store, lambda: 1)
    audit.append("operator", "login", {})
    for table in ("audit", "audit_heads", "audit_state"):
        with pytest.raises(StoreUnavailableError, match="append-only"), store.transaction() as session:
            session.execute(text(f"TRUNCATE {table}"))
    assert len(audit.page(limit=100)) == 1


@BOTH
def test_an_entry_is_bounded(store: Store) -> None:
    audit = Audit(store, lambda: 1)
    audit.append("x" * 500, "login", {"text": "y" * 100_000})
    entry = audit.page(limit=100)[0]
    assert len(entry.actor) == 64
    assert len(entry.detail) <= 4096
    assert json.loads(entry.detail)["shortened"]["characters"] > 100_000


@BOTH
def test_an_error_rolls_back(store: Store) -> None:
    audit = Audit(store, lambda: 1)

    def fail_halfway() -> None:
        with store.transaction() as session:
            audit.add(session, "a", "b", {})
            session.execute(text("SELECT * FROM nothing"))

    with pytest.raises(StoreUnavailableError):
        fail_halfway()
    assert audit.page(limit=100) == ()
    assert audit.verify().broken is None


@BOTH
def test_an_entry_written_past_the_audit_is_refused(store: Store) -> None:
    with pytest.raises(StoreUnavailableError, match="does not follow"), store.transaction() as session:
        session.add(AuditEntry(id=1, at_ms=1, actor="a", action="b", detail="c", previous="0" * 64, sha256="1" * 64))


@BOTH
def test_a_database_of_a_newer_release_is_refused_with_the_remedy(store: Store) -> None:
    with store.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartError, match=r"a newer release.*9999.*restore the backup from before the upgrade"):
        store.migrate()


def test_a_file_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "center.sqlite3"
    path.write_bytes(b"these are not the bytes of a database" * 40)
    store = Store(path)
    with pytest.raises(StoreUnavailableError, match="data folder"):
        store.migrate()
    store.close()


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.peer)], indirect=True)
def test_a_wrong_password_is_named_and_not_shown(database: URL) -> None:
    store = Store(database.set(password="do not show"))
    with pytest.raises(StoreUnavailableError, match="password authentication failed") as caught:
        store.migrate()
    assert "do not show" not in str(caught.value)
    store.close()


@BOTH
def test_a_fault_names_no_value(store: Store) -> None:
    with pytest.raises(StoreUnavailableError) as caught, store.transaction() as session:
        session.execute(text("INSERT INTO users (id, username) VALUES (1, :secret)"), {"secret": "do not show"})
    assert "do not show" not in str(caught.value)
