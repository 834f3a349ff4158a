"""Keeps registrations over a restart, and what `wayside-edge devices` shows: one SQLite file in the spool.

Nothing in it is a secret. It is written about once a second, and without waiting for the disk: after a power cut a
registration may be missing, and its device registers again.
"""

import json
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from edge_agent.errors import EdgeError
from edge_agent.gb28181.devices.device_views import DeviceView
from edge_agent.gb28181.devices.events import Restored
from edge_agent.gb28181.devices.registrations import Registration
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.channels import channels
from provisioning.files import durable
from provisioning.sip.edition import Version
from provisioning.sip.peer import Peer

_log = logging.getLogger(__name__)

FILE_NAME: Final = "gb28181.db"
_ASIDE: Final = "damaged-"
_VERSION: Final = 1
_BEFORE: Final = -1
"""Number of every TCP connection from before a restart: it equals none of today's."""
_SCHEMA: Final = """
CREATE TABLE registrations (
  device_id TEXT PRIMARY KEY, transport TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL, version TEXT NOT NULL,
  registered_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, keeps_alive INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE catalogs (device_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, items TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE devices (device_id TEXT PRIMARY KEY, seen TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE strangers (device_id TEXT, host TEXT, stranger TEXT NOT NULL, PRIMARY KEY (device_id, host)) WITHOUT ROWID;
"""
_TABLES: Final = ("registrations", "catalogs", "devices")


class NoDevicesError(EdgeError):
    """There is no such file, or it cannot be read."""


