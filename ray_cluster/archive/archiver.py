"""Commits entries to the archive: the archiver is the only writer of packs and tables.

A commit writes, in this order: the pack, the object rows, the snapshot rows. A snapshot row is the commit mark: where
it exists, its machines and its picture do. A commit that died half-way leaves an orphan pack, which is swept a day
later, and object rows without a mark, which the retry removes.

An instance is used by one thread at a time; `surely_absent` may be called from any.
"""

import errno
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.query.archive import ObjectRow, PicturePlace, SnapshotRow
from provisioning.contracts.query.archive import day_of as filed
from provisioning.contracts.wire.messages import PictureState
from provisioning.retention.state import Clocks
from ray_cluster.archive.bloom import KeyFilter, marks, marks_of_column
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.archive.entry_rows import object_rows_of, snapshot_row_of
from ray_cluster.archive.fencing import Epoch
from ray_cluster.archive.hold_store import HoldStore
from ray_cluster.archive.lance_tables import (
    WindowTables,
    batches,
    connect,
    create_window,
    indexed_only,
    open_window,
    packs_of,
    quoted,
    remove_window,
    superseded_names,
    window_names,
)
from ray_cluster.archive.merged_days import MergedDays
from ray_cluster.archive.object_store.claim import open_packs
from ray_cluster.archive.partitions.division import Share
from ray_cluster.archive.retention import ArchiveRetention
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS, object_table, snapshot_table
from ray_cluster.archive.summaries.counts_store import CountsStore
from ray_cluster.archive.summaries.store import Summaries
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.archive.windows import FIRST_HOURS, day_name, day_of, days_of, hours_by_day, next_hours, window_at
from ray_cluster.errors import ArchiveFull, ArchiveWriteFailed, Fenced
from ray_cluster.inference.appearance import Appearance

HOUSEKEEPING_MS: Final = 3600 * 1000
ADVANCE_MS: Final = 10 * 1000
"""Interval at which retention time is written down: after a power cut, the wall clock has to supply the rest."""
_RECENT: Final = 65_536
_LOOKED_UP_HOURS: Final = 96
"""Hours of windows kept open for lookups: today, and late rows of agents after an outage of 72 hours (DESIGN §1)."""
_NO_SPACE: Final = (f"os error {errno.ENOSPC})", f"os error {errno.EDQUOT})")


