"""Figures of the overview: rate, lag, storage, waiting alarms; unknown where nobody knows."""

import asyncio

import httpx
import pytest
from fastapi import Response

from center.access.permissions import EVERYWHERE, CameraKey, Scope
from center.assessment.assessor import FRESH_MS
from center.config_view import shown
from center.fleet.feed import WINDOW_MS, ArchivePace
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.search.storage import RETRY_MS, ArchiveStorage
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.contracts.query.archive import StorageStatus
from tests.center.conftest import Clock, World
from tests.center.fake_archive import TOKEN
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import observed

pytestmark = pytest.mark.anyio


def test_the_rate_is_of_the_last_minute_or_of_the_time_since_the_start(clock: Clock) -> None:
    pace = ArchivePace(clock)
    for number in range(6):
        pace.note(observed(observation(f"cam-{number % 2}", NOW_MS, number)[0]))
    assert pace.measure(EVERYWHERE).per_minute is None
    clock.now_ms += 12_000
    early = pace.measure(EVERYWHERE)
    assert (early.per_minute, early.window_s, early.since_start) == (30.0, 12, 6)
    clock.now_ms += WINDOW_MS - 12_000
    seen = pace.measure(EVERYWHERE)
    assert (seen.per_minute, seen.window_s, seen.behind_ms) == (6.0, 60, 240)
    assert pace.measure(Scope(cameras=frozenset({CameraKey(AGENT, "cam-1")}))).per_minute == 3.0
    clock.now_ms += 1
    assert pace.measure(EVERYWHERE).per_minute == 0.0
    assert pace.measure(EVERYWHERE).behind_ms is None
    assert pace.measure(EVERYWHERE).since_start == 6
    assert pace.measure(Scope(cameras=frozenset({CameraKey(AGENT, "cam-1")}))).since_start == 3


def test_days_left_are_the_free_disk_over_a_whole_day() -> None:
    assert StorageStatus(free_bytes=700, total_bytes=900, day="20261123", day_bytes=100).days_left == 7.0
    assert StorageStatus(free_bytes=700, total_bytes=900).days_left is None


async def test_storage_that_the_archive_does_not_tell_is_unknown_and_asked_again(world: World, clock: Clock) -> None:
    storage = ArchiveStorage(world.services.search, clock)
    world.archive.answer = lambda: Response(status_code=503)
    assert await storage.status() is None
    world.archive.answer = None
    world.archive.storage = StorageStatus(free_bytes=5, total_bytes=9, day="20261123", day_bytes=1)
    assert await storage.status() is None
    clock.now_ms += RETRY_MS
    known = await storage.status()
    assert known is not None
    assert known.days_left == 5.0


class LongLine(httpx.AsyncBaseTransport):
    """To the archive: nothing comes back until `arrive` is set."""

    def __init__(self, archive: httpx.ASGITransport) -> None:
        self._archive = archive
        self.arrive = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.arrive.wait()
        return await self._archive.handle_async_request(request)


async def test_nobody_waits_longer_than_a_moment_for_what_the_archive_tells_of_its_disk(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.search.storage.WAIT_S", 0.01)
    line = LongLine(httpx.ASGITransport(app=world.archive.app))
    positions = CameraPositions(world.store, world.services.devices.statuses)
    search = Search(
        url="http://archive.test", token=TOKEN, audit=world.services.audit, positions=positions, transport=line
    )
    world.archive.storage = StorageStatus(free_bytes=5, total_bytes=9, day="20261123", day_bytes=1)
    storage = ArchiveStorage(search, clock)
    assert [await storage.status() for _ in range(3)] == [None, None, None]
    line.arrive.set()
    monkeypatch.setattr("center.search.storage.WAIT_S", 60.0)
    known = await storage.status()
    assert known is not None
    assert known.days_left == 5.0
    assert world.archive.asked.count("/storage") == 1
    await search.close()


async def test_a_report_is_computed_once_for_all_pages(world: World, clock: Clock) -> None:
    recent = world.services.assessment.recent
    first = recent.judged("2026-11", EVERYWHERE)
    assert recent.judged("2026-11", EVERYWHERE) is first
    clock.now_ms += FRESH_MS
    assert recent.judged("2026-11", EVERYWHERE) is not first


async def test_no_alarm_waits_where_none_was_raised(world: World) -> None:
    assert set(world.services.alarms.care.waiting().values()) == {0}


def test_settings_name_no_file_and_nobody_elses_address() -> None:
    config = CenterConfig.model_validate(
        {
            "broker": {"host": "127.0.0.1", "ca_file": "/x/ca", "cert_file": "/x/cert", "key_file": "/x/key"},
            "query_token_file": "/x/token",
            "data_dir": "/x/data",
            "database_url": "postgresql://ada@127.0.0.1/wayside",
            "trusted_proxies": ["10.0.0.0/24"],
        }
    )
    said = dict(shown(config))
    assert "/x/" not in repr(said)
    assert "ada" not in repr(said)
    assert (said["query_token_file"], said["broker.host"], said["audit_key_file"]) == ("set", "127.0.0.1", "")
    assert (said["trusted_proxies"], said["alarms.tell"]) == ('["10.0.0.0/24"]', "")
    assert (said["picture_watermark"], said["probes.node_exporters"]) == ("true", "")
    assert isinstance(config.broker, Broker)
