"""Pages through observations by conditions on machines: searches objects, newest first, then their snapshots.

A row of the objects table is one machine, which must meet all conditions: a red bus beside a grey car is no red car.
Conditions on the picture are checked in the snapshots found; an object without a snapshot was never committed.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, repeat
from operator import attrgetter, mul
from typing import Any, Final

from provisioning.contracts.query.archive import SnapshotRow
from ray_cluster.archive.lance_tables import in_order, read_errors
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS, snapshot_row
from ray_cluster.archive.summaries.store import Estimate, Pruner
from ray_cluster.archive.windows import span_ms
from ray_cluster.query import sql
from ray_cluster.query.filters import Cursor, Filter
from ray_cluster.query.row_reader import by_key, pinned, records

MAX_LOOKED: Final = 20_000
"""Most machines examined for one page: if few of their pictures match, the page is short and has a cursor."""
MAX_WINDOWS: Final = 5
"""Most windows that are opened for a page with a row in it: one with a single match costs 35 to 50 ms of processor time
(measured), so that a page of machines of which each window has one is short, and comes within 300 ms."""
_ORDER: Final = ("captured_at_ms", "row_key")
_MIN_BATCH: Final = 200
_MAX_BATCH: Final = 2000
_FEW: Final = 5000
"""Matching machines of a window that are sorted at once. The index of times costs 12 ms of processor time where half an
hour of .83 million machines is read from it, and the others 4 to 9 (measured)."""
_BATCHES: Final = 4
_LEAST_MS: Final = 10_000
_WIDER: Final = 4


class MachinePages:
    """Searches the tables of one archive; a window that lacks a required column has no matches."""

    def __init__(self, tables: Any, offset_minutes: int) -> None:
        self._tables = tables
        self._offset_minutes = offset_minutes

    def page(
        self, windows: Sequence[str], wanted: Filter, limit: int, cursor: Cursor | None, pruner: Pruner
    ) -> tuple[list[SnapshotRow], Cursor | None]:
        """Return at most `limit` rows of `windows`, newest first, and the cursor of the next page; None after the last.

        Raises:
            ArchiveUnreadable: try again.
        """
        rows: list[SnapshotRow] = []
        looked = opened = 0
        for window in windows:
            with read_errors(window):
                estimate = pruner.estimate(window)
                if estimate is not None and not estimate.most:
                    continue
                if rows and opened >= MAX_WINDOWS:
                    return rows, Cursor.before(span_ms(window, self._offset_minutes)[1])
                opened += 1
                for keys in self._keys(window, wanted, limit, cursor, estimate):
                    looked += len(keys)
                    rows += self._snapshots(window, [key.row_key for key in keys], wanted, limit + 1 - len(rows))
                    if len(rows) > limit:
                        return rows[:limit], _behind(rows[limit - 1])
                    if looked >= MAX_LOOKED:
                        return rows, keys[-1]
        return rows, None

    def _keys(
        self, window: str, wanted: Filter, limit: int, cursor: Cursor | None, estimate: Estimate | None
    ) -> Iterator[list[Cursor]]:
        """Yield rows with a matching machine, each once, newest first, a batch at a time."""
        table = self._tables.open_table(OBJECTS + window)
        if not sql.needed(wanted.wanted) <= set(table.schema.names):
            return
        batch = min(max(4 * (limit + 1), _MIN_BATCH), _MAX_BATCH)
        span = span_ms(window, self._offset_minutes)
        spanned = estimate is not None and estimate.likely <= _FEW and _spanned(estimate, span, wanted, cursor)
        for part in wanted.parts(span, cursor, _widths_ms(estimate, span, batch)):
            after = None if spanned else cursor
            while True:
                condition = part.object_conditions(span, after, spanned=spanned)
                found = _newest(table, condition, batch, is_all=estimate is not None and estimate.most < batch)
                if found:
                    yield list(dict.fromkeys(found))
                if len(found) < batch:
                    break
                after = found[-1]

    def _snapshots(self, window: str, keys: Sequence[str], wanted: Filter, most: int) -> list[SnapshotRow]:
        """Read the first `most` matching snapshots in the order of `keys`."""
        table = pinned(self._tables, SNAPSHOTS + window)
        condition = " AND ".join(sql.of_picture(wanted.wanted))
        # Without a condition on the picture nearly every key has a snapshot.
        step = len(keys) if condition else most
        found: list[int] = []
        for at in range(0, len(keys), step):
            some = keys[at : at + step]
            ids = by_key(table, some, condition)
            found += [ids[key][0] for key in some if key in ids]
            if len(found) >= most:
                break
        return [snapshot_row(record) for record in records(table, found[:most])]


def _newest(table: Any, condition: str, most: int, *, is_all: bool) -> list[Cursor]:
    """Find the newest `most` machines that meet a condition; `is_all`: there are fewer, and Lance need not sort."""
    query = table.search().where(condition).select([*_ORDER]).limit(most)
    if not is_all:
        query = in_order(query, _ORDER, ascending=False)
    found = [Cursor(each["captured_at_ms"], each["row_key"]) for each in query.to_list()]
    return sorted(found, key=attrgetter("at_ms", "row_key"), reverse=True) if is_all else found


def _spanned(estimate: Estimate, window: tuple[int, int], wanted: Filter, cursor: Cursor | None) -> bool:
    """True if every machine of a window was captured in the window and the span, and before the cursor."""
    low, high = max(window[0], wanted.from_ms), min(window[1], wanted.to_ms)
    if cursor is not None:
        high = min(high, cursor.at_ms)
    return low <= estimate.first_ms and estimate.last_ms < high


def _widths_ms(estimate: Estimate | None, window: tuple[int, int], batch: int) -> Iterable[int]:
    """Choose widths of the parts of a window: the first one likely has some batches; a few machines are one part."""
    if estimate is None:
        return ()
    whole = window[1] - window[0]
    if estimate.likely <= _FEW:
        return (whole,)
    first = max(_LEAST_MS, whole * _BATCHES * batch // estimate.likely)
    return accumulate(repeat(_WIDER), mul, initial=min(first, whole))


def _behind(row: SnapshotRow) -> Cursor:
    return Cursor(row.captured_at_ms, row.row_key)
