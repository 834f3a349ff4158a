"""Erases one picture at once: its bytes in the pack, its machines' vectors, and its copies in legal holds.

Erasures are also written to `erasures.jsonl`, durably: every backup run applies the list to its target, and a restore
from an older backup can be given the list (docs/archive.md states the limits).
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pydantic import ValidationError

from provisioning.contracts.query.archive import Observation, PicturePlace
from provisioning.contracts.query.erasure import ErasureAnswer, ErasureRequest
from provisioning.contracts.wire.messages import Message, TimeMs
from ray_cluster.archive.atomic_files import disk_errors
from ray_cluster.archive.audit_log import Audit
from ray_cluster.archive.fencing import locked
from ray_cluster.archive.hold_store import HoldStore
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.object_store.claim import open_packs
from ray_cluster.archive.packs import PackStore
from ray_cluster.archive.partitions.division import Partitions
from ray_cluster.archive.schema import OBJECT_SCHEMA, OBJECTS, SNAPSHOTS, filed_at_ms
from ray_cluster.archive.windows import WindowsOfDays
from ray_cluster.errors import ArchiveUnreadable, ArchiveWriteFailed, NotBrought, PictureDamaged, PictureHeld
from ray_cluster.query.reader import Query

LIST: Final = "erasures.jsonl"


class Erased(Message):
    """An erasure in the list."""

    row_key: str
    at_ms: TimeMs
    place: PicturePlace | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """Result of an erasure. `again`: the row was marked as erased already; any remains are gone now."""

    row_key: str
    picture: bool
    machines: int
    holds: int
    again: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def erase(directory: Path, row_key: str, *, offset_minutes: int, now_ms: int, reason: str) -> Erasure:
    """Erase the picture of one row. A repeated call, such as after a crash, is no error.

    The archiver may be running: it waits meanwhile.

    Raises:
        UnknownObservation: no such row, and no hold has it.
        ArchiveInUse, ArchiveUnreadable, ArchiveWriteFailed: not erased yet; call again.
        StoreRefused: the store of packs would keep what is erased.
    """
    query = Query(directory, offset_minutes=offset_minutes)
    row = query.observation(row_key)
    Audit(directory).write("erase", at_ms=now_ms, row_key=row_key, reason=reason)
    place = row.snapshot.place
    partitions = Partitions(directory)
    home = partitions.folder(partitions.of(row_key))
    with locked(home):
        # The list first: after a crash a backup may lose the picture before the archive does, never the reverse.
        _append(home, Erased(row_key=row_key, at_ms=now_ms, place=place))
        picture = place is not None and zero(open_packs(home), place)
        machines = _mark(home, row, offset_minutes, now_ms)
        holds = HoldStore(home).erase(row_key, now_ms)
    again = row.snapshot.erased_at_ms is not None
    return Erasure(row_key, picture=picture, machines=machines, holds=holds, again=again)


def erase_brought(directory: Path, request: ErasureRequest, *, offset_minutes: int, now_ms: int) -> ErasureAnswer:
    """Erase a picture that was brought for a case that is over: the only erasure that the centre may request.

    So a holder of the cluster's token can erase no picture of a camera, and none that a legal hold names.

    Raises:
        UnknownObservation: no such row.
        NotBrought: no desk agent signed it.
        PictureHeld: a legal hold names it.
        ArchiveInUse, ArchiveUnreadable, ArchiveWriteFailed, StoreRefused: as `erase`.
    """
    query = Query(directory, offset_minutes=offset_minutes)
    if query.observation(request.row_key).snapshot.signature is None:
        raise NotBrought(f"{request.row_key}: no desk agent signed it; a camera's picture is erased by hand")
    if holds := query.holds(request.row_key).holds:
        names = ", ".join(hold.name for hold in holds)
        raise PictureHeld(f"{request.row_key}: held by {names}; release what is no longer needed, then ask again")
    reason = f"case {request.case} is over"
    done = erase(directory, request.row_key, offset_minutes=offset_minutes, now_ms=now_ms, reason=reason)
    return ErasureAnswer(row_key=done.row_key, machines=done.machines, again=done.again)


def erased(directory: Path) -> Iterator[Erased]:
    """Read the list of a partition or of its backup. A last line that a crash cut off is no entry.

    Raises:
        ArchiveUnreadable: another line is damaged.
    """
    path = directory / LIST
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            return
        try:
            yield Erased.model_validate_json(line)
        except ValidationError as error:
            raise ArchiveUnreadable(f"{path}:{number}: no entry of the list of erasures; restore the file") from error


def zero(packs: PackStore, place: PicturePlace) -> bool:
    """Zero a place in a pack; False if the pack is gone and so the picture."""
    try:
        packs.erase(place)
    except PictureDamaged:
        return False
    return True


def _append(home: Path, entry: Erased) -> None:
    path = home / LIST
    with disk_errors(path):
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # A line that a crash cut off was never acknowledged: the caller asks again.
            content = path.read_bytes()
            os.ftruncate(handle, content.rfind(b"\n") + 1)
            os.write(handle, (json.dumps(entry.model_dump(mode="json")) + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def _mark(home: Path, row: Observation, offset_minutes: int, now_ms: int) -> int:
    """Mark a row as erased and drop its machines' vectors; return their number, 0 if the day was dropped."""
    tables = connect(home)
    name = WindowsOfDays(window_names(tables), offset_minutes).at(filed_at_ms(row.snapshot))
    if name is None:
        return 0
    key = row.snapshot.row_key
    try:
        snapshots = tables.open_table(SNAPSHOTS + name)
        if "erased_at_ms" not in snapshots.schema.names:
            snapshots.add_columns(pa.schema([pa.field("erased_at_ms", pa.int64())]))
        snapshots.update(where=f"row_key = '{key}' AND erased_at_ms IS NULL", values={"erased_at_ms": now_ms})
        objects = tables.open_table(OBJECTS + name)
        if "vector" not in objects.schema.names:
            return 0
        columns = objects.schema.names
        # All machines of the row, with a vector or not: a reader takes them to be in the index together or not at all.
        found = objects.search().where(f"row_key = '{key}'").select(columns).to_arrow()
        seen = found.num_rows - found.column("vector").null_count
        if seen:
            field = OBJECT_SCHEMA.field("vector")
            blind = found.set_column(columns.index("vector"), field, pa.nulls(found.num_rows, field.type))
            objects.merge_insert("object_key").when_matched_update_all().execute(blind, on_bad_vectors="null")
    except (OSError, RuntimeError, ValueError) as error:
        raise ArchiveWriteFailed(f"{name}: {str(error)[:300]}; call again") from error
    return int(seen)
