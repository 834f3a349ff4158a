"""The archiver: the only writer of packs and tables.

A commit writes, in this order: the pack, the object rows, the snapshot rows. A snapshot row is the commit mark: where
it exists, its machines and its picture do. A commit that died half-way leaves an orphan pack, which is swept a day
later, and object rows without a mark, which the retry removes.

An instance is used by one thread at a time; any may ask whether keys are `surely_absent`.
"""

import errno
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.archive import ObjectRow, PicturePlace, SnapshotRow, day_of
from provisioning.contracts.messages import PictureState
from ray_cluster.appearance import Appearance
from ray_cluster.day_tables import DayTables, connect, create_day, day_name, day_names, indexed_only, open_day, quoted
from ray_cluster.entries import Entry, Receipt, Sighting
from ray_cluster.entry_rows import object_rows_of, snapshot_row_of
from ray_cluster.epoch import Epoch
from ray_cluster.errors import ArchiveFull, ArchiveWriteFailed, Fenced
from ray_cluster.held_area import HeldArea
from ray_cluster.key_filter import KeyFilter, marks, marks_of_column
from ray_cluster.packs import Packs
from ray_cluster.tables import OBJECTS, SNAPSHOTS, object_table, snapshot_table

HOUSEKEEPING_MS: Final = 3600 * 1000
_RECENT: Final = 65_536
_FILTERS: Final = 4
"""Days that are looked up at a time: today, and what agents bring after an outage of 72 hours (DESIGN §1)."""
_NO_SPACE: Final = (f"os error {errno.ENOSPC})", f"os error {errno.EDQUOT})")


