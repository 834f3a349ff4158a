"""Backs up an archive into a directory, and restores it. The backup is an archive: `verify` and `query` read it.

Files of a table are written once and never changed, and so are packs except by an erasure: a run copies files that the
target lacks. Of each day the versions of the snapshots are fixed first, then those of the objects, then the packs are
copied; so a row in the backup has its machines and its picture there. Days that retention dropped are dropped, erasures
are carried out, holds are mirrored. A day that the archive lost otherwise stays. Partitions are copied one by one, the
description of them last but for the mark: it names the agents of every row in the backup.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from pydantic import ValidationError

from provisioning.contracts.config.cluster import PackStore as PackStoreSettings
from provisioning.contracts.wire.messages import Count, Message, TimeMs
from provisioning.files import durable
from ray_cluster.archive import retention
from ray_cluster.archive.atomic_files import disk_errors, replace_text
from ray_cluster.archive.lance_tables import (
    connect,
    day_names,
    manifest_name,
    remove_window,
    superseded_names,
    window_names,
)
from ray_cluster.archive.merged_days import MergedDay, MergedDays
from ray_cluster.archive.object_store.claim import MARK as STORE_MARK
from ray_cluster.archive.object_store.claim import claim_store, open_packs
from ray_cluster.archive.packs import Packs, PackStore
from ray_cluster.archive.partitions.division import FILE as PARTITIONS_FILE
from ray_cluster.archive.partitions.division import Partitions
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.windows import Window, day_name, day_of, days_of, hours_by_day
from ray_cluster.errors import BackupFailed, UnknownObservation
from ray_cluster.maintenance.erasure import LIST, erase, erased, zero

MARK: Final = "backup.json"
_TAG: Final = "wayside-backup"
_PARTS: Final = ("data", "_deletions", "_indices", "_transactions")
_COPY_BYTES: Final = 8 * 1024**2


class Mark(Message):
    """Mark of a whole backup, written last."""

    finished_at_ms: TimeMs
    days: tuple[str, ...]
    epoch: Count


@dataclass(slots=True)
class Copied:
    """Counts of a run."""

    days: int = 0
    files: int = 0
    bytes: int = 0
    removed: int = 0
    erased: int = 0
    kept: int = 0
    """Days that the archive lost without retention dropping them."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def back_up(directory: Path, target: Path, *, offset_minutes: int, now_ms: int) -> Copied:
    """Bring the backup in `target` up to date. The cluster may be running.

    A run that was cut off is completed by the next one, and until then the target is as before, day by day. Packs of a
    store become files in it.

    Raises:
        BackupFailed: one directory lies in the other, or the target holds other files.
        ArchiveFull, ArchiveWriteFailed: the target's disk refuses.
        ArchiveUnreadable: the list of erasures is damaged, the state of retention or the store cannot be read.
    """
    _check_apart(directory, target)
    if target.exists() and any(target.iterdir()) and not (target / MARK).exists() and not (target / _begun()).exists():
        raise BackupFailed(f"{target}: holds something that is no backup of an archive; give an empty folder")
    done = Copied()
    days: set[str] = set()
    with disk_errors(target), _failures("backup"):
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        (target / _begun()).touch()
        # Partition 0, whose mark is that of the whole backup, comes last.
        for folder in reversed(Partitions(directory).folders()):
            days.update(_back_up_partition(folder, target / folder.relative_to(directory), offset_minutes, done))
        _copy_files(directory, target, (PARTITIONS_FILE,))
        epoch = int((target / "epoch").read_text(encoding="ascii")) if (target / "epoch").exists() else 0
        mark = Mark(finished_at_ms=now_ms, days=tuple(sorted(days)), epoch=epoch)
        replace_text(target / MARK, mark.model_dump_json())
    done.days = len(days)
    return done


def _back_up_partition(directory: Path, target: Path, offset_minutes: int, done: Copied) -> tuple[str, ...]:
    """Bring the backup of one partition up to date; return its days."""
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    horizon_ms = retention.horizon_ms(directory)
    first_kept = "" if horizon_ms is None else day_name(horizon_ms, offset_minutes)
    tables = connect(directory)
    with MergedDays(directory).kept():
        names = window_names(tables)
        days = days_of(names)
        done.erased += _carry_out(directory, target)
        for day in days:
            windows = [name for name in names if day_of(name) == day]
            _copy_day(directory, target, tables, windows, done)
            _supersede(target, windows, done)
    _drop_expired(target, set(names), first_kept, done)
    for folder in ("holds", "audit"):
        _mirror(directory / folder, target / folder, done)
    _copy_files(directory, target, (LIST, "epoch"))
    return days


def _copy_files(directory: Path, target: Path, names: Iterable[str]) -> None:
    for name in names:
        if (directory / name).exists():
            replace_text(target / name, (directory / name).read_text(encoding="utf-8"))


