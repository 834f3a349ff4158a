"""The whole of an observation that a case has: its redacted picture with all that is known of it."""

import asyncio

from center.access.permissions import Identity, Scope
from center.cases.machines import Dossiers
from center.search.client import Search
from center.search.views import ObservationView, shown


class Looks:
    """What a member of one case sees of its candidates, sightings and sought pictures, and of nothing else.

    Raises (all methods):
        UnknownCaseError, StoreUnavailableError: see `Casebook`.
        UnknownObservationError: it is none of the case, or of a camera out of sight, or not archived any more.
        QueryError: the archive does not answer.
    """

    def __init__(self, search: Search, dossiers: Dossiers) -> None:
        self._search = search
        self._dossiers = dossiers

    async def observation(self, number: str, row_key: str, *, asker: Identity, sight: Scope) -> ObservationView:
        """One observation with its machines; that it was looked at is in the audit."""
        await asyncio.to_thread(self._dossiers.show, number, row_key, "show", asker=asker, sight=sight)
        return shown(await self._search.archived(row_key))

    async def picture(self, number: str, row_key: str, *, asker: Identity, sight: Scope) -> bytes:
        """The redacted JPEG; that it was opened is in the audit.

        Raises:
            NoPictureError, PictureBrokenError: there is none to show.
        """
        await asyncio.to_thread(self._dossiers.show, number, row_key, "show_picture", asker=asker, sight=sight)
        return await self._search.exported(row_key)
