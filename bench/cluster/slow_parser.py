"""A parser that takes its time and no core: how many there are decides what is carried."""

import asyncio
from collections.abc import Sequence
from typing import Final

from ray_cluster.inference.picture import Parsed, Photo, Unreadable
from ray_cluster.serve.parser_scaling import ReportsBacklog
from tests.support.stub_deployer import StubParser

PICTURE_S: Final = 0.05
"""One replica carries 20 pictures a second."""


class SlowParser(ReportsBacklog, StubParser):
    """Finds nothing, later. Calls go one after the other, as through one network."""

    _turn: asyncio.Lock | None = None

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """See `ParserStage`."""
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            await asyncio.sleep(PICTURE_S * len(photos))
        return await super().parse(photos)
