"""Backs up the centre's records into one file and restores them: data folder, and the database wherever it is.

SQLite is copied by its own backup call, PostgreSQL by `pg_dump`; both are one moment of a centre that goes on.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, inspect

from center.database.location import DATABASE, data_dir_of, database_of
from center.errors import StartError
from provisioning.contracts.config.processes import CenterConfig
from provisioning.files import backup, durable
from provisioning.files.backup import BackupError
from provisioning.retention import clock as retention

KIND: Final = "center"
_DUMP: Final = "database.dump"
_NOT_KEPT: Final = ("-wal", "-shm", ".lock", retention.FILE)
"""Endings of files that belong to a process or a boot. Retention time begins anew with restored records."""
_RETURN: Final = "Mend that and run it again"


def back_up(config: CenterConfig, folder: Path, *, keep: int) -> Path:
    """Writes one more backup into `folder` and deletes all but the newest `keep`. Returns the file.

    Raises:
        ConfigError: the database's password cannot be read.
        StartError: the backup cannot be made.
    """
    data_dir, database = data_dir_of(config), database_of(config)
    if folder.resolve().is_relative_to(data_dir.resolve()):
        raise StartError(what=f"{folder} lies in data_dir itself", what_to_do="Give a folder elsewhere")
    try:
        with tempfile.TemporaryDirectory(prefix="wayside-center-") as place:
            files = {
                path.relative_to(data_dir).as_posix(): path
                for path in data_dir.rglob("*")
                if path.is_file() and not path.name.endswith(_NOT_KEPT) and not path.name.startswith(".")
            }
            if isinstance(database, Path):
                files[DATABASE] = _snapshot(database, Path(place) / DATABASE)
            else:
                files[_DUMP] = Path(place) / _DUMP
                _run(database, "pg_dump", "--format=custom", "--no-owner", f"--file={files[_DUMP]}")
            return backup.make(folder, KIND, files, now=datetime.now(UTC), keep=keep)
    except (BackupError, sqlite3.Error, OSError) as error:
        raise StartError(what=f"no backup was made ({error})", what_to_do=_RETURN) from error


def restore(config: CenterConfig, file: Path) -> str:
    """Restores the records, where there are none yet. Returns the time of the backup.

    Raises:
        ConfigError: the database's password cannot be read.
        StartError: the backup is not whole, or there are records already. Nothing is changed then.
    """
    database = database_of(config)
    target = config.data_dir
    if target.exists() and any(target.iterdir()):
        raise StartError(what=f"{target} is not empty", what_to_do="Move it away, a restore replaces nothing")
    if isinstance(database, URL) and _tables(database):
        raise StartError(
            what=f"database {database.database} is not empty", what_to_do="Give a new one, a restore replaces nothing"
        )
    restored = target.with_name(f"{target.name}.whole")
    shutil.rmtree(restored, ignore_errors=True)
    try:
        made_at = backup.restore(file, KIND, restored)
        dump = restored / _DUMP
        if dump.exists() is isinstance(database, Path):
            raise StartError(
                what=f"{file} is of another kind of database than database_url names",
                what_to_do="Set database_url as it was when the backup was made",
            )
        if isinstance(database, URL):
            _run(database, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", str(dump))
            dump.unlink()
        if target.exists():
            target.rmdir()
        durable.move(restored, target)
    except (BackupError, OSError) as error:
        raise StartError(what=str(error), what_to_do="Nothing was restored") from error
    finally:
        shutil.rmtree(restored, ignore_errors=True)
    return made_at


def _snapshot(source: Path, target: Path) -> Path:
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
    return target


def _tables(database: URL) -> list[str]:
    engine = create_engine(database)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def _run(database: URL, program: str, *words: str) -> None:
    """Runs a program of PostgreSQL; the password goes through the environment, which only this user reads."""
    found = shutil.which(program)
    if found is None:
        raise StartError(what=f"{program} is not installed", what_to_do="apt-get install postgresql-client")
    address = database.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": database.password or ""}
    done = subprocess.run(  # noqa: S603 - its path is the system's, its words are ours
        [found, f"--dbname={address}", *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["without a word"]
        raise StartError(what=f"{program} failed: {lines[0][:300]}", what_to_do=_RETURN)
