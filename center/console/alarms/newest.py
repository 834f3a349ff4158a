"""Finds the newest pictures of cameras for one page, each once."""

import asyncio

from center.access.permissions import Identity, Permission
from center.search.filters import Filters
from center.services import Services
from provisioning.contracts.wire.messages import PictureState

NEWEST = 20
"""Observations searched for one with a picture."""


class NewestPictures:
    """Remembers the pictures that it found: several shapes of a page are drawn on the same one."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._search, self._identity = services.search, identity
        self._lock = asyncio.Lock()
        self._found: dict[str, tuple[str, int] | None] = {}

    async def find(self, place: str) -> tuple[str, int] | None:
        """Finds row key and time of a camera's newest picture that may be shown; `place` is `agent/camera`.

        Raises:
            QueryError: the archive does not answer.
        """
        if not self._identity.access.permits(Permission.OBSERVATION_VIEW):
            return None
        async with self._lock:
            if place not in self._found:
                self._found[place] = await self._newest(place)
            return self._found[place]

    async def _newest(self, place: str) -> tuple[str, int] | None:
        agent_id, _, camera_id = place.partition("/")
        page = await self._search.observations(
            Filters(camera_id=(camera_id,), limit=NEWEST),
            actor=self._identity.actor,
            sight=self._identity.access.scope(Permission.OBSERVATION_VIEW),
        )
        kept = (each for each in page.items if each.agent_id == agent_id and each.picture is PictureState.KEPT)
        newest = next(kept, None)
        return None if newest is None else (newest.row_key, newest.captured_at_ms)