class Archiver:
    """Makes checked entries permanent.

    Raises:
        ArchiveInUse: another archiver still holds the archive.
        ArchiveFull, ArchiveWriteFailed: the directory cannot be used.
        ArchiveUnreadable: a newer release wrote it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        retention_days: int,
        offset_minutes: int,
        now: Clocks,
        first_hours: int = FIRST_HOURS,
        share: Share | None = None,
    ) -> None:
        """Open the archive, or a partition of it.

        `first_hours`: hours of a window on its first day; later widths follow from it. `share`: the agents of this
        writer; None: all.
        """
        self._first_hours = first_hours
        self._share = share
        self._retention_days = retention_days
        self._offset_minutes = offset_minutes
        with _write_errors(directory):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            (directory / "tables").mkdir(exist_ok=True, mode=0o700)
            (directory / "packs").mkdir(exist_ok=True, mode=0o700)
            self._packs = open_packs(directory)
            self._tables = connect(directory)
        self._seals = Seals(directory, self._tables)
        self._summaries = Summaries(directory, self._tables)
        self._counts = CountsStore(directory, offset_minutes=offset_minutes)
        self._held = HoldStore(directory)
        self._recent: OrderedDict[str, Receipt] = OrderedDict()
        self._filters: OrderedDict[str, KeyFilter] = OrderedDict()
        """Filters of the windows that were looked up last, by name; each holds the keys of both tables, or more."""
        self._strays = KeyFilter()
        """Filter of all rows with a capture time that is not trusted, in all windows."""
        self._seq = 0
        self._next_advance_ms = self._next_housekeeping_ms = now.boot_ms
        self.fenced = ""
        """Reason why this archiver must not write any more; empty while it may."""
        self._epoch = Epoch(directory)
        self._merged = MergedDays(directory)
        # From here on no other archiver writes: facts read now stay true.
        with _write_errors(directory):
            self._merged.follow(self._epoch.number)
            self._merged_days = self._merged.days()
            """Days whose windows upkeep has merged, as far as this archiver follows."""
            self._windows = set(window_names(self._tables))
            self._hours = hours_by_day(self._windows)
            """Hours of a window on each day; fixed once a day has a window."""
            self._open: OrderedDict[str, WindowTables] = OrderedDict()
            for name in sorted(self._windows):
                seal = self._seals.of(name)
                if seal is None or seal.strays:
                    _read_keys(self._opened(name).snapshots, self._strays, "time_trusted = false")
        self._retention = ArchiveRetention(
            directory, self._tables, retention_days=retention_days, offset_minutes=offset_minutes
        )
        with self._epoch.held(), _write_errors(directory):
            self._retention.advance(now)

    @property
    def retention_stopped(self) -> str:
        """Reason why no day is dropped for its age; empty while days are dropped as usual."""
        return self._retention.stopped

    def surely_absent(self, sightings: Sequence[Sighting]) -> bool:
        """True if none of these rows is archived, by filters alone. A commit that is under way may still add one."""
        keys = marks([sighting.row_key for sighting in sightings])
        if self._strays.may_hold(keys).any():
            return False
        windows = {self._window(sighting.captured_at_ms) for sighting in sightings}
        for name in windows & self._windows:
            held = self._filters.get(name)
            if held is None or held.may_hold(keys).any():
                return False
        return True

    def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """Look up the rows that are archived already, by row key.

        A row with a trusted capture time lies in the window of its capture. One that was not trusted on arrival lies in
        that of its receipt, and its repetition may fall into another window and even be trusted by then: such a key is
        looked up in every window.
        """
        with _write_errors(Path("tables")):
            self._follow_merges()
        found: dict[str, Receipt] = {}
        by_window: dict[str, list[str]] = {}
        for sighting in sightings:
            recent = self._recent.get(sighting.row_key)
            if recent is not None:
                found[sighting.row_key] = recent
            else:
                by_window.setdefault(self._window(sighting.captured_at_ms), []).append(sighting.row_key)
        missing = [key for keys in by_window.values() for key in keys]
        with _write_errors(Path("tables")):
            for name, keys in by_window.items():
                if name in self._windows and (perhaps := self._perhaps_in(name, keys)):
                    found |= self._find(self._opened(name), perhaps)
            strays = _perhaps(self._strays, missing)
            for name in self._seals.holding(sorted(self._windows), strays) if strays else ():
                found |= self._find(self._opened(name), strays, "time_trusted = false AND ")
        return found

    def commit(self, entries: Sequence[Entry], *, now_ms: int) -> list[Receipt]:
        """Commit `entries` and return receipts in their order. Entries that are archived already change nothing.

        Raises:
            Fenced: another archiver took over; every later call raises it too.
            Misplaced: an entry belongs to another writer; nothing was committed.
            ArchiveFull, ArchiveWriteFailed, ArchiveUnreadable: some or all entries have no commit mark. Call again with
                all of them.
        """
        if self.fenced:
            raise Fenced(self.fenced)
        entries = [self._received(entry) for entry in entries]
        try:
            with self._epoch.held():
                if self._share is not None:
                    self._share.check(entry.snapshot.agent_id for entry in entries)
                receipts = self.known([entry.sighting for entry in entries])
                for window, fresh in self._by_window(entry for entry in entries if entry.row_key not in receipts):
                    receipts |= self._commit_window(window, fresh, now_ms)
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

    def maintain(self, *, now: Clocks) -> None:
        """Advance retention time; once an hour drop expired days and sweep orphan packs. Long work is left to upkeep.

        Call it between commits.

        Raises:
            Fenced, ArchiveFull, ArchiveWriteFailed: as `commit`.
            ArchiveUnreadable: a legal hold, or a store of packs, cannot be read.
        """
        if self.fenced:
            raise Fenced(self.fenced)
        if now.boot_ms < self._next_advance_ms:
            return
        with self._epoch.held(), _write_errors(Path("tables")):
            self._follow_merges()
            self._next_advance_ms = now.boot_ms + ADVANCE_MS
            self._retention.advance(now)
            if now.boot_ms >= self._next_housekeeping_ms:
                self._next_housekeeping_ms = now.boot_ms + HOUSEKEEPING_MS
                self._drop_expired(now)

    def _follow_merges(self) -> None:
        """Go over to the wider windows of days that upkeep has merged since the last call."""
        merged = self._merged.days()
        if merged == self._merged_days:
            return
        names = window_names(self._tables)
        for day in merged - self._merged_days:
            present = {name for name in names if day_of(name) == day}
            old = {name for name in self._windows if day_of(name) == day} - present
            # In this order: a thread that asks `surely_absent` meanwhile finds the window of a moment.
            self._windows |= present
            self._hours.update(hours_by_day(present))
            self._windows -= old
            for name in old:
                self._open.pop(name, None)
                self._filters.pop(name, None)
        self._merged_days = merged

    def _received(self, entry: Entry) -> Entry:
        received_at_ms = self._retention.filed_at_ms(entry.received_at_ms)
        return entry if received_at_ms == entry.received_at_ms else replace(entry, received_at_ms=received_at_ms)

    def _by_window(self, entries: Iterable[Entry]) -> list[tuple[str, list[tuple[Entry, bool]]]]:
        """Group entries by window, oldest first; of several entries with one key the first wins."""
        windows: dict[str, dict[str, tuple[Entry, bool]]] = {}
        for entry in entries:
            captured_at_ms, received_at_ms = entry.snapshot.captured_at_ms, entry.received_at_ms
            day, trusted = filed(
                captured_at_ms,
                received_at_ms,
                retention_days=self._retention_days,
                offset_minutes=self._offset_minutes,
            )
            if day not in self._hours:
                with _write_errors(Path("tables")):
                    self._hours[day] = self._hours_of(day)
            window = self._window(captured_at_ms if trusted else received_at_ms)
            windows.setdefault(window, {}).setdefault(entry.row_key, (entry, trusted))
        taken: set[str] = set()
        groups = []
        for window, rows in sorted(windows.items()):
            group = [row for key, row in rows.items() if key not in taken]
            taken.update(rows)
            if group:
                groups.append((window, group))
        return groups

    def _commit_window(self, name: str, entries: Sequence[tuple[Entry, bool]], now_ms: int) -> dict[str, Receipt]:
        # Sequence numbers are drawn window by window, in the order of writing: rows become visible in ascending order,
        # so a reader of the commit cursor never has to look back.
        numbers = [self._epoch.commit_seq(self._seq + index + 1) for index in range(len(entries))]
        self._seq += len(entries)
        kept = [entry for entry, _ in entries if entry.picture is PictureState.KEPT]
        places: dict[str, PicturePlace] = {}
        if kept:
            written = self._packs.write(day_of(name), f"{numbers[0]:016x}", [entry.jpeg for entry in kept])
            places = {entry.row_key: place for entry, place in zip(kept, written, strict=True)}
        rows = [
            snapshot_row_of(entry, places.get(entry.row_key), number, now_ms, trusted=trusted)
            for (entry, trusted), number in zip(entries, numbers, strict=True)
        ]
        objects = [pair for entry, _ in entries for pair in object_rows_of(entry)]
        with _write_errors(Path("tables") / name):
            if name not in self._windows:
                self._keep_open(create_window(self._tables, name))
                self._windows.add(name)
            window = self._opened(name)
            row_keys = [row.row_key for row in rows]
            if day_of(name) in self._merged_days:  # late rows are few: its tables are asked
                stale = row_keys
            else:
                stale = _perhaps(self._filter(name), row_keys)
                # They must be found by the next lookup even if a write fails after it took effect.
                self._filter(name).add(marks(row_keys))
            self._strays.add(marks([row.row_key for row in rows if not row.time_trusted]))
            self._write_objects(window, stale, objects)
            self._write_snapshots(window, rows)
        receipts = {row.row_key: Receipt(row.row_key, row.picture, row.commit_seq, fresh=True) for row in rows}
        self._remember(receipts.values())
        return receipts

    def _write_objects(
        self, window: WindowTables, stale: Sequence[str], objects: Sequence[tuple[ObjectRow, Appearance]]
    ) -> None:
        """Write object rows. `stale`: keys that may have rows already."""
        # Object rows of keys without a commit mark are left over from a failed commit. Another run of the parser may
        # have found fewer machines, so writing over them is not enough.
        condition = f"row_key IN ({quoted(stale)})"
        if stale and window.objects.count_rows(condition):
            window.objects.delete(condition)
        if objects:
            # Added and not merged: one writer by the epoch, archived rows were looked up, and stale ones are deleted.
            # A merge reads the keys of all rows that are not indexed yet: 29 to 90 ms of processor time where this
            # takes 9 (measured; decision record 8). A machine without a vector is a bad vector unless null is meant.
            window.objects.add(object_table(objects), on_bad_vectors="null")

    def _write_snapshots(self, window: WindowTables, rows: Sequence[SnapshotRow]) -> None:
        window.snapshots.add(snapshot_table(rows))

    def _find(self, window: WindowTables, row_keys: Sequence[str], condition: str = "") -> dict[str, Receipt]:
        found: dict[str, Receipt] = {}
        # Repetitions are mostly not among the newest rows: if the index has all of them, no other rows are read.
        for rows in (indexed_only(window.snapshots), window.snapshots.search()):
            missing = [key for key in row_keys if key not in found]
            if not missing:
                break
            query = rows.where(f"{condition}row_key IN ({quoted(missing)})")
            for record in query.select(["row_key", "picture", "commit_seq"]).limit(len(missing)).to_list():
                receipt = Receipt(record["row_key"], PictureState(record["picture"]), record["commit_seq"], fresh=False)
                found[receipt.row_key] = receipt
        return found

    def _window(self, at_ms: int) -> str:
        """Name the window of a moment; empty for a day without rows."""
        hours = self._hours.get(day_name(at_ms, self._offset_minutes))
        return "" if hours is None else window_at(at_ms, self._offset_minutes, hours)

    def _hours_of(self, day: str) -> int:
        """Choose the width of a new day's windows in hours, by the machines an hour of the day before."""
        before = max((each for each in self._hours if each < day), default=None)
        if before is None:
            return self._first_hours
        tables = [self._opened(name).objects for name in sorted(self._windows) if day_of(name) == before]
        busiest = max((table.count_rows() for table in tables), default=0)
        return next_hours(busiest // self._hours[before], self._hours[before])

    def _opened(self, name: str) -> WindowTables:
        if name not in self._open:
            self._keep_open(open_window(self._tables, name))
        self._open.move_to_end(name)
        return self._open[name]

    def _keep_open(self, window: WindowTables) -> None:
        self._open[window.name] = window
        while len(self._open) > _LOOKED_UP_HOURS:
            self._open.popitem(last=False)

    def _filter(self, name: str) -> KeyFilter:
        keys = self._filters.get(name)
        if keys is None:
            keys = KeyFilter()
            window = self._opened(name)
            for table in (window.snapshots, window.objects):
                _read_keys(table, keys)
            # Stored only once it is whole: a part of it would call archived keys absent.
            self._filters[name] = keys
        self._filters.move_to_end(name)
        # The last ones; the newest always stays, at any width.
        while sum(self._hours[day_of(each)] for each in self._filters) > max(
            _LOOKED_UP_HOURS, self._hours[day_of(name)]
        ):
            self._filters.popitem(last=False)
        return keys

    def _perhaps_in(self, name: str, row_keys: Sequence[str]) -> Sequence[str]:
        """Return the keys that a window may hold. A filter of a merged one would read millions of keys for few rows."""
        if day_of(name) not in self._merged_days:
            return _perhaps(self._filter(name), row_keys)
        return row_keys if any(self._seals.holding([name], row_keys)) else ()

    def _remember(self, receipts: Iterable[Receipt]) -> None:
        for receipt in receipts:
            self._recent[receipt.row_key] = Receipt(receipt.row_key, receipt.picture, receipt.commit_seq, fresh=False)
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    def _drop_expired(self, now: Clocks) -> None:
        kept = self._held.uncopied_days()
        days = {*days_of(self._windows), *self._packs.days()} - kept
        oldest = self._retention.first_kept(days, now)
        if oldest is None:
            return
        for name in superseded_names(self._tables):
            if day_of(name) < oldest and day_of(name) not in kept:
                # Before those in force: alone they would be in force again.
                remove_window(self._tables, name)
        for name in sorted(self._windows):
            # A day that a legal hold touches stays until upkeep has copied the held rows.
            if day_of(name) < oldest and day_of(name) not in kept:
                self._seals.drop(name)
                self._summaries.drop(name)
                self._counts.drop(name)
                # The commit marks go first: a row that can be seen has its machines and its picture.
                self._tables.drop_table(SNAPSHOTS + name)
                self._tables.drop_table(OBJECTS + name)
                self._windows.discard(name)
                self._open.pop(name, None)
                self._filters.pop(name, None)
        for name in self._merged.days():
            if name < oldest and name not in kept:
                self._merged.drop(name)
        for name in self._packs.days():
            if name < oldest and name not in kept:
                self._packs.drop(name)
        self._sweep(now.wall_ms)

    def _sweep(self, now_ms: int) -> None:
        for name in self._packs.to_sweep():
            referenced: set[str] = set()
            for window in sorted(self._windows):
                if day_of(window) == name:
                    referenced |= packs_of(self._opened(window).snapshots)
            self._packs.sweep(name, referenced, now_s=now_ms / 1000)


def _perhaps(keys: KeyFilter, row_keys: Sequence[str]) -> list[str]:
    return list(compress(row_keys, keys.may_hold(marks(row_keys))))


def _read_keys(table: Any, into: KeyFilter, condition: str | None = None) -> None:
    rows = table.search()
    for batch in batches((rows.where(condition) if condition else rows).select(["row_key"])):
        found = marks_of_column(batch.column("row_key"))
        into.add(found[~into.may_hold(found)])


@contextmanager
def _write_errors(where: Path) -> Iterator[None]:
    """Raise archive errors for failed writes: Lance raises RuntimeError or OSError with the system's text inside."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        text = str(error)
        if getattr(error, "errno", None) == errno.ENOSPC or any(sign in text for sign in _NO_SPACE):
            raise ArchiveFull(f"{where}: no space left; free some, intake goes on by itself") from error
        raise ArchiveWriteFailed(f"{where}: {text[:300]}; check the disk and its rights") from error
