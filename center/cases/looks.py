"""Shows whole observations of a case: the redacted picture with the archive's row."""

import asyncio

from center.access.permissions import Identity, Scope
from center.cases.machines import CaseMachines
from center.search.client import Search
from center.search.views import ObservationView, shown


class CaseObservations:
    """Shows observations of a case's candidates, sightings and sought pictures to its members, and no others.

    Raises (all methods):
        UnknownCaseError, StoreUnavailableError: see `CaseWorkflow`.
        UnknownObservationError: it is none of the case's, or of a camera out of sight, or not archived any more.
        QueryError: the archive does not answer.
    """

    def __init__(self, search: Search, dossiers: CaseMachines) -> None:
        self._search = search
        self._dossiers = dossiers

    async def observation(self, number: str, row_key: str, *, asker: Identity, sight: Scope) -> ObservationView:
        """Returns one observation with its machines, and audits that it was looked at."""
        await asyncio.to_thread(self._dossiers.show, number, row_key, "show", asker=asker, sight=sight)
        return shown(await self._search.archived(row_key))

    async def picture(self, number: str, row_key: str, *, asker: Identity, sight: Scope) -> bytes:
        """Returns the redacted JPEG, and audits that it was opened.

        Raises:
            NoPictureError, PictureBrokenError: there is none to show.
        """
        await asyncio.to_thread(self._dossiers.show, number, row_key, "show_picture", asker=asker, sight=sight)
        return await self._search.exported(row_key)