class Archiver:
    """Takes checked entries and makes them permanent.

    Raises:
        ArchiveInUse: another archiver does not let go of the archive.
        ArchiveFull, ArchiveWriteFailed: the directory cannot be used.
    """

    def __init__(self, directory: Path, *, retention_days: int, offset_minutes: int, now_ms: int) -> None:
        self._retention_days = retention_days
        self._offset_minutes = offset_minutes
        with _write_errors(directory):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            (directory / "tables").mkdir(exist_ok=True, mode=0o700)
            (directory / "packs").mkdir(exist_ok=True, mode=0o700)
            self._packs = Packs(directory / "packs")
            self._tables = connect(directory)
        self._held = HeldArea(directory)
        self._recent: OrderedDict[str, Receipt] = OrderedDict()
        self._filters: OrderedDict[str, KeyFilter] = OrderedDict()
        """Of the days that were asked for last, by name; each knows what both its tables hold, or more."""
        self._strays = KeyFilter()
        """Of all rows that were captured at a time that is not believed, in whatever day they lie."""
        self._seq = 0
        self._next_housekeeping_ms = now_ms
        self.fenced = ""
        """Why this archiver must not write any more; empty while it may."""
        self._epoch = Epoch(directory)
        # From here on nobody else writes: what is read now stays true.
        with _write_errors(directory):
            self._days = {name: open_day(self._tables, name) for name in day_names(self._tables)}
            for day in self._days.values():
                _read_keys(day.snapshots, self._strays, "time_trusted = false")

    def surely_absent(self, sightings: Sequence[Sighting]) -> bool:
        """Whether none of them can be archived: no table is asked. A commit that is under way may still bring one."""
        keys = marks([sighting.row_key for sighting in sightings])
        if self._strays.may_hold(keys).any():
            return False
        days = {day_name(sighting.captured_at_ms, self._offset_minutes) for sighting in sightings}
        for name in days & self._days.keys():
            held = self._filters.get(name)
            if held is None or held.may_hold(keys).any():
                return False
        return True

    def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """Which rows are archived already, by row key.

        A trusted row lies in the day of its capture. One that was not trusted when it came lies in the day it was
        received, and a repetition may arrive on another day and even be trusted by then: of such a key every day is
        asked.
        """
        found: dict[str, Receipt] = {}
        by_day: dict[str, list[str]] = {}
        for sighting in sightings:
            recent = self._recent.get(sighting.row_key)
            if recent is not None:
                found[sighting.row_key] = recent
            else:
                by_day.setdefault(day_name(sighting.captured_at_ms, self._offset_minutes), []).append(sighting.row_key)
        missing = [key for keys in by_day.values() for key in keys]
        with _write_errors(Path("tables")):
            for name, keys in by_day.items():
                if name in self._days:
                    found |= self._find(self._days[name], _perhaps(self._filter(self._days[name]), keys))
            strays = _perhaps(self._strays, missing)
            for day in self._days.values():
                found |= self._find(day, strays, "time_trusted = false AND ")
        return found

    def commit(self, entries: Sequence[Entry], *, now_ms: int) -> list[Receipt]:
        """Make `entries` permanent; receipts in their order. Entries that are archived already change nothing.

        Raises:
            Fenced: another archiver took over; every later call raises it too.
            ArchiveFull, ArchiveWriteFailed: some or all entries have no commit mark. Call again with all of them.
        """
        if self.fenced:
            raise Fenced(self.fenced)
        try:
            with self._epoch.held():
                receipts = self.known([entry.sighting for entry in entries])
                for day, fresh in self._by_day(entry for entry in entries if entry.row_key not in receipts):
                    receipts |= self._commit_day(day, fresh, now_ms)
        except Fenced as error:
            self.fenced = str(error)
            raise
        first: set[str] = set()
        answer = []
        for entry in entries:
            receipt = receipts[entry.row_key]
            again = not receipt.fresh or entry.row_key in first
            answer.append(Receipt(receipt.row_key, receipt.picture, receipt.commit_seq, fresh=not again))
            first.add(entry.row_key)
        return answer

    def maintain(self, *, now_ms: int) -> None:
        """Once an hour drop expired days and sweep orphan packs. Call it between commits; what takes long is upkeep.

        Raises:
            Fenced, ArchiveFull, ArchiveWriteFailed: as `commit`.
        """
        if self.fenced:
            raise Fenced(self.fenced)
        if now_ms < self._next_housekeeping_ms:
            return
        with self._epoch.held(), _write_errors(Path("tables")):
            self._next_housekeeping_ms = now_ms + HOUSEKEEPING_MS
            self._drop_expired(now_ms)
            self._sweep(now_ms)

    def _by_day(self, entries: Iterable[Entry]) -> list[tuple[str, list[tuple[Entry, bool]]]]:
        """Oldest day first; of several entries with one key the first wins."""
        days: dict[str, dict[str, tuple[Entry, bool]]] = {}
        for entry in entries:
            day, trusted = day_of(
                entry.snapshot.captured_at_ms,
                entry.received_at_ms,
                retention_days=self._retention_days,
                offset_minutes=self._offset_minutes,
            )
            days.setdefault(day, {}).setdefault(entry.row_key, (entry, trusted))
        taken: set[str] = set()
        groups = []
        for day, rows in sorted(days.items()):
            group = [row for key, row in rows.items() if key not in taken]
            taken.update(rows)
            if group:
                groups.append((day, group))
        return groups

    def _commit_day(self, name: str, entries: Sequence[tuple[Entry, bool]], now_ms: int) -> dict[str, Receipt]:
        # Sequence numbers are drawn day by day, in the order of writing: rows become visible in ascending order, so a
        # reader of the commit cursor never has to look back.
        numbers = [self._epoch.commit_seq(self._seq + index + 1) for index in range(len(entries))]
        self._seq += len(entries)
        kept = [entry for entry, _ in entries if entry.picture is PictureState.KEPT]
        places: dict[str, PicturePlace] = {}
        if kept:
            written = self._packs.write(name, f"{numbers[0]:016x}", [entry.jpeg for entry in kept])
            places = {entry.row_key: place for entry, place in zip(kept, written, strict=True)}
        rows = [
            snapshot_row_of(entry, places.get(entry.row_key), number, now_ms, trusted=trusted)
            for (entry, trusted), number in zip(entries, numbers, strict=True)
        ]
        objects = [pair for entry, _ in entries for pair in object_rows_of(entry)]
        with _write_errors(Path("tables") / name):
            day = self._days.get(name) or create_day(self._tables, name)
            self._days[name] = day
            row_keys = [row.row_key for row in rows]
            stale = _perhaps(self._filter(day), row_keys)
            # They must be found by the next lookup even if a write fails after it took effect.
            self._filter(day).add(marks(row_keys))
            self._strays.add(marks([row.row_key for row in rows if not row.time_trusted]))
            self._write_objects(day, stale, objects)
            self._write_snapshots(day, rows)
        receipts = {row.row_key: Receipt(row.row_key, row.picture, row.commit_seq, fresh=True) for row in rows}
        self._remember(receipts.values())
        return receipts

    def _write_objects(
        self, day: DayTables, stale: Sequence[str], objects: Sequence[tuple[ObjectRow, Appearance]]
    ) -> None:
        """`stale`: keys that may have rows already."""
        # Object rows of keys without a commit mark are left over from a commit that died. Another run of the parser may
        # have found fewer machines, so writing over them is not enough.
        condition = f"row_key IN ({quoted(stale)})"
        if stale and day.objects.count_rows(condition):
            day.objects.delete(condition)
        if objects:
            # Added and not merged: one writer by the epoch, what is archived was looked up, and what is stale is gone.
            # A merge reads the keys of everything that is not indexed yet: 29 to 90 ms of processor time where this
            # takes 9 (measured; decision record 8). A machine without a vector is a bad vector unless null is meant.
            day.objects.add(object_table(objects), on_bad_vectors="null")

    def _write_snapshots(self, day: DayTables, rows: Sequence[SnapshotRow]) -> None:
        day.snapshots.add(snapshot_table(rows))

    def _find(self, day: DayTables, row_keys: Sequence[str], condition: str = "") -> dict[str, Receipt]:
        found: dict[str, Receipt] = {}
        # What is sent again is mostly not among the newest: where the index has all of it, nothing else is read.
        for rows in (indexed_only(day.snapshots), day.snapshots.search()):
            missing = [key for key in row_keys if key not in found]
            if not missing:
                break
            query = rows.where(f"{condition}row_key IN ({quoted(missing)})")
            for record in query.select(["row_key", "picture", "commit_seq"]).limit(len(missing)).to_list():
                receipt = Receipt(record["row_key"], PictureState(record["picture"]), record["commit_seq"], fresh=False)
                found[receipt.row_key] = receipt
        return found

    def _filter(self, day: DayTables) -> KeyFilter:
        keys = self._filters.get(day.name)
        if keys is None:
            keys = KeyFilter()
            for table in (day.snapshots, day.objects):
                _read_keys(table, keys)
            # Only once it is whole: half of it would call absent what is there.
            self._filters[day.name] = keys
        self._filters.move_to_end(day.name)
        while len(self._filters) > _FILTERS:
            self._filters.popitem(last=False)
        return keys

    def _remember(self, receipts: Iterable[Receipt]) -> None:
        for receipt in receipts:
            self._recent[receipt.row_key] = Receipt(receipt.row_key, receipt.picture, receipt.commit_seq, fresh=False)
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    def _drop_expired(self, now_ms: int) -> None:
        oldest = day_name(now_ms - self._retention_days * 86_400_000, self._offset_minutes)
        kept = self._held.uncopied_days()
        for name in sorted(self._days):
            # A day that a legal hold touches stays until upkeep has copied what is held.
            if name < oldest and name not in kept:
                # The commit marks go first: a row that can be seen has its machines and its picture.
                self._tables.drop_table(SNAPSHOTS + name)
                self._tables.drop_table(OBJECTS + name)
                del self._days[name]
                self._filters.pop(name, None)
        for name in self._packs.days():
            if name < oldest and name not in kept:
                self._packs.drop(name)

    def _sweep(self, now_ms: int) -> None:
        for name in self._packs.days():
            referenced: set[str] = set()
            if name in self._days:
                for batch in self._days[name].snapshots.search().select(["pack"]).to_batches():
                    referenced.update(pack for pack in batch.column("pack").unique().to_pylist() if pack is not None)
            self._packs.sweep(name, referenced, now_s=now_ms / 1000)


def _perhaps(keys: KeyFilter, row_keys: Sequence[str]) -> list[str]:
    return list(compress(row_keys, keys.may_hold(marks(row_keys))))


def _read_keys(table: Any, into: KeyFilter, condition: str | None = None) -> None:
    rows = table.search()
    for batch in (rows.where(condition) if condition else rows).select(["row_key"]).to_batches():
        found = marks_of_column(batch.column("row_key"))
        into.add(found[~into.may_hold(found)])


@contextmanager
def _write_errors(where: Path) -> Iterator[None]:
    """Lance reports a failed write as RuntimeError or OSError with the system's text inside."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        text = str(error)
        if getattr(error, "errno", None) == errno.ENOSPC or any(sign in text for sign in _NO_SPACE):
            raise ArchiveFull(f"{where}: no space left; free some, intake goes on by itself") from error
        raise ArchiveWriteFailed(f"{where}: {text[:300]}; check the disk and its rights") from error
