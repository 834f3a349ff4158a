"""The tables of the days in an archive directory: how they are opened, made, brought up to date and listed."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import lancedb
import pyarrow as pa
from lancedb.query import ColumnOrdering, LanceEmptyQueryBuilder, Query

from ray_cluster.errors import ArchiveUnreadable
from ray_cluster.tables import OBJECT_SCHEMA, OBJECTS, SNAPSHOT_SCHEMA, SNAPSHOTS

CLOSES_AFTER_DAYS: Final = 4
"""A day closes so long after it ended: an outage of 72 hours delivers late (DESIGN §1)."""
_DAY_MS: Final = 86_400_000
_KEY_METADATA: Final = b"lance-schema:unenforced-primary-key"
_STABLE: Final = {"new_table_enable_stable_row_ids": "true"}
"""Row ids that outlive a compaction: without them each one rewrites every index of the table, and with them `optimize`
after 60,000 rows wrote 123 MB in 1.4 s of processor time, the same at 400,000 and at 580,000 rows (measured)."""


def connect(directory: Path) -> Any:
    """The tables of an archive directory. Without the zero interval a reader stays at the version that it opened."""
    return lancedb.connect(directory / "tables", read_consistency_interval=timedelta(0))


def table_names(tables: Any) -> Iterator[str]:
    """Every table, in pages."""
    token: str | None = None
    while True:
        page = tables.list_tables(page_token=token, limit=1000)
        yield from page.tables
        token = page.page_token
        if not token:
            return


def day_names(tables: Any) -> tuple[str, ...]:
    """Days that have rows, oldest first: a day exists for a reader as soon as its snapshot table has a first version.

    Lance lists a table by its directory, which is there before that version, and stays without it after a crash there.
    """
    names = (name for name in table_names(tables) if name.startswith(SNAPSHOTS) and _is_made(tables, name))
    return tuple(sorted(name.removeprefix(SNAPSHOTS) for name in names))


def _is_made(tables: Any, name: str) -> bool:
    """Looks no further than the first version: a busy day has thousands of them."""
    try:
        with os.scandir(Path(tables.uri, f"{name}.lance", "_versions")) as versions:
            return any(version.name.endswith(".manifest") for version in versions)
    except FileNotFoundError:  # half made, or dropped meanwhile
        return False


@dataclass(slots=True)
class DayTables:
    """The two tables of one day, open."""

    name: str
    snapshots: Any
    objects: Any


def create_day(tables: Any, name: str) -> DayTables:
    """Make a day's tables, snapshots last, or open those that are there."""
    tables.create_table(OBJECTS + name, schema=OBJECT_SCHEMA, exist_ok=True, storage_options=_STABLE)
    tables.create_table(SNAPSHOTS + name, schema=SNAPSHOT_SCHEMA, exist_ok=True, storage_options=_STABLE)
    return open_day(tables, name)


def open_day(tables: Any, name: str) -> DayTables:
    """Open a day for writing. A day of an older version gets the columns that it lacks, as nulls."""
    snapshots = tables.open_table(SNAPSHOTS + name)
    objects = tables.open_table(OBJECTS + name)
    for table, key, schema in ((snapshots, "row_key", SNAPSHOT_SCHEMA), (objects, "object_key", OBJECT_SCHEMA)):
        missing = [field for field in schema if field.name not in table.schema.names]
        if missing:
            table.add_columns(pa.schema(missing))
        metadata = table.schema.field(key).metadata or {}
        if not any(entry.startswith(_KEY_METADATA) for entry in metadata):
            table.set_unenforced_primary_key(key)
    return DayTables(name, snapshots, objects)


def quoted(values: Sequence[str]) -> str:
    """A list for SQL. Every value was checked against a pattern without quotes (`contracts.ids`), or is an enum's."""
    return ", ".join(f"'{value}'" for value in values)


def day_name(at_ms: int, offset_minutes: int) -> str:
    """The day of a moment, YYYYMMDD, cut at the offset from UTC."""
    zone = timezone(timedelta(minutes=offset_minutes))
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).strftime("%Y%m%d")


def day_span(name: str, offset_minutes: int) -> tuple[int, int]:
    """The first millisecond of a day, and that of the next."""
    zone = timezone(timedelta(minutes=offset_minutes))
    start_ms = int(datetime.strptime(name, "%Y%m%d").replace(tzinfo=zone).timestamp() * 1000)
    return start_ms, start_ms + _DAY_MS


def in_order(query: Any, columns: Sequence[str], *, ascending: bool = True) -> Any:
    """A query whose rows are sorted by these columns."""
    return query.order_by([ColumnOrdering(column_name=name, ascending=ascending) for name in columns])


class _Indexed(LanceEmptyQueryBuilder):
    def to_query_object(self) -> Query:
        query = super().to_query_object()
        # The builder has a method for it only where vectors are searched (0.40).
        query.fast_search = True
        return query


def indexed_only(table: Any) -> Any:
    """A query that leaves out what the index on its condition's column does not cover; nothing where there is none."""
    return _Indexed(table)


def is_closed(name: str, now_ms: int, offset_minutes: int) -> bool:
    """Whether a day ended at least `CLOSES_AFTER_DAYS` ago."""
    return name < day_name(now_ms - CLOSES_AFTER_DAYS * _DAY_MS, offset_minutes)


@contextmanager
def read_errors(where: str) -> Iterator[None]:
    """A failed read as `ArchiveUnreadable`: Lance says RuntimeError or OSError, and ValueError for a dropped table."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise ArchiveUnreadable(f"{where}: cannot be read now ({str(error)[:200]}); try again") from error
