"""Previews of overviews: shared by those who ask at the same time, kept for nobody."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from center.access.permissions import EVERYWHERE, CameraKey, Scope
from center.errors import NoPictureError, UnknownObservationError
from center.search import pictures
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.search.pictures import PicturePreviews, Preview
from tests.center.conftest import World
from tests.center.fake_archive import TOKEN
from tests.center.street import AGENT, HEIGHT, NOW_MS, WIDTH, observation

pytestmark = pytest.mark.anyio

SIDE_PX = 320
ELSEWHERE = Scope(cameras=frozenset({CameraKey(AGENT, "cam-2")}))


class LongLine(httpx.AsyncBaseTransport):
    """To the archive: what it answers with is on its way until `arrive` is set."""

    def __init__(self, archive: httpx.ASGITransport) -> None:
        self._archive = archive
        self.answered = asyncio.Semaphore(0)
        self.arrive = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._archive.handle_async_request(request)
        if request.url.path.endswith("/picture"):
            self.answered.release()
            await self.arrive.wait()
        return answer


class Wall:
    """What asks for previews of one picture before `cam-1`."""

    def __init__(self, world: World) -> None:
        self.archive = world.archive
        self.line = LongLine(httpx.ASGITransport(app=world.archive.app))
        self.search = Search(
            url="http://archive.test",
            token=TOKEN,
            audit=world.services.audit,
            positions=CameraPositions(world.store, world.services.devices.statuses),
            transport=self.line,
        )
        self._previews = PicturePreviews(self.search)
        self.key = self.archive.add(*observation("cam-1", NOW_MS, 4)).snapshot.row_key

    @property
    def pictures_asked(self) -> int:
        return self.archive.asked.count("/observations/picture")

    def ask(self, sight: Scope = EVERYWHERE) -> asyncio.Task[Preview]:
        return asyncio.create_task(self._previews.of(self.key, max_side_px=SIDE_PX, sight=sight))


@pytest.fixture
async def wall(world: World) -> AsyncIterator[Wall]:
    wall = Wall(world)
    yield wall
    await wall.search.close()


async def test_ten_who_ask_while_one_waits_are_one_more_question_to_the_archive(wall: Wall) -> None:
    first = wall.ask()
    await wall.line.answered.acquire()
    others = [wall.ask() for _ in range(10)]
    wall.line.arrive.set()
    shown = await asyncio.gather(first, *others)
    expected = pictures.preview(wall.archive.jpegs[wall.key], max_side_px=SIDE_PX, row_key=wall.key)
    assert shown == [Preview(expected, WIDTH, HEIGHT)] * 11
    assert wall.pictures_asked == 2


async def test_a_picture_that_is_erased_while_it_is_on_its_way_reaches_nobody_who_asks_afterwards(wall: Wall) -> None:
    before = wall.ask()
    await wall.line.answered.acquire()
    del wall.archive.jpegs[wall.key]
    afterwards = [wall.ask() for _ in range(3)]
    wall.line.arrive.set()
    assert (await before).width == WIDTH
    for each in await asyncio.gather(*afterwards, return_exceptions=True):
        assert isinstance(each, NoPictureError)


async def test_nothing_is_kept_of_a_picture_that_was_shown(wall: Wall) -> None:
    wall.line.arrive.set()
    await wall.ask()
    await wall.ask()
    assert wall.pictures_asked == 2
    del wall.archive.jpegs[wall.key]
    with pytest.raises(NoPictureError):
        await wall.ask()


async def test_who_may_not_see_the_camera_gets_nothing_from_who_may(wall: Wall) -> None:
    seen = wall.ask()
    await wall.line.answered.acquire()
    with pytest.raises(UnknownObservationError):
        await wall.ask(ELSEWHERE)
    wall.line.arrive.set()
    assert (await seen).height == HEIGHT


async def test_one_of_many_who_goes_away_takes_nothing_from_the_others(wall: Wall) -> None:
    gone, stays = wall.ask(), wall.ask()
    await wall.line.answered.acquire()
    gone.cancel()
    wall.line.arrive.set()
    assert (await stays).width == WIDTH
    assert gone.cancelled()
    assert wall.pictures_asked == 1
