"""The database: migrations, what it refuses, how its faults read."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select, text

from center.audit import Audit
from center.errors import StoreUnavailableError
from center.store import AgentRecord, AuditEntry, Base, RosterRecord, Store


def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    store.ping()


def test_a_database_of_the_first_release_is_brought_up_with_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    config = Config()
    config.set_main_option("script_location", "center:migrations")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO agents VALUES ('cabinet-7', 1, '{}')"))
    engine.dispose()
    old = Store(path)
    old.migrate()
    with old.transaction() as session:
        assert [record.agent_id for record in session.scalars(select(AgentRecord))] == ["cabinet-7"]
        assert session.scalars(select(RosterRecord)).all() == []
    old.close()


def test_the_migrations_make_exactly_the_tables_that_the_code_reads(store: Store, tmp_path: Path) -> None:
    store.ping()
    engine = create_engine(f"sqlite:///{tmp_path / 'center.sqlite3'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_audit_can_only_grow(store: Store, statement: str) -> None:
    audit = Audit(store, lambda: 1)
    audit.append("operator", "login", {})
    with pytest.raises(StoreUnavailableError, match="append-only"), store.transaction() as session:
        session.execute(text(statement))
    assert [entry.actor for entry in audit.latest()] == ["operator"]


def test_an_entry_is_bounded(store: Store) -> None:
    audit = Audit(store, lambda: 1)
    audit.append("x" * 500, "login", {"text": "y" * 100_000})
    entry = audit.latest()[0]
    assert len(entry.actor) == 64
    assert len(entry.detail) == 4096


def test_an_error_rolls_back(store: Store) -> None:
    def fail_halfway() -> None:
        with store.transaction() as session:
            session.add(AuditEntry(at_ms=1, actor="a", action="b", detail="c"))
            session.execute(text("SELECT * FROM nothing"))

    with pytest.raises(StoreUnavailableError):
        fail_halfway()
    assert Audit(store, lambda: 1).latest() == ()


def test_a_file_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "center.sqlite3"
    path.write_bytes(b"these are not the bytes of a database" * 40)
    store = Store(path)
    with pytest.raises(StoreUnavailableError, match="data folder"):
        store.migrate()
    store.close()


def test_a_fault_names_no_value(store: Store) -> None:
    with pytest.raises(StoreUnavailableError) as caught, store.transaction() as session:
        session.execute(text("INSERT INTO users (id, username) VALUES (1, :secret)"), {"secret": "do not show"})
    assert "do not show" not in str(caught.value)
