"""Reads the free space of the archive's disk now and then, and keeps it for all pages."""

import asyncio
from typing import Final

from center.clock import NowMs
from center.errors import CenterError
from center.search.caller import shared_task
from center.search.client import Search
from provisioning.contracts.query.archive import StorageStatus

FRESH_MS: Final = 600_000
RETRY_MS: Final = 30_000
WAIT_S: Final = 1.0
"""Seconds that a page waits for the answer: its other content is known already."""


class ArchiveStorage:
    """The archive's storage as last read."""

    def __init__(self, search: Search, now_ms: NowMs) -> None:
        self._search = search
        self._now_ms = now_ms
        self._asking: asyncio.Task[None] | None = None
        self._known: StorageStatus | None = None
        self._ask_at_ms = 0

    async def status(self) -> StorageStatus | None:
        """Returns the storage, about ten minutes old at most; None if the archive does not answer within a second.

        Then the archive is away, or of a version without this answer.
        """
        if self._asking is None and self._now_ms() >= self._ask_at_ms:
            self._asking = shared_task(self._ask())
        if self._asking is not None:
            done, _ = await asyncio.wait((self._asking,), timeout=WAIT_S)
            for asked in done:
                asked.result()
        return self._known

    async def _ask(self) -> None:
        now_ms = self._now_ms()
        try:
            self._known = await self._search.storage()
        except CenterError:
            # Health asks the archive by itself and says why it is away.
            self._known = None
        finally:
            self._ask_at_ms = now_ms + (RETRY_MS if self._known is None else FRESH_MS)
            self._asking = None
