"""What hints did not bring: the archive's commits in their order, from where the last look ended, over restarts."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from center.alarms.inputs import Seen, of_row
from center.alarms.tables import CursorRecord
from center.database.store import Store
from center.search.client import Search

PAGE: Final = 200
REMEMBERED: Final = 50_000
"""Rows that a hint brought lately: a minute of 800 a second."""
_ONLY: Final = 1


class Lately:
    """Keys of the rows that were looked at lately, so that the commit cursor need not look again. One thread at a time.

    It saves work and no more: what becomes of a match is remembered in the database.
    """

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def add(self, row_key: str) -> None:
        """It was looked at."""
        self._keys[row_key] = None
        if len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)

    def __contains__(self, row_key: str) -> bool:
        return row_key in self._keys


class Reconciler:
    """Reads the commits. `counts`: whether an agent's rows count. `look`: the desk."""

    def __init__(
        self,
        store: Store,
        search: Search,
        lately: Lately,
        counts: Callable[[str], bool],
        look: Callable[[Sequence[Seen]], None],
    ) -> None:
        self._store = store
        self._search = search
        self._lately = lately
        self._counts = counts
        self._look = look
        self.found = 0
        """Rows since the start that no hint had brought."""

    async def run_once(self) -> None:
        """To the newest commit. A centre that never looked begins there: what was before it alarms nobody.

        Raises:
            QueryError: the archive does not answer.
            StoreUnavailableError: the last page comes again.
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
                await asyncio.to_thread(self._look, missed)
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
