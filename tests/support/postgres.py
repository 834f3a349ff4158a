"""A PostgreSQL server of Debian's in a temporary folder, on a socket there and no port, for one test session."""

import functools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import URL

from center.database.store import Store
from tests.support.waiting import LONG_S, until

USER: Final = "wayside"
_CHEAP: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
}
"""A test's records need not outlive it."""


@dataclass
class Postgres:
    """One server."""

    folder: Path
    password: str
    made: int = 0

    def create(self, template: str = "template1") -> str:
        """Make a copy of a database, an empty one where none is named; gives its name."""
        self.made += 1
        name = f"center{self.made}"
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self.connect("postgres") as connection:
            connection.execute(copy)
        return name

    @functools.cached_property
    def migrated(self) -> str:
        """Name of a database of the centre, migrated and empty; for copies of it."""
        name = self.create()
        store = Store(self.url(name))
        store.migrate()
        store.close()
        return name

    def drop(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, name: str) -> URL:
        """As a store takes it."""
        return URL.create(
            "postgresql+psycopg",
            username=USER,
            password=self.password,
            database=name,
            query={"host": str(self.folder)},
        )

    def connect(self, name: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.folder),
            user=USER,
            password=self.password,
            dbname=name,
            autocommit=True,
            connect_timeout=round(LONG_S),
        )


def programs() -> Path | None:
    """Where Debian puts them: outside every PATH, a folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def running(bin_dir: Path) -> Iterator[Postgres]:
    """A server; PostgreSQL refuses to be root's, so then it is the user's that came with the package."""
    folder = Path(tempfile.mkdtemp(prefix="wayside-postgres-"))
    password = secrets.token_hex(8)
    (folder / "password").write_text(password)
    become: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        for path in (folder, folder / "password"):
            os.chown(path, account.pw_uid, account.pw_gid)
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=INT", "--"]
    data = folder / "data"
    subprocess.run(
        [
            *become,
            bin_dir / "initdb",
            *("-D", data, "-U", USER, "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    settings = [part for name, value in _CHEAP.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*become, bin_dir / "postgres", "-D", data, "-k", folder, *settings],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    server = Postgres(folder, password)
    try:
        _wait(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=LONG_S)
        shutil.rmtree(folder)


def _wait(server: Postgres, process: "subprocess.Popen[bytes]") -> None:
    def answers() -> bool:
        try:
            server.connect("postgres").close()
        except psycopg.OperationalError:
            assert process.poll() is None, (server.folder / "log").read_text()
            return False
        return True

    until(answers, "an answer of PostgreSQL", seen=lambda: (server.folder / "log").read_text()[-500:])
