"""Records in one file and back, on SQLite and PostgreSQL: every row, the chain, and a log-in afterwards."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData, select
from typer.testing import CliRunner, Result

from center.__main__ import app
from center.access.permissions import Role
from center.access.second_factor import KEY
from center.access.sessions import Ticket
from center.access.users import GrantRequest
from center.bootstrap import open_records
from center.cases.tables import CaseRecord
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.files import backup as backup_file
from provisioning.files.backup import BackupError
from tests.center.conftest import PASSWORD, USERNAME
from tests.support.postgres import Postgres

DATABASES = pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)], ids=["sqlite", "postgresql"]
)


class Desk:
    """A centre's folder and database, and what a person types there."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.config = folder / "center.toml"
        self.config.write_text(
            f'query_token_file = "token"\ndata_dir = "data"\n{database}\n[broker]\nhost = "127.0.0.1"\n'
            'ca_file = "a"\ncert_file = "b"\nkey_file = "c"\n'
        )
        self.settings = load(CenterConfig, self.config)
        self.data = folder / "data"

    def types(self, *words: str | Path) -> Result:
        return CliRunner().invoke(app, [*map(str, words), "--config", str(self.config)])

    def backup(self) -> Path:
        done = self.types("backup", self.folder / "kept")
        assert done.exit_code == 0, done.output
        return Path(done.stdout.strip())

    def refused(self, *words: str | Path) -> str:
        done = self.types(*words)
        assert done.exit_code == 2, done.output
        return done.stderr

    def fill(self) -> None:
        """An administrator, an analyst, a case, and what the audit has of it."""
        records = open_records(self.settings)
        code = records.auth.prepare_setup()
        assert code is not None
        records.auth.setup(code=code.read_text(encoding="ascii"), username=USERNAME, password=PASSWORD, source="::1")
        records.users.add("ada", PASSWORD, (GrantRequest(Role.ANALYST),), actor=USERNAME)
        with records.store.transaction() as session:
            session.add(_case())
        (self.data / KEY).write_bytes(b"a key of second factors")
        for number in range(20):
            records.audit.append(USERNAME, "search", {"n": number, "text": "东区"})
        records.store.close()

    def rows(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        records = open_records(self.settings)
        meta = MetaData()
        with records.store.transaction() as session:
            meta.reflect(session.connection())
            found = {
                name: sorted(map(tuple, session.execute(select(table))), key=repr)
                for name, table in meta.tables.items()
            }
        records.store.close()
        return found

    def log_in(self) -> Ticket:
        records = open_records(self.settings)
        try:
            return records.auth.login(username=USERNAME, password=PASSWORD, source="::1")
        finally:
            records.store.close()


def _case() -> CaseRecord:
    columns = CaseRecord.__table__.columns
    values = {column.name: _some(column.type.python_type) for column in columns if not column.nullable}
    return CaseRecord(**values)


def _some(kind: type) -> object:
    return kind("1") if kind in {int, str} else kind()


@pytest.fixture
def empty(request: pytest.FixtureRequest, kind: str) -> Iterator[Callable[[], str]]:
    """Makes one more empty database; the line of the configuration that names it."""
    if kind == "sqlite":
        yield lambda: ""
        return
    server: Postgres = request.getfixturevalue("postgres")
    folder = request.getfixturevalue("tmp_path")
    (folder / "database-password").write_text(server.password)
    (folder / "database-password").chmod(0o600)
    names: list[str] = []

    def make() -> str:
        names.append(server.create())
        url = f"postgresql://wayside@/{names[-1]}?host={server.folder}"
        return f'database_url = "{url}"\ndatabase_password_file = "{folder}/database-password"'

    yield make
    for name in names:
        server.drop(name)


@DATABASES
def test_every_row_the_chain_and_the_accounts_come_back(empty: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    desk = Desk(tmp_path / "one", empty())
    desk.fill()
    rows, key = desk.rows(), (desk.data / KEY).read_bytes()
    assert len(rows["audit"]) >= 20
    assert rows["cases"]
    file = desk.backup()
    assert file.stat().st_mode & 0o777 == 0o600

    shutil.rmtree(desk.data)
    anew = Desk(desk.folder, empty())
    done = anew.types("restore", file)
    assert done.exit_code == 0, done.output
    assert anew.rows() == rows
    assert (anew.data / KEY).read_bytes() == key
    verified = anew.types("audit", "verify")
    assert verified.exit_code == 0, verified.output
    assert anew.log_in()
    assert "is not empty" in anew.refused("restore", file)


@DATABASES
def test_a_half_written_backup_is_refused_by_name_and_nothing_is_there_then(
    empty: Callable[[], str], tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    desk = Desk(tmp_path / "one", empty())
    desk.fill()
    whole = desk.backup()
    shutil.rmtree(desk.data)
    anew = Desk(desk.folder, empty())
    content = whole.read_bytes()
    for name, part in (("cut", content[: len(content) // 2]), ("begun", content[:700]), ("empty", b"")):
        half = tmp_path / f"{name}.wayside-backup"
        half.write_bytes(part)
        assert str(half) in anew.refused("restore", half)
        assert not anew.data.exists()
    at = content.rindex(b"search") if b"search" in content else len(content) // 2
    (tmp_path / "bit.wayside-backup").write_bytes(content[:at] + b"S" + content[at + 1 :])
    assert "cut short or damaged" in anew.refused("restore", tmp_path / "bit.wayside-backup")
    assert not list(anew.folder.glob("data*"))
    assert anew.types("restore", whole).exit_code == 0


def test_the_newest_are_kept_and_a_disk_that_refuses_costs_none(tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_text("x")
    begun = datetime(2026, 11, 26, tzinfo=UTC)
    for day in range(5):
        backup_file.make(tmp_path / "kept", "center", {"a": source}, now=begun + timedelta(days=day), keep=3)
    assert [file.name[7:15] for file in sorted((tmp_path / "kept").iterdir())] == ["20261128", "20261129", "20261130"]
    with pytest.raises(BackupError, match="no backup was written"):
        backup_file.make(tmp_path / "file", "center", {"a": source}, now=begun, keep=1)


def test_a_file_that_grows_while_it_is_copied_is_told_then_and_not_years_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_text("one")
    digest = backup_file._sha256

    def grown(path: Path) -> str:
        before = digest(path)
        path.write_text("two")
        return before

    monkeypatch.setattr(backup_file, "_sha256", grown)
    with pytest.raises(BackupError, match="changed while it was copied"):
        backup_file.make(tmp_path / "kept", "center", {"log": tmp_path / "log"}, now=datetime.now(UTC), keep=1)
    assert list((tmp_path / "kept").iterdir()) == []


def test_backups_by_a_wrong_clock_do_not_take_the_place_of_those_after_it(tmp_path: Path) -> None:
    source, folder, now = tmp_path / "a", tmp_path / "kept", datetime(2026, 11, 28, tzinfo=UTC)

    def made(at: datetime) -> Path:
        source.write_text(f"{at}")
        return backup_file.make(folder, "center", {"a": source}, now=at, keep=3)

    wrong = [made(now + timedelta(days=31, minutes=minute)) for minute in range(4)]
    right = [made(now + timedelta(minutes=minute)) for minute in range(2)]
    assert sorted(folder.iterdir()) == sorted([wrong[-1], *right])
    third = made(now + timedelta(minutes=1))  # a clock that is set back once more: the same second again
    assert sorted(folder.iterdir()) == sorted([*right, third])


def test_backups_of_before_they_had_numbers_go_first(tmp_path: Path) -> None:
    source, folder = tmp_path / "a", tmp_path / "kept"
    source.write_text("x")
    folder.mkdir()
    (folder / f"center-20990101T000000Z{backup_file.SUFFIX}").write_bytes(b"damaged")
    made = [
        backup_file.make(folder, "center", {"a": source}, now=datetime(2026, 1, day, tzinfo=UTC), keep=2)
        for day in (1, 2)
    ]
    assert sorted(folder.iterdir()) == made


def test_a_backup_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "seal.key").write_text("x")
    file = backup_file.make(tmp_path, "home", {"seal.key": tmp_path / "seal.key"}, now=datetime.now(UTC), keep=1)
    desk = Desk(tmp_path, "")
    assert "is a backup of a home" in desk.refused("restore", file)


@given(data=st.binary(max_size=3000))
def test_foreign_bytes_are_refused_and_leave_nothing(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("foreign")
    (place / "any").write_bytes(data)
    with pytest.raises(BackupError):
        backup_file.restore(place / "any", "center", place / "into")
    assert [each.name for each in place.iterdir()] == ["any"]