def restore(
    source: Path,
    directory: Path,
    *,
    offset_minutes: int,
    erasures: Path | None = None,
    pack_store: PackStoreSettings | None = None,
) -> Copied:
    """Make an archive from a backup, in an empty or absent directory. It appears whole or not at all.

    With `pack_store` its packs are written under an empty prefix of that; a run that was cut off is taken up there.

    `erasures`: the folder with the list of the archive that was lost, if it survived: pictures erased after the backup
    are erased again.

    Raises:
        BackupFailed: `source` is no whole backup, or `directory` is not empty.
        ArchiveFull, ArchiveUnreadable, ArchiveWriteFailed: disk or store refuses; nothing was restored.
        StoreRefused: the store must not hold them, or has packs of another archive there.
    """
    _check_apart(source, directory)
    try:
        Mark.model_validate_json((source / MARK).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupFailed(f"{source / MARK}: no whole backup; let `wayside-cluster backup` run to its end") from error
    if directory.exists() and any(directory.iterdir()):
        raise BackupFailed(f"{directory}: is not empty; move what is there away, a restore replaces nothing")
    done = Copied()
    half = directory.with_name(f"{directory.name}.restoring")
    with disk_errors(directory), _failures("restore"):
        _lay_out(source, half, pack_store, done)
        for name in (MARK, _begun()):
            (half / name).unlink(missing_ok=True)
        lists = () if erasures is None else Partitions(erasures).folders()
        for entry in chain.from_iterable(map(erased, lists)):
            try:
                erase(half, entry.row_key, offset_minutes=offset_minutes, now_ms=entry.at_ms, reason="restore")
            except UnknownObservation:
                continue  # Archived after the backup: it is not there at all.
            done.erased += 1
        folders = Partitions(half).folders()
        done.days = len({day for folder in folders for day in day_names(connect(folder))})
        for folder in folders:
            (folder / "epoch.lock").unlink(missing_ok=True)
        if directory.exists():
            directory.rmdir()
        durable.move(half, directory)
    return done


def _lay_out(source: Path, half: Path, pack_store: PackStoreSettings | None, done: Copied) -> None:
    """Copy a backup into an empty folder, and its packs into the store if that is to hold them."""
    parts = [folder.relative_to(source) for folder in Partitions(source).folders()]
    claims = {part: mark.read_bytes() for part in parts if (mark := half / part / STORE_MARK).exists()}
    if half.exists():
        shutil.rmtree(half)
    _mirror(source, half, done, skip=() if pack_store is None else [part / "packs" for part in parts])
    for part, claimed in claims.items():
        durable.write(half / part / STORE_MARK, claimed)
    if pack_store is not None:
        for number, part in enumerate(parts):
            _move_packs(source / part, half / part, pack_store.of_partition(number), done)


def _move_packs(source: Path, half: Path, pack_store: PackStoreSettings, done: Copied) -> None:
    """Write the packs of a partition's backup into the store."""
    store, packs = claim_store(half, pack_store), Packs(source / "packs")
    for day in packs.days():
        for each in packs.files(day):
            store.put(each.pack, (source / "packs" / each.pack).read_bytes())
            done.files += 1
            done.bytes += each.size


def _copy_day(directory: Path, target: Path, tables: Any, windows: list[str], done: Copied) -> None:
    """Copy one day; `windows`: all windows of it."""
    with ExitStack() as stack:
        # Versions are fixed for snapshots before objects; objects are copied before snapshots.
        snapshots = [(each, stack.enter_context(_pinned(tables, each))) for each in (SNAPSHOTS + n for n in windows)]
        objects = [(each, stack.enter_context(_pinned(tables, each))) for each in (OBJECTS + n for n in windows)]
        kept = _copy_packs(open_packs(directory), day_of(windows[0]), target / "packs", done)
        for table, version in (*objects, *snapshots):
            _copy_table(directory / "tables" / f"{table}.lance", target / "tables" / f"{table}.lance", version, done)
    for each in (target / "packs" / day_of(windows[0])).glob("*.pack"):
        if each.name not in kept:
            each.unlink()
            done.removed += 1


def _supersede(target: Path, windows: Sequence[str], done: Copied) -> None:
    """Put the windows of a day that were copied in force, and remove those of another width from before a merge."""
    there, records, day = connect(target), MergedDays(target), day_of(windows[0])
    hours = hours_by_day(windows)[day]
    superseded = {name for name in window_names(there) if day_of(name) == day} - set(windows)
    if any(hours < Window.parse(name).hours for name in superseded):
        records.drop(day)
    elif superseded:
        records.write(day, MergedDay(hours=hours, sources={}))
    for name in superseded_names(there):
        if day_of(name) == day:
            remove_window(there, name)
            done.removed += 1


def _copy_packs(packs: PackStore, day: str, target: Path, done: Copied) -> set[str]:
    """Copy packs that `target` lacks or has otherwise; return the file names of all."""
    names = set()
    for each in packs.files(day):
        copy = target / each.pack
        names.add(copy.name)
        if not _is_copied(copy, each.size, each.changed_ns) and (read := packs.open(each.pack)) is not None:
            _write_copy(read, copy, each.size, each.changed_ns, done)
    return names


@contextmanager
def _pinned(tables: Any, name: str) -> Iterator[int]:
    """Pin the newest version of a table, so that it is not cleaned away inside this block."""
    table = tables.open_table(name)
    version = int(table.version)
    if _TAG in table.tags.list():
        table.tags.delete(_TAG)
    table.tags.create(_TAG, version)
    try:
        yield version
    finally:
        table.tags.delete(_TAG)


def _copy_table(source: Path, target: Path, version: int, done: Copied) -> None:
    for part in _PARTS:
        _mirror(source / part, target / part, done, keep_extra=True)
    name = manifest_name(version)
    if not (source / "_versions" / name).exists():
        raise BackupFailed(f"{source}: no manifest of version {version}; is the table of another version of Lance?")
    # The old version and its files stay until this one is there.
    _copy(source / "_versions" / name, target / "_versions" / name, done)
    for path in (target / "_versions").iterdir():
        if path.name != name:
            path.unlink()
    for part in _PARTS:
        _drop_extra(source / part, target / part, done)


def _mirror(source: Path, target: Path, done: Copied, *, keep_extra: bool = False, skip: Sequence[Path] = ()) -> None:
    """Copy files that `target` lacks or has otherwise; without `keep_extra` remove those that `source` lacks.

    `skip`: folders in `source` that are left out.
    """
    if not source.is_dir():
        if target.is_dir() and not keep_extra:
            shutil.rmtree(target)
        return
    for folder, _, files in os.walk(source):
        within = Path(folder).relative_to(source)
        if any(within.is_relative_to(each) for each in skip):
            continue
        into = target / within
        for file in files:
            path, copy = Path(folder) / file, into / file
            if not file.startswith(".") and not file.endswith(".lock"):
                _copy(path, copy, done)
    if not keep_extra:
        _drop_extra(source, target, done)


def _copy(path: Path, copy: Path, done: Copied) -> None:
    try:
        size, changed = (stat := path.stat()).st_size, stat.st_mtime_ns
    except FileNotFoundError:
        return  # Of an older version, cleaned away meanwhile: files of the pinned one stay.
    if _is_copied(copy, size, changed):
        return
    try:
        read = path.open("rb")
    except FileNotFoundError:
        return
    _write_copy(read, copy, size, changed, done)


def _is_copied(copy: Path, size: int, changed: int) -> bool:
    return copy.exists() and copy.stat().st_size == size and copy.stat().st_mtime_ns == changed


def _write_copy(read: BinaryIO, copy: Path, size: int, changed: int, done: Copied) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with read, durable.replacing(copy) as draft:
        with draft.open("wb") as write:
            shutil.copyfileobj(read, write, _COPY_BYTES)
        os.utime(draft, ns=(changed, changed))
    done.files += 1
    done.bytes += size


def _drop_extra(source: Path, target: Path, done: Copied) -> None:
    for folder, _, files in os.walk(target, topdown=False):
        other = source / Path(folder).relative_to(target)
        for file in files:
            if not (other / file).exists():
                (Path(folder) / file).unlink()
                done.removed += 1
        if not other.is_dir():
            Path(folder).rmdir()


def _drop_expired(target: Path, names: set[str], first_kept: str, done: Copied) -> None:
    """Drop windows that the archive lacks, of days that retention dropped, and their packs. Commit marks go first."""
    lost: set[str] = set()
    for kind in (SNAPSHOTS, OBJECTS):
        for table in sorted((target / "tables").glob(f"{kind}*.lance")):
            name = table.name.removeprefix(kind).removesuffix(".lance")
            if name in names:
                continue
            if day_of(name) < first_kept:
                shutil.rmtree(table)
                done.removed += 1
            else:
                lost.add(day_of(name))
    packs = Packs(target / "packs")
    days = set(days_of(names)) | lost
    for day in packs.days():
        if day not in days:
            packs.drop(day)
            done.removed += 1
    done.kept = len(lost)


def _carry_out(directory: Path, target: Path) -> int:
    """Zero pictures in the target that were erased since its last run; return their number."""
    known = {entry.row_key for entry in erased(target)}
    packs = Packs(target / "packs")
    fresh = [entry for entry in erased(directory) if entry.row_key not in known and entry.place is not None]
    return sum(zero(packs, entry.place) for entry in fresh if entry.place is not None)


def _check_apart(one: Path, other: Path) -> None:
    a, b = one.resolve(), other.resolve()
    if a == b or a in b.parents or b in a.parents:
        raise BackupFailed(f"{one} and {other}: one lies in the other; give a folder of its own, best on another disk")


def _begun() -> str:
    return "backup.begun"


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """Raise BackupFailed: Lance raises RuntimeError, and ValueError for a table that retention dropped meanwhile."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise BackupFailed(f"{what}: {str(error)[:300]}; run it again") from error
