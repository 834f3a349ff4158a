"""Imports the office's list of cameras from a CSV file: whole or not at all, each fault named by its line."""

import csv
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import select, tuple_

from center.access.permissions import Scope
from center.assessment.errors import RegisterRefusedError
from center.assessment.tables import RegisteredRecord
from center.assessment.visibility import registered_in_sight
from center.audit.log import Audit
from center.database.store import Store
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN

COLUMNS: Final = ("agent_id", "camera_id", "district", "gb_code", "latitude", "longitude", "name")
REQUIRED: Final = COLUMNS[:2]
MAX_CAMERAS: Final = 20_000
_MAX_BYTES: Final = 1024 * 1024
_MAX_FAULTS: Final = 5
_ROOM: Final = {"district": 64, "gb_code": 64, "name": 128}
_IDS: Final = {"agent_id": re.compile(AGENT_PATTERN[1:-1]), "camera_id": re.compile(CAMERA_PATTERN[1:-1])}


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One line of the register. A wrong code or place is kept as it is, for the assessment to find."""

    agent_id: str
    camera_id: str
    district: str = ""
    gb_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    name: str = ""


def read(data: bytes) -> list[RegisterEntry]:
    """Reads a CSV file in UTF-8, with or without BOM; columns in any order, `COLUMNS` names them.

    Raises:
        RegisterRefusedError: no such file, or lines with faults.
    """
    if len(data) > _MAX_BYTES:
        raise RegisterRefusedError(faults=f"it is larger than {_MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RegisterRefusedError(faults=f"byte {error.start} is not UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [(name or "").strip() for name in reader.fieldnames or ()]
        _check_columns(columns)
        reader.fieldnames = columns
        return _entries(reader)
    except csv.Error as error:
        raise RegisterRefusedError(faults=f"line {reader.line_num}: {error}") from error


def _check_columns(columns: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    foreign = sorted({name for name in columns if name not in COLUMNS})
    if missing:
        raise RegisterRefusedError(faults=f"the first line lacks {', '.join(missing)}")
    if foreign:
        shown = ", ".join(repr(name[:40]) for name in foreign[:_MAX_FAULTS])
        raise RegisterRefusedError(faults=f"the first line has columns that are none: {shown}")
    if len(set(columns)) < len(columns):
        raise RegisterRefusedError(faults="the first line has a column twice")


def _entries(reader: "csv.DictReader[str]") -> list[RegisterEntry]:
    entries: dict[tuple[str, str], RegisterEntry] = {}
    faults: list[str] = []
    for row in reader:
        if not any(value for value in row.values()):
            continue
        if len(entries) >= MAX_CAMERAS:
            raise RegisterRefusedError(faults=f"it has more than {MAX_CAMERAS} cameras")
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        wrong = [*_faults(cells), *(["more cells than columns"] if None in row else [])]
        key = cells["agent_id"], cells["camera_id"]
        if not wrong and key in entries:
            wrong = ["the camera stands in an earlier line already"]
        if wrong:
            faults += [f"line {reader.line_num}: {fault}" for fault in wrong]
            if len(faults) >= _MAX_FAULTS:
                break
            continue
        entries[key] = RegisterEntry(
            agent_id=key[0],
            camera_id=key[1],
            district=cells["district"],
            gb_code=cells["gb_code"],
            latitude=_degrees(cells["latitude"]),
            longitude=_degrees(cells["longitude"]),
            name=cells["name"],
        )
    if faults:
        raise RegisterRefusedError(faults="; ".join(faults[:_MAX_FAULTS]))
    return list(entries.values())


def _faults(cells: dict[str, str]) -> Iterator[str]:
    for name, matcher in _IDS.items():
        if not matcher.fullmatch(cells[name]):
            yield f"{name} {cells[name][:40]!r} is none"
    for name, limit in _ROOM.items():
        if len(cells[name]) > limit:
            yield f"{name} is longer than {limit} characters"
        if not cells[name].isprintable():
            yield f"{name} has a line break or an invisible character"
    for name in ("latitude", "longitude"):
        try:
            _degrees(cells[name])
        except ValueError:
            yield f"{name} {cells[name][:40]!r} is no number of degrees"
    if bool(cells["latitude"]) != bool(cells["longitude"]):
        yield "latitude and longitude go together"


def _degrees(text: str) -> float | None:
    """Parses decimal degrees, -180 to 180 for both: swapped ones must be kept to be found."""
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value) or abs(value) > 180:
        raise ValueError(text)
    return value


class CameraRegister:
    """Stores the register in force. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, before_change: Callable[[], None]) -> None:
        """`before_change` is called before each change, as in `SettingsBook`."""
        self._store = store
        self._audit = audit
        self._before_change = before_change

    def take(self, data: bytes, *, actor: str, replace: bool) -> int:
        """Enters every camera of a file; with `replace`, removes those that it does not name. Returns how many it has.

        Raises:
            RegisterRefusedError: see `read`.
        """
        entries = read(data)
        self._before_change()
        with self._store.transaction() as session:
            known = {(each.agent_id, each.camera_id): each for each in session.scalars(select(RegisteredRecord))}
            named = {(each.agent_id, each.camera_id) for each in entries}
            for entry in entries:
                session.merge(RegisteredRecord(**asdict(entry)))
            gone = sorted(known.keys() - named) if replace else []
            for key in gone:
                session.delete(known[key])
            self._audit.add(session, actor, "assessment.register", {"cameras": len(entries), "removed": len(gone)})
        return len(entries)

    def page(self, after: tuple[str, str], limit: int, sight: Scope) -> list[RegisterEntry]:
        """Returns the next cameras in sight after `after`, by agent and id."""
        table = RegisteredRecord
        with self._store.transaction() as session:
            records = session.scalars(
                select(table)
                .where(tuple_(table.agent_id, table.camera_id) > after, registered_in_sight(sight))
                .order_by(table.agent_id, table.camera_id)
                .limit(limit)
            )
            return [RegisterEntry(**{name: getattr(each, name) for name in COLUMNS}) for each in records]
