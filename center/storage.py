"""What the archive's disk has left, asked now and then and kept for all pages."""

import asyncio
from typing import Final

from center.clock import NowMs
from center.errors import CenterError
from center.search import Search
from provisioning.contracts.archive import StorageStatus

FRESH_MS: Final = 600_000
RETRY_MS: Final = 30_000


class Storage:
    """One centre's view of it."""

    def __init__(self, search: Search, now_ms: NowMs) -> None:
        self._search = search
        self._now_ms = now_ms
        self._lock = asyncio.Lock()
        self._known: StorageStatus | None = None
        self._ask_at_ms = 0

    async def look(self) -> StorageStatus | None:
        """At most ten minutes old; None where nobody knows: the archive is away, or of a version that does not tell."""
        async with self._lock:
            now_ms = self._now_ms()
            if now_ms >= self._ask_at_ms:
                try:
                    self._known = await self._search.storage()
                except CenterError:
                    # Health asks the archive by itself and says why it is away.
                    self._known = None
                self._ask_at_ms = now_ms + (RETRY_MS if self._known is None else FRESH_MS)
            return self._known
