"""Makes previews of pictures for overviews; users who ask at the same time share the work.

Nothing is cached. The archive is queried after the user's request came, so that a picture that was erased before
reaches no user; a cache could not promise that.
"""

import asyncio
from dataclasses import dataclass

from center.access.permissions import Scope
from center.search import pictures
from center.search.client import Search


@dataclass(frozen=True, slots=True)
class Preview:
    """A JPEG, and the width and height of the whole picture, which boxes refer to. Pixels."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    row_key: str
    max_side_px: int


class PicturePreviews:
    """Makes at most one preview of each picture at a time, and queues one more for all requests that came meanwhile."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._waiting: dict[_Wanted, asyncio.Task[Preview]] = {}
        """Previews that have not begun: the archive has not been queried."""
        self._begun: dict[_Wanted, asyncio.Task[Preview]] = {}

    async def of(self, row_key: str, *, max_side_px: int, sight: Scope) -> Preview:
        """Makes a preview whose longer side is at most `max_side_px`, for a user who sees `sight`.

        Raises:
            UnknownObservationError, NoPictureError, PictureBrokenError: there is none to show.
            QueryError: the archive gave no answer.
        """
        await self._search.must_see(row_key, sight=sight)
        wanted = _Wanted(row_key, max_side_px)
        if (shared := self._waiting.get(wanted)) is None:
            shared = asyncio.create_task(self._made(wanted, after=self._begun.get(wanted)))
            self._waiting[wanted] = shared
        # A caller that is cancelled takes nothing from the others.
        return await asyncio.shield(shared)

    async def _made(self, wanted: _Wanted, *, after: asyncio.Task[Preview] | None) -> Preview:
        if after is not None:
            await asyncio.wait((after,))
        self._begun[wanted] = self._waiting.pop(wanted)
        try:
            whole = await self._search.preview_source(wanted.row_key)
            width, height = pictures.size_of(whole, row_key=wanted.row_key)
            jpeg = await asyncio.to_thread(
                pictures.preview, whole, max_side_px=wanted.max_side_px, row_key=wanted.row_key
            )
        finally:
            del self._begun[wanted]
        return Preview(jpeg, width, height)
