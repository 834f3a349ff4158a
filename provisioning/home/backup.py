"""Backs the home up into one file, and restores it. The file holds every key of the home.

The broker's folder is not in it: its files are rendered from the home at each start, and its retained messages are
published again by their senders at each connection (docs/operations.md).
"""

import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provisioning.errors import HomeError
from provisioning.files import backup
from provisioning.files.backup import BackupError
from provisioning.home.home import Home
from provisioning.output import CommandResult

KIND: Final = "home"
_REGISTER: Final = "register.sqlite3"
_NOT_KEPT: Final = ("-wal", "-shm", ".lock")


def back_up(home: Home, folder: Path, *, keep: int) -> CommandResult:
    """Makes one more backup in `folder`; the newest `keep` stay. Processes on the home keep running.

    Raises:
        HomeError: it cannot be made.
    """
    if folder.resolve().is_relative_to(home.directory.resolve()):
        raise HomeError(f"{folder}: lies in the home itself; give a folder elsewhere, best on another disk")
    try:
        with tempfile.TemporaryDirectory(prefix="wayside-home-") as place:
            files = {
                path.relative_to(home.directory).as_posix(): path
                for path in home.directory.rglob("*")
                if path.is_file() and not path.name.endswith(_NOT_KEPT) and not path.name.startswith(".")
            }
            files = {name: path for name, path in files.items() if not name.startswith("broker/")}
            files[_REGISTER] = _snapshot(home.directory / _REGISTER, Path(place) / _REGISTER)
            made = backup.make(folder, KIND, files, now=datetime.now(UTC), keep=keep)
    except (BackupError, sqlite3.Error) as error:
        raise HomeError(str(error)) from error
    facts = {"file": str(made), "bytes": made.stat().st_size, "files": len(files)}
    return CommandResult(
        facts, [f"{made}: {len(files)} files; every key is in it: keep it encrypted, and no other way"]
    )


def restore(file: Path, directory: Path, *, if_absent: bool = False) -> CommandResult:
    """Restores the home from a backup into an empty place; with `if_absent` a home that is there stays.

    Raises:
        HomeError: the backup is incomplete, or the folder is not empty.
    """
    if if_absent and (directory / "home.toml").exists():
        Home.open(directory)
        return CommandResult({"home": str(directory), "made_at": None}, [f"{directory}: there is a home; it stays"])
    try:
        made_at = backup.restore(file, KIND, directory)
    except BackupError as error:
        raise HomeError(str(error)) from error
    Home.open(directory)
    return CommandResult(
        {"home": str(directory), "made_at": made_at},
        [
            f"{directory}: the home as it was at {made_at}",
            "what was revoked since then counts again: wayside-provision revoke it anew, before the broker runs",
            "agents that refuse documents as old: wayside-provision cameras send AGENT",
        ],
    )


def _snapshot(source: Path, target: Path) -> Path:
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
    return target
