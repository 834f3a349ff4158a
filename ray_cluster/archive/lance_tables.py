"""Opens, creates, upgrades and lists the tables of an archive directory."""

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import lancedb
import pyarrow as pa
from lancedb.query import ColumnOrdering, LanceEmptyQueryBuilder, Query

from provisioning.files import durable
from ray_cluster.archive.merged_days import MergedDays
from ray_cluster.archive.schema import OBJECT_SCHEMA, OBJECTS, SNAPSHOT_SCHEMA, SNAPSHOTS
from ray_cluster.archive.windows import Window, day_name, day_of, days_of, hours_by_day
from ray_cluster.errors import ArchiveUnreadable

CLOSES_AFTER_DAYS: Final = 4
"""Days between a day's end and its close: rows arrive late after an outage of 72 hours (DESIGN §1)."""
BATCH_ROWS: Final = 65_536
"""Rows of a batch where much of a table is read. With Lance's own 1,024, two columns of a million rows take 460 ms of
processor time, and 80 with this (measured)."""
_DAY_MS: Final = 86_400_000
DRAFT: Final = "merging_"
"""Beginning of the names of tables that upkeep makes out of others: no reader lists them."""
_SUFFIX: Final = ".lance"
_MANIFEST: Final = ".manifest"
_NEWEST: Final = 2**64 - 1
"""Lance names the manifest of version n by this number minus n, so that the newest is listed first."""
_KEY_METADATA: Final = b"lance-schema:unenforced-primary-key"
_STABLE: Final = {"new_table_enable_stable_row_ids": "true"}
"""Row ids that outlive a compaction: without them each one rewrites every index of the table; with them `optimize`
after 60,000 rows wrote 123 MB in 1.4 s of processor time, the same at 400,000 and at 580,000 rows (measured)."""


def connect(directory: Path, *, cache_bytes: int | None = None) -> Any:
    """Connect to the tables of an archive directory; `cache_bytes` of indexes stay in memory, by default Lance's 6 GiB.

    Without the zero interval a reader stays at the version that it opened.
    """
    session = None
    if cache_bytes is not None:
        session = lancedb.Session(index_cache_size_bytes=cache_bytes, metadata_cache_size_bytes=cache_bytes // 4)
    return lancedb.connect(directory / "tables", read_consistency_interval=timedelta(0), session=session)


def window_names(tables: Any, made: set[str] | None = None) -> tuple[str, ...]:
    """List the windows in force, oldest first: one exists for a reader once its snapshot table has a first version.

    Lance makes a table's directory before that version, and leaves it without one after a crash there. Frequent callers
    keep `made`: tables that had a version and need no second look.

    Raises:
        OSError: the directory cannot be listed.
        ArchiveUnreadable: a table has a name that this release does not give, or the record of a merge is damaged.
    """
    # Before the tables: of a day that was merged by now all wider windows are there, of another all narrower ones.
    merged = MergedDays(Path(tables.uri).parent)
    days = merged.days()
    there = _tables_of(tables, SNAPSHOTS)
    made = set() if made is None else made
    made.update([name for name in there if name not in made and _is_made(tables, name)])
    windows = _windows(tables, (name for name in there if name in made))
    return tuple(sorted(window.name for window in merged.in_force(windows, days)))


def superseded_names(tables: Any) -> tuple[str, ...]:
    """List the windows that are not in force: merged into wider ones, or left by a merge that was cut off.

    Raises as `window_names`.
    """
    hours = hours_by_day(window_names(tables))
    there = set(_windows(tables, _tables_of(tables, SNAPSHOTS) + _tables_of(tables, OBJECTS)))
    # One of the same width as those in force is being made by the archiver.
    return tuple(sorted(each.name for each in there if each.hours != hours.get(each.day, each.hours)))


def _tables_of(tables: Any, kind: str) -> list[str]:
    """List the tables of one kind."""
    try:
        with os.scandir(tables.uri) as entries:
            found = [entry.name for entry in entries if entry.name.startswith(kind)]
    except FileNotFoundError:  # nothing was ever archived here
        return []
    return [name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)]