class RegistrationFile:
    """Stores registrations and catalogs.

    One thread writes. A full or broken disk costs what is stored, and nothing else.
    """

    def __init__(self, directory: Path, device_ids: Iterable[str]) -> None:
        """Opens or creates the file; drops rows of devices that are not configured any more."""
        self._file = directory / FILE_NAME
        self._known = frozenset(device_ids)
        self._db = self._opened()
        self._registrations: dict[str, Registration | None] = {}
        self._catalogs: dict[str, tuple[int, tuple[CatalogItem, ...]]] = {}
        self._seen: dict[str, DeviceView] = {}
        self._strangers: tuple[UnknownDevice, ...] | None = None
        self._failures: Counter[str] = Counter()

    def close(self) -> None:
        """Closes the file, after a last `flush`."""
        self._db.close()

    # --- to remember

    def keep(self, registration: Registration) -> None:
        """Stores a registration in place of the earlier one."""
        self._registrations[registration.device_id] = registration

    def forget(self, device_id: str) -> None:
        """Removes a device's registration."""
        self._registrations[device_id] = None

    def keep_catalog(self, device_id: str, at_ms: int, items: tuple[CatalogItem, ...]) -> None:
        """Stores a device's catalog."""
        self._catalogs[device_id] = at_ms, items

    def show(self, seen: DeviceView) -> None:
        """Stores a device's state for `wayside-edge devices`."""
        self._seen[seen.device_id] = seen

    def show_strangers(self, strangers: tuple[UnknownDevice, ...]) -> None:
        """Stores the whole list of unknown devices for `wayside-edge devices`."""
        self._strangers = strangers

    def flush(self) -> None:
        """Writes what has gathered, all or nothing. What could not be written is tried again with the next flush."""
        if not (self._registrations or self._catalogs or self._seen or self._strangers is not None):
            return
        try:
            with self._db:
                self._write(self._db)
        except sqlite3.Error as error:
            why = str(error)
            self._failures[why] += 1
            if str(self._failures[why]).rstrip("0") == "1":
                _log.warning(
                    "registrations are not written down count=%d: %s: free some disk, or remove %s while the agent is"
                    " stopped; until then every device registers again after a restart",
                    self._failures[why],
                    why,
                    self._file,
                )
            return
        self._registrations, self._catalogs, self._seen, self._strangers = {}, {}, {}, None

    # --- what was remembered

    def restored(self) -> list[Restored]:
        """Returns every configured device with a registration or a catalog."""
        rows = self._db.execute(
            "SELECT device_id, transport, host, port, version, registered_at_ms, expires_at_ms, keeps_alive"
            " FROM registrations"
        ).fetchall()
        registrations = {row[0]: _registration(row) for row in rows}
        lists = {row[0]: row[1:] for row in self._db.execute("SELECT device_id, at_ms, items FROM catalogs")}
        found = []
        for device_id in sorted(registrations.keys() | lists.keys()):
            at_ms, text = lists.get(device_id, (0, "[]"))
            items = tuple(_item(each) for each in json.loads(text))
            found.append(Restored(registrations.get(device_id), device_id, items, at_ms))
        return found

    def seen(self) -> dict[str, DeviceView]:
        """Returns the devices' last known state, without channels."""
        return {each.device_id: each for each in _shown(self._db)}

    # --- inside

    def _write(self, db: sqlite3.Connection) -> None:
        gone = [(device_id,) for device_id, kept in self._registrations.items() if kept is None]
        db.executemany("DELETE FROM registrations WHERE device_id = ?", gone)
        kept = [_row(each) for each in self._registrations.values() if each is not None]
        db.executemany("INSERT OR REPLACE INTO registrations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
        lists = [
            (device_id, at_ms, json.dumps([asdict(item) for item in items], ensure_ascii=False))
            for device_id, (at_ms, items) in self._catalogs.items()
        ]
        db.executemany("INSERT OR REPLACE INTO catalogs VALUES (?, ?, ?)", lists)
        shown = [(each.device_id, _text(each)) for each in self._seen.values()]
        db.executemany("INSERT OR REPLACE INTO devices VALUES (?, ?)", shown)
        if self._strangers is not None:
            db.execute("DELETE FROM strangers")
            rows = [(each.device_id, each.host, json.dumps(asdict(each))) for each in self._strangers]
            db.executemany("INSERT INTO strangers VALUES (?, ?, ?)", rows)

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._begun()
        except sqlite3.DatabaseError as error:
            aside = self._file.with_name(f"{_ASIDE}{FILE_NAME}")
            _log.warning("registrations %s: damaged (%s), now %s; all devices register again", self._file, error, aside)
            for end in ("-wal", "-shm"):
                self._file.with_name(FILE_NAME + end).unlink(missing_ok=True)
            durable.move(self._file, aside)
            return self._begun()

    def _begun(self) -> sqlite3.Connection:
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(self._file, timeout=5, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                db.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")
            with db:
                for table in _TABLES:
                    every = db.execute(f"SELECT device_id FROM {table}").fetchall()  # noqa: S608 - a name of ours
                    foreign = [row for row in every if row[0] not in self._known]
                    db.executemany(f"DELETE FROM {table} WHERE device_id = ?", foreign)  # noqa: S608 - the same
        except BaseException:
            db.close()
            raise
        return db


@contextmanager
def _reading(directory: Path) -> Iterator[sqlite3.Connection]:
    file = directory / FILE_NAME
    if not file.is_file():
        raise NoDevicesError(f"{file}: not there; has this agent run with [gb28181] in its configuration?")
    try:
        db = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        raise NoDevicesError(f"{file}: cannot be read ({error})") from error


def read_devices(directory: Path, platform_id: str) -> tuple[tuple[DeviceView, ...], tuple[UnknownDevice, ...]]:
    """Reads the state of devices from an agent's spool, also while it runs: by id; the latest unknown device last.

    Raises:
        NoDevicesError: the file is not there, or cannot be read.
    """
    with _reading(directory) as db:
        strangers = [UnknownDevice(**json.loads(row[0])) for row in db.execute("SELECT stranger FROM strangers")]
        lists = {row[0]: row[1] for row in db.execute("SELECT device_id, items FROM catalogs")}
        shown = sorted(_shown(db), key=lambda each: each.device_id)
    devices = []
    for each in shown:
        items = [_item(fields) for fields in json.loads(lists.get(each.device_id, "[]"))]
        known = channels(each.device_id, items, platform_id) if each.device_id in lists else None
        devices.append(replace(each, channels=known))
    return tuple(devices), tuple(sorted(strangers, key=lambda each: each.last_ms))


def _row(kept: Registration) -> tuple[str, str, str, int, str, int, int, bool]:
    peer = kept.peer
    return (
        kept.device_id,
        peer.transport,
        peer.host,
        peer.port,
        kept.version.value,
        kept.registered_at_ms,
        kept.expires_at_ms,
        kept.keeps_alive,
    )


def _registration(row: tuple[Any, ...]) -> Registration:
    device_id, transport, host, port, version, registered_at_ms, expires_at_ms, keeps_alive = row
    peer = Peer(transport, host, port, _BEFORE if transport == "tcp" else 0)
    return Registration(device_id, peer, Version(version), registered_at_ms, expires_at_ms, bool(keeps_alive))


def _item(fields: dict[str, Any]) -> CatalogItem:
    named: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in fields.items()}
    return CatalogItem(**named)


def _text(seen: DeviceView) -> str:
    """Returns the row's text without the channels, which stand in the catalog."""
    return json.dumps(asdict(replace(seen, channels=None)) | {"version": seen.version.value}, ensure_ascii=False)


def _shown(db: sqlite3.Connection) -> Iterator[DeviceView]:
    for (text,) in db.execute("SELECT seen FROM devices"):
        fields = json.loads(text)
        yield DeviceView(**fields | {"version": Version(fields["version"])})
