"""A connection to the archive that was kept, and that the archive closes as it is used again."""

import asyncio
from typing import Final

import pytest

from center.access.permissions import EVERYWHERE
from center.errors import QueryFaultError
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.search.filters import CountFilters
from provisioning.contracts.query.search import MachineCounts
from tests.center.conftest import World
from tests.center.fake_archive import TOKEN

pytestmark = pytest.mark.anyio

FILTERS: Final = CountFilters(from_ms=0, to_ms=3_600_000, bin_ms=3_600_000)
BODY: Final = MachineCounts(machines=0, bins=(), week=(), cameras=(), rows_read=0).model_dump_json().encode()
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Archive:
    """Answers the first question of a connection, and closes at the next; with `answers` 0 it answers none."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self.connections = 0
        self.questions = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for number in range(self._answers + 1):
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            self.questions += 1
            if number < self._answers:
                writer.write(ANSWER)
                await writer.drain()
        writer.close()


@pytest.mark.parametrize("answers", [1, 0])
async def test_a_question_goes_once_more_and_no_more(world: World, answers: int) -> None:
    archive = Archive(answers)
    server = await asyncio.start_server(archive.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    positions = CameraPositions(world.store, world.services.devices.statuses)
    search = Search(url=f"http://127.0.0.1:{port}", token=TOKEN, audit=world.services.audit, positions=positions)
    try:
        if answers:
            for _ in range(3):
                assert (await search.counts(FILTERS, actor="ana", sight=EVERYWHERE)).machines == 0
            assert (archive.connections, archive.questions) == (3, 5)
        else:
            with pytest.raises(QueryFaultError):
                await search.counts(FILTERS, actor="ana", sight=EVERYWHERE)
            assert archive.questions == 2
    finally:
        await search.close()
        server.close()