def _windows(tables: Any, names: Iterable[str]) -> list[Window]:
    """Parse the windows of tables. Raises `ArchiveUnreadable`."""
    try:
        return [Window.parse(name.removeprefix(SNAPSHOTS).removeprefix(OBJECTS)) for name in names]
    except ValueError as error:
        raise ArchiveUnreadable(f"{tables.uri}: {error}; use the release that wrote it") from error


def day_names(tables: Any) -> tuple[str, ...]:
    """List the days with rows, oldest first. Raises as `window_names`."""
    return days_of(window_names(tables))


def _is_made(tables: Any, table: str) -> bool:
    """True if a table has a version. Stops at the first one: a busy window has thousands."""
    try:
        with os.scandir(versions_folder(tables, table)) as versions:
            return any(version.name.endswith(_MANIFEST) for version in versions)
    except FileNotFoundError:  # half made, or dropped meanwhile
        return False


def table_folder(tables: Any, table: str) -> Path:
    """Return the folder of a table."""
    return Path(tables.uri, f"{table}{_SUFFIX}")


def versions_folder(tables: Any, table: str) -> Path:
    """Return the folder of a table's manifests."""
    return table_folder(tables, table) / "_versions"


def manifest_name(version: int) -> str:
    """Name the manifest file of a version of a table."""
    return f"{_NEWEST - version:020}{_MANIFEST}"


def newest_version(tables: Any, table: str) -> int:
    """Read the newest version of a table with few versions, without opening it; 0 if it is missing or was dropped."""
    try:
        with os.scandir(versions_folder(tables, table)) as versions:
            numbers = [version.name.removesuffix(_MANIFEST) for version in versions]
    except FileNotFoundError:
        return 0
    return max((_NEWEST - int(number) for number in numbers if len(number) == 20 and number.isdecimal()), default=0)


def has_leftovers(tables: Any, table: str, age: timedelta) -> bool:
    """True if older versions of a table can be removed: its newest is older than `age`, by the clock of the disk."""
    try:
        with os.scandir(versions_folder(tables, table)) as versions:
            written_s = [version.stat().st_mtime for version in versions if version.name.endswith(_MANIFEST)]
    except FileNotFoundError:
        return False
    return len(written_s) > 1 and max(written_s) < time.time() - age.total_seconds()


@dataclass(slots=True)
class WindowTables:
    """The two open tables of one window."""

    name: str
    snapshots: Any
    objects: Any


def create_window(tables: Any, name: str) -> WindowTables:
    """Create a window's tables, snapshots last, or open existing ones."""
    tables.create_table(OBJECTS + name, schema=OBJECT_SCHEMA, exist_ok=True, storage_options=_STABLE)
    tables.create_table(SNAPSHOTS + name, schema=SNAPSHOT_SCHEMA, exist_ok=True, storage_options=_STABLE)
    return open_window(tables, name)


def open_window(tables: Any, name: str) -> WindowTables:
    """Open a window for writing. One of an older release gets the columns that it lacks, as nulls."""
    return _opened(tables, name)


def _opened(tables: Any, name: str, prefix: str = "") -> WindowTables:
    snapshots = tables.open_table(prefix + SNAPSHOTS + name)
    objects = tables.open_table(prefix + OBJECTS + name)
    for table, key, schema in ((snapshots, "row_key", SNAPSHOT_SCHEMA), (objects, "object_key", OBJECT_SCHEMA)):
        missing = [field for field in schema if field.name not in table.schema.names]
        if missing:
            table.add_columns(pa.schema(missing))
        metadata = table.schema.field(key).metadata or {}
        if not any(entry.startswith(_KEY_METADATA) for entry in metadata):
            table.set_unenforced_primary_key(key)
    return WindowTables(name, snapshots, objects)


