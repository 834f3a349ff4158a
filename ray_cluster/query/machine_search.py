"""Pages through observations by conditions on machines: searches objects, newest first, then their snapshots.

A row of the objects table is one machine, which must meet all conditions: a red bus beside a grey car is no red car.
Conditions on the picture are checked in the snapshots found; an object without a snapshot was never committed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from provisioning.contracts.query.archive import SnapshotRow
from ray_cluster.archive.lance_tables import in_order, read_errors
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS, snapshot_row
from ray_cluster.archive.windows import span_ms
from ray_cluster.query import sql
from ray_cluster.query.filters import Cursor, Filter
from ray_cluster.query.row_reader import by_key, pinned, records

MAX_LOOKED: Final = 20_000
"""Most machines examined for one page: if few of their pictures match, the page is short and has a cursor."""
_ORDER: Final = ("captured_at_ms", "row_key")
_MIN_BATCH: Final = 200
_MAX_BATCH: Final = 2000


class MachinePages:
    """Searches the tables of one archive; a window that lacks a required column has no matches."""

    def __init__(self, tables: Any, offset_minutes: int) -> None:
        self._tables = tables
        self._offset_minutes = offset_minutes

    def page(
        self, windows: Sequence[str], wanted: Filter, limit: int, cursor: Cursor | None
    ) -> tuple[list[SnapshotRow], Cursor | None]:
        """Return at most `limit` rows of `windows`, newest first, and the cursor of the next page; None after the last.

        Raises:
            ArchiveUnreadable: try again.
        """
        rows: list[SnapshotRow] = []
        looked = 0
        for window in windows:
            with read_errors(window):
                for keys in self._keys(window, wanted, limit, cursor):
                    looked += len(keys)
                    rows += self._snapshots(window, [key.row_key for key in keys], wanted, limit + 1 - len(rows))
                    if len(rows) > limit:
                        return rows[:limit], _behind(rows[limit - 1])
                    if looked >= MAX_LOOKED:
                        return rows, keys[-1]
        return rows, None

    def _keys(self, window: str, wanted: Filter, limit: int, cursor: Cursor | None) -> Iterator[list[Cursor]]:
        """Yield rows with a matching machine, each once, newest first, a batch at a time."""
        table = self._tables.open_table(OBJECTS + window)
        if not sql.needed(wanted.wanted) <= set(table.schema.names):
            return
        batch = min(max(4 * (limit + 1), _MIN_BATCH), _MAX_BATCH)
        span = span_ms(window, self._offset_minutes)
        for part in wanted.parts(span, cursor):
            after = cursor
            while True:
                query = table.search().where(part.object_conditions(span, after)).select([*_ORDER]).limit(batch)
                query = in_order(query, _ORDER, ascending=False)
                found = [Cursor(each["captured_at_ms"], each["row_key"]) for each in query.to_list()]
                if found:
                    yield list(dict.fromkeys(found))
                if len(found) < batch:
                    break
                after = found[-1]

    def _snapshots(self, window: str, keys: Sequence[str], wanted: Filter, most: int) -> list[SnapshotRow]:
        """Read the first `most` matching snapshots in the order of `keys`."""
        table = pinned(self._tables, SNAPSHOTS + window)
        ids = by_key(table, keys, " AND ".join(sql.of_picture(wanted.wanted)))
        found = [ids[key][0] for key in keys if key in ids]
        return [snapshot_row(record) for record in records(table, found[:most])]


def _behind(row: SnapshotRow) -> Cursor:
    return Cursor(row.captured_at_ms, row.row_key)
