"""Reads rows that no hint brought from the archive's commits, in their order, from a cursor that outlives restarts."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from center.alarms.rules.inputs import SeenRow, of_row
from center.alarms.tables import CursorRecord
from center.database.store import Store
from center.search.client import Search

PAGE: Final = 200
REMEMBERED: Final = 50_000
"""Row keys remembered from hints: a minute at 800 rows a second."""
_FIRST: Final = 1
"""Id of the cursor of partition 0; the others follow."""


class RecentRows:
    """Keys of the rows that were evaluated lately, so that reconciliation skips them. One thread at a time.

    It only saves work: outcomes of matches are remembered in the database.
    """

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def add(self, row_key: str) -> None:
        self._keys[row_key] = None
        if len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)

    def __contains__(self, row_key: str) -> bool:
        return row_key in self._keys


class Reconciler:
    """Reads commits. `counts`: True for an agent whose rows count. `evaluate`: evaluates rows."""

    def __init__(
        self,
        store: Store,
        search: Search,
        lately: RecentRows,
        counts: Callable[[str], bool],
        evaluate: Callable[[Sequence[SeenRow]], None],
    ) -> None:
        self._store = store
        self._search = search
        self._lately = lately
        self._counts = counts
        self._evaluate = evaluate
        self.found = 0
        """Rows since the start that no hint brought."""

    async def run_once(self) -> None:
        """Reads up to the newest commit. The first run of a centre begins there: earlier rows raise no alarm.

        Raises:
            QueryError: the archive does not answer.
            StoreUnavailableError: the last page is read again next time.
        """
        if await asyncio.to_thread(self._read, 0) is None:
            status = await self._search.status()
            for partition, newest in enumerate((status.last_commit_seq, *status.further_commit_seqs)):
                await asyncio.to_thread(self._write, partition, newest)
            return
        partition, partitions = 0, 1
        while partition < partitions:
            partitions = await self._read_partition(partition)
            partition += 1

    async def _read_partition(self, partition: int) -> int:
        """Reads one partition of the archive; returns their number. One that is new is read from its beginning."""
        after = await asyncio.to_thread(self._read, partition) or 0
        while True:
            page = await self._search.commits(after=after, limit=PAGE, partition=partition)
            if not page.items:
                return page.partitions
            missed = [
                of_row(item)
                for item in page.items
                if item.snapshot.row_key not in self._lately and self._counts(item.snapshot.agent_id)
            ]
            if missed:
                await asyncio.to_thread(self._evaluate, missed)
                self.found += len(missed)
            after = page.last_commit_seq
            await asyncio.to_thread(self._write, partition, after)

    def _read(self, partition: int) -> int | None:
        with self._store.transaction() as session:
            record = session.get(CursorRecord, _FIRST + partition)
            return None if record is None else record.commit_seq

    def _write(self, partition: int, commit_seq: int) -> None:
        with self._store.transaction() as session:
            session.merge(CursorRecord(id=_FIRST + partition, commit_seq=commit_seq))