def create_draft(tables: Any, name: str) -> WindowTables:
    """Create the empty tables of a window that no reader lists; `publish_draft` gives them their names."""
    for kind, schema in ((OBJECTS, OBJECT_SCHEMA), (SNAPSHOTS, SNAPSHOT_SCHEMA)):
        tables.create_table(DRAFT + kind + name, schema=schema, storage_options=_STABLE)
    return _opened(tables, name, DRAFT)


def settle_draft(tables: Any, name: str) -> None:
    """Bring all that is in the tables of a draft to the disk. Raises OSError."""
    for kind in (OBJECTS, SNAPSHOTS):
        for folder, _, files in os.walk(table_folder(tables, DRAFT + kind + name)):
            for file in files:
                durable.settle_file(Path(folder, file))
            durable.settle(Path(folder))


def publish_draft(tables: Any, name: str) -> None:
    """Give the tables of a draft, which are on the disk, their names. Raises OSError."""
    for kind in (OBJECTS, SNAPSHOTS):
        durable.move(table_folder(tables, DRAFT + kind + name), table_folder(tables, kind + name))


def remove_window(tables: Any, name: str) -> None:
    """Remove the tables of a window that is not in force. Cut off, it leaves drafts. Raises OSError."""
    for table in (OBJECTS + name, SNAPSHOTS + name):
        draft = table_folder(tables, DRAFT + table)
        with suppress(FileNotFoundError):
            shutil.rmtree(draft)
        with suppress(FileNotFoundError):
            durable.move(table_folder(tables, table), draft)
            shutil.rmtree(draft)


def remove_drafts(tables: Any) -> None:
    """Remove the tables of drafts: of a merge, or a removal, that was cut off. Raises OSError."""
    for draft in Path(tables.uri).glob(f"{DRAFT}*{_SUFFIX}"):
        with suppress(FileNotFoundError):
            shutil.rmtree(draft)


def quoted(values: Sequence[str]) -> str:
    """Format a list for SQL. Values were checked against patterns without quotes (`contracts.ids`) or are enums."""
    return ", ".join(f"'{value}'" for value in values)


def in_order(query: Any, columns: Sequence[str], *, ascending: bool = True) -> Any:
    """Sort the rows of a query by these columns."""
    return query.order_by([ColumnOrdering(column_name=name, ascending=ascending) for name in columns])


def batches(query: Any) -> Any:
    """Run a query that may return much of a table, as a `pa.RecordBatchReader`."""
    return query.to_batches(batch_size=BATCH_ROWS)


def joined(found: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Join batches into tables of at least `rows` rows; the last one has the rest."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in found:
        waiting.append(batch)
        count += batch.num_rows
        if count >= rows:
            yield pa.Table.from_batches(waiting)
            waiting, count = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


class _Indexed(LanceEmptyQueryBuilder):
    def to_query_object(self) -> Query:
        query = super().to_query_object()
        # The builder has a method for it only where vectors are searched (0.40).
        query.fast_search = True
        return query


def packs_of(snapshots: Any) -> set[str]:
    """List the packs that rows of a table name."""
    found: set[str] = set()
    for batch in batches(snapshots.search().select(["pack"])):
        found.update(pack for pack in batch.column("pack").unique().to_pylist() if pack is not None)
    return found


def indexed_only(table: Any) -> Any:
    """Query only rows that the index on the condition's column covers; without an index there are none."""
    return _Indexed(table)


def is_closed(name: str, now_ms: int, offset_minutes: int) -> bool:
    """True if the day of a window ended at least `CLOSES_AFTER_DAYS` ago."""
    return day_of(name) < day_name(now_ms - CLOSES_AFTER_DAYS * _DAY_MS, offset_minutes)


@contextmanager
def read_errors(where: str) -> Iterator[None]:
    """Raise `ArchiveUnreadable` for a failed read: RuntimeError, OSError, or Lance's ValueError for a dropped table."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise ArchiveUnreadable(f"{where}: cannot be read now ({str(error)[:200]}); try again") from error
