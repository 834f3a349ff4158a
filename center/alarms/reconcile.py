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
_ONLY: Final = 1


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
        after = await asyncio.to_thread(self._read)
        if after is None:
            await asyncio.to_thread(self._write, (await self._search.status()).last_commit_seq)
            return
        while True:
            page = await self._search.commits(after=after, limit=PAGE)
            if not page.items:
                return
            missed = [
                of_row(item)
                for item in page.items
                if item.snapshot.row_key not in self._lately and self._counts(item.snapshot.agent_id)
            ]
            if missed:
                await asyncio.to_thread(self._evaluate, missed)
                self.found += len(missed)
            after = page.last_commit_seq
            await asyncio.to_thread(self._write, after)

    def _read(self) -> int | None:
        with self._store.transaction() as session:
            record = session.get(CursorRecord, _ONLY)
            return None if record is None else record.commit_seq

    def _write(self, commit_seq: int) -> None:
        with self._store.transaction() as session:
            session.merge(CursorRecord(id=_ONLY, commit_seq=commit_seq))
